-- Moves a job forward to a state. From then on it no longer waits; a final state ends it.
--
-- KEYS[1] the job
-- ARGV[1] job id         ARGV[2] the state       ARGV[3] its rank        ARGV[4] now
-- ARGV[5] time to live   ARGV[6] 1 for a final state, else 0
-- ARGV[7] 1 if no audio is left to featurize in this state, else 0
-- Returns 1 if the job is in this state now, 0 if it is past it, over, or unknown.
-- include: job_fields
-- include: end_job
local id, rank, final = ARGV[1], tonumber(ARGV[3]), ARGV[6] == '1'
local current = tonumber(redis.call('HGET', KEYS[1], F.STATE_RANK))
if not current or current > rank or redis.call('HEXISTS', KEYS[1], F.FINAL) == 1 then return 0 end
redis.call('EXPIRE', KEYS[1], ARGV[5])
redis.call('ZREM', K.WAITING_JOBS, id)
if current == rank then return 1 end
redis.call('HSET', KEYS[1], F.STATE, ARGV[2], F.STATE_RANK, rank, F.CHANGED_AT, ARGV[4])
if final then
  redis.call('HSET', KEYS[1], F.FINAL, 1)
  end_job(id, tonumber(ARGV[4]))
else
  if ARGV[7] == '1' then end_audio(id) end
  mark_changed(id)
end
return 1
