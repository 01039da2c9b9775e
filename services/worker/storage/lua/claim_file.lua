-- Lets a job lead a file, or follow the job that leads it. A leader leads as long as it is active
-- and has no error. A follower has nothing to do itself.
--
-- KEYS[1] the file's leader                      KEYS[2] the job
-- ARGV[1] job id         ARGV[2] time to live
-- Returns the id of the leader that the job follows, or false if the job leads.
-- include: keys
-- include: job_fields
-- include: backlog
-- include: changes
local id, leader = ARGV[1], redis.call('GET', KEYS[1])
if redis.call('EXISTS', KEYS[2]) == 0 then return false end
if leader and leader ~= id and redis.call('ZSCORE', K.ACTIVE_JOBS, leader)
   and redis.call('HEXISTS', job_key(leader), F.STATE) == 1
   and redis.call('HEXISTS', job_key(leader), F.ERROR) == 0 then
  redis.call('SADD', followers_key(leader), id)
  redis.call('EXPIRE', followers_key(leader), ARGV[2])
  redis.call('HSET', KEYS[2], F.LEADER, leader)
  change_backlog(id, 0)
  mark_changed(id)
  return leader
end
redis.call('SET', KEYS[1], id, 'EX', ARGV[2])
if redis.call('HDEL', KEYS[2], F.LEADER) == 1 then mark_changed(id) end
return false
