-- Numbers the changes of jobs, so that a reader finds out what has changed since it last looked.
-- include: keys
local CHANGES_TTL_S = 7 * 24 * 3600
local ENDED_JOBS_TTL_S = 600

-- Notes that a job has changed, and with it what its followers show.
local function mark_changed(id)
  local changed = redis.call('SMEMBERS', followers_key(id))
  table.insert(changed, id)
  for _, each in ipairs(changed) do
    redis.call('ZADD', K.CHANGED_JOBS, redis.call('INCR', K.CHANGE_NUMBER), each)
  end
  redis.call('EXPIRE', K.CHANGED_JOBS, CHANGES_TTL_S)
  redis.call('EXPIRE', K.CHANGE_NUMBER, CHANGES_TTL_S)
end

-- Notes that a job has ended. Forgets a few of those that ended long ago, so that the set does not
-- grow, and the number up to which something is forgotten.
local function mark_ended(id, now)
  mark_changed(id)
  redis.call('ZADD', K.ENDED_JOBS, now, id)
  redis.call('EXPIRE', K.ENDED_JOBS, CHANGES_TTL_S)
  local old = redis.call('ZRANGEBYSCORE', K.ENDED_JOBS, '-inf', now - ENDED_JOBS_TTL_S,
                         'LIMIT', 0, 10)
  for _, each in ipairs(old) do
    local number = tonumber(redis.call('ZSCORE', K.CHANGED_JOBS, each) or 0)
    if number > tonumber(redis.call('GET', K.FORGOTTEN_CHANGES) or 0) then
      redis.call('SET', K.FORGOTTEN_CHANGES, string.format('%d', number), 'EX', CHANGES_TTL_S)
    end
    redis.call('ZREM', K.CHANGED_JOBS, each)
    redis.call('ZREM', K.ENDED_JOBS, each)
  end
end
