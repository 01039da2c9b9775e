-- Removes a lease unless it was changed meanwhile.
--
-- KEYS[1] leases         ARGV[1] the task        ARGV[2] the expiry that it must still have
-- Returns 1 if it was removed, else 0.
if tonumber(redis.call('ZSCORE', KEYS[1], ARGV[1]) or 0) ~= tonumber(ARGV[2]) then return 0 end
return redis.call('ZREM', KEYS[1], ARGV[1])
