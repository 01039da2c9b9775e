-- Counts a user's jobs in work. Removes those whose hash has expired while they were active.
-- include: keys
local function jobs_in_work(user)
  local in_work = user_in_work_key(user)
  for _, id in ipairs(redis.call('SMEMBERS', in_work)) do
    if not redis.call('ZSCORE', K.ACTIVE_JOBS, id) then redis.call('SREM', in_work, id) end
  end
  return redis.call('SCARD', in_work)
end
