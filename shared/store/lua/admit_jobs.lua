-- Moves jobs from a user's line into the user's free slots, in order.
--
-- KEYS[1] active jobs    KEYS[2] waiting jobs
-- KEYS[3] the user's jobs in work                KEYS[4] the user's line
-- ARGV[1] slots for each user                    ARGV[2] now
-- ARGV[3] time to live
-- Returns the ids of the jobs that may start now.
-- include: jobs_in_work
local admitted, in_work = {}, jobs_in_work(KEYS[1], KEYS[3])
while in_work < tonumber(ARGV[1]) do
  local id = redis.call('ZPOPMIN', KEYS[4])[1]
  if not id then break end
  if redis.call('ZSCORE', KEYS[1], id) then
    redis.call('SADD', KEYS[3], id)
    redis.call('ZADD', KEYS[2], ARGV[2], id)
    table.insert(admitted, id)
    in_work = in_work + 1
  end
end
redis.call('EXPIRE', KEYS[3], ARGV[3])
redis.call('EXPIRE', KEYS[4], ARGV[3])
return admitted
