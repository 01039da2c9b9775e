-- Lets a job lead a file, or follow the job that leads it. A leader leads as long as it is active
-- and has no error.
--
-- KEYS[1] the file's leader                      KEYS[2] active jobs
-- KEYS[3] the job        ARGV[1] its id          ARGV[2] time to live
-- Returns the id of the leader that the job follows, or false if the job leads.
-- include: job_fields
-- include: keys
local id, leader = ARGV[1], redis.call('GET', KEYS[1])
if leader and leader ~= id and redis.call('ZSCORE', KEYS[2], leader)
   and redis.call('HEXISTS', job_key(leader), F.STATE) == 1
   and redis.call('HEXISTS', job_key(leader), F.ERROR) == 0 then
  redis.call('SADD', followers_key(leader), id)
  redis.call('EXPIRE', followers_key(leader), ARGV[2])
  redis.call('HSET', KEYS[3], F.LEADER, leader)
  return leader
end
redis.call('SET', KEYS[1], id, 'EX', ARGV[2])
redis.call('HDEL', KEYS[3], F.LEADER)
return false
