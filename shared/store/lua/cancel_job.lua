-- Ends a job at once: frees its slot, its place in the queue and its blobs. Tasks of it that run
-- already find out by its final state.
--
-- KEYS[1] the job
-- ARGV[1] job id         ARGV[2] reason          ARGV[3] final state     ARGV[4] its rank
-- ARGV[5] now
-- Returns 1 if it was cancelled, 0 if it is over or unknown.
-- include: job_fields
-- include: end_job
local id = ARGV[1]
if redis.call('EXISTS', KEYS[1]) == 0 or redis.call('HEXISTS', KEYS[1], F.FINAL) == 1 then
  return 0
end
redis.call('HSET', KEYS[1], F.CANCELLED, ARGV[2], F.STATE, ARGV[3], F.STATE_RANK, ARGV[4],
           F.FINAL, 1, F.CHANGED_AT, ARGV[5])
end_job(id, tonumber(ARGV[5]))
for _, name in ipairs(redis.call('SMEMBERS', blob_index_key(id))) do
  redis.call('UNLINK', name)
end
redis.call('DEL', blob_index_key(id))
return 1
