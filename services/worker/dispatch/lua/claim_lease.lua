-- Takes over a lease that has expired, so that of several workers one sends the task again.
--
-- KEYS[1] leases         ARGV[1] the task        ARGV[2] now          ARGV[3] new expiry
-- Returns 1 if it was taken over, 0 if it has not expired or is gone.
local expiry = redis.call('ZSCORE', KEYS[1], ARGV[1])
if not expiry or tonumber(expiry) > tonumber(ARGV[2]) then return 0 end
redis.call('ZADD', KEYS[1], ARGV[3], ARGV[1])
return 1
