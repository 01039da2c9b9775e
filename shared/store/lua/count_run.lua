-- Adds to a counter of a job.
--
-- KEYS[1] the job        ARGV[1] field           ARGV[2] what to add
-- Returns the new value, 0 if the job is unknown.
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
return redis.call('HINCRBY', KEYS[1], ARGV[1], ARGV[2])
