-- Keeps a result, in place of an earlier one of the same key.
--
-- KEYS[1..3], ARGV[1..4] as in result_accounts.lua
-- KEYS[4] the result
-- ARGV[5] number of names                        ARGV[6...] the names, then fields and values
-- Returns 1 if it is kept, 0 if it alone is larger than all results may be.
-- include: result_accounts
local result, first_field = KEYS[4], 6 + tonumber(ARGV[5])
if redis.call('EXISTS', result) == 1 then drop(result) end
for i = first_field, #ARGV, 2 do
  redis.call('HSET', result, ARGV[i], ARGV[i + 1])
  grow(result, #ARGV[i] + #ARGV[i + 1])
end
for i = 6, first_field - 1 do add_name(result, ARGV[i]) end
touch(result)
evict()
return redis.call('EXISTS', result)
