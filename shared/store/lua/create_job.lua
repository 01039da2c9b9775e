-- Creates a job. It may start at once if its user has a free slot and nothing in line.
--
-- KEYS[1] the job
-- ARGV[1] job id         ARGV[2] user            ARGV[3] track as JSON   ARGV[4] first state
-- ARGV[5] now            ARGV[6] time to live    ARGV[7] audio of the track in ms
-- ARGV[8] slots for each user                    ARGV[9] most jobs in a user's line
-- Returns 1 if the job is new, 0 if it exists already, -1 if the user's line is full.
-- include: job_fields
-- include: keys
-- include: jobs_in_work
-- include: backlog
-- include: changes
local id, user, now, ttl = ARGV[1], ARGV[2], ARGV[5], ARGV[6]
if redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
local line, in_work = user_line_key(user), user_in_work_key(user)
local in_line = redis.call('ZCARD', line)
local may_start = in_line == 0 and jobs_in_work(user) < tonumber(ARGV[8])
if not may_start and in_line >= tonumber(ARGV[9]) then return -1 end
redis.call('HSET', KEYS[1], F.TRACK, ARGV[3], F.USER, user, F.STATE, ARGV[4], F.STATE_RANK, 0,
           F.CREATED_AT, now, F.CHANGED_AT, now)
redis.call('EXPIRE', KEYS[1], ttl)
redis.call('ZADD', K.ACTIVE_JOBS, now, id)
if may_start then
  redis.call('SADD', in_work, id)
  redis.call('ZADD', K.WAITING_JOBS, now, id)
else
  redis.call('ZADD', line, now, id)
end
redis.call('ZREMRANGEBYSCORE', user_jobs_key(user), '-inf', now - 2 * ttl)
redis.call('ZADD', user_jobs_key(user), now, id)
redis.call('EXPIRE', user_jobs_key(user), 2 * ttl)
redis.call('EXPIRE', in_work, ttl)
redis.call('EXPIRE', line, ttl)
add_to_backlog(id, tonumber(ARGV[7]), may_start)
mark_changed(id)
return 1
