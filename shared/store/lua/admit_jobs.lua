-- Moves jobs from a user's line into the user's free slots, in order.
--
-- KEYS[1] the user's line
-- ARGV[1] user           ARGV[2] slots for each user                     ARGV[3] now
-- ARGV[4] time to live
-- Returns the ids of the jobs that may start now.
-- include: keys
-- include: jobs_in_work
-- include: backlog
-- include: changes
local user, admitted = ARGV[1], {}
local taken = jobs_in_work(user)
while taken < tonumber(ARGV[2]) do
  local id = redis.call('ZPOPMIN', KEYS[1])[1]
  if not id then break end
  if redis.call('ZSCORE', K.ACTIVE_JOBS, id) then
    redis.call('SADD', user_in_work_key(user), id)
    redis.call('ZADD', K.WAITING_JOBS, ARGV[3], id)
    add_to_common_backlog(id)
    mark_changed(id)
    table.insert(admitted, id)
    taken = taken + 1
  end
end
redis.call('EXPIRE', user_in_work_key(user), ARGV[4])
redis.call('EXPIRE', KEYS[1], ARGV[4])
return admitted
