-- Finds a result, which counts as used now.
--
-- KEYS[1..3], ARGV[1..4] as in result_accounts.lua
-- KEYS[4] the result or one of its names         ARGV[5] a further name to give it, or ''
-- Returns its fields and values, or false.
-- include: result_accounts
evict()
local result = KEYS[4]
if redis.call('TYPE', result).ok == 'string' then result = redis.call('GET', result) end
if redis.call('TYPE', result).ok ~= 'hash' then return false end
if ARGV[5] ~= '' then add_name(result, ARGV[5]) end
touch(result)
return redis.call('HGETALL', result)
