-- Creates a job. It may start at once if its user has a free slot and nothing in line.
--
-- KEYS[1] the job        KEYS[2] active jobs     KEYS[3] waiting jobs
-- KEYS[4] the user's jobs in work                KEYS[5] the user's line
-- ARGV[1] job id         ARGV[2] track as JSON   ARGV[3] first state
-- ARGV[4] now            ARGV[5] time to live    ARGV[6] slots for each user
-- Returns 1 if the job is new, 0 if it exists already.
-- include: job_fields
-- include: jobs_in_work
local id, now = ARGV[1], ARGV[4]
if redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
redis.call('HSET', KEYS[1], F.TRACK, ARGV[2], F.STATE, ARGV[3], F.STATE_RANK, 0,
           F.CREATED_AT, now, F.CHANGED_AT, now)
redis.call('EXPIRE', KEYS[1], ARGV[5])
redis.call('ZADD', KEYS[2], now, id)
if jobs_in_work(KEYS[2], KEYS[4]) < tonumber(ARGV[6]) and redis.call('ZCARD', KEYS[5]) == 0 then
  redis.call('SADD', KEYS[4], id)
  redis.call('ZADD', KEYS[3], now, id)
else
  redis.call('ZADD', KEYS[5], now, id)
end
redis.call('EXPIRE', KEYS[4], ARGV[5])
redis.call('EXPIRE', KEYS[5], ARGV[5])
return 1
