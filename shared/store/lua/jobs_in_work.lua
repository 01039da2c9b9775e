-- Counts a user's jobs in work. Removes those that are over from the set first, so that a job
-- that ends, in whichever way, gives its slot back.
--   active: sorted set of active jobs
--   in_work: set of the user's jobs in work
local function jobs_in_work(active, in_work)
  for _, id in ipairs(redis.call('SMEMBERS', in_work)) do
    if not redis.call('ZSCORE', active, id) then redis.call('SREM', in_work, id) end
  end
  return redis.call('SCARD', in_work)
end
