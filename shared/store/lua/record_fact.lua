-- Writes a field of a job.
--
-- KEYS[1] the job        ARGV[1] field           ARGV[2] value
-- ARGV[3] 1 to overwrite an earlier value, else 0
-- Returns 1 if it was written, 0 if it is there already or the job is unknown.
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
if ARGV[3] == '1' then
  redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
  return 1
end
return redis.call('HSETNX', KEYS[1], ARGV[1], ARGV[2])
