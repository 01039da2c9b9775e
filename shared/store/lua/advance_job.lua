-- Moves a job forward to a state. From then on it no longer waits; a final state ends it.
--
-- KEYS[1] the job        KEYS[2] active jobs     KEYS[3] waiting jobs
-- ARGV[1] job id         ARGV[2] the state       ARGV[3] its rank
-- ARGV[4] now            ARGV[5] time to live    ARGV[6] 1 for a final state, else 0
-- Returns 1 if the job is in this state now, 0 if it is past it, over, or unknown.
-- include: job_fields
local id, rank, final = ARGV[1], tonumber(ARGV[3]), ARGV[6] == '1'
local current = tonumber(redis.call('HGET', KEYS[1], F.STATE_RANK))
if not current or current > rank or redis.call('HEXISTS', KEYS[1], F.FINAL) == 1 then return 0 end
if current < rank then
  redis.call('HSET', KEYS[1], F.STATE, ARGV[2], F.STATE_RANK, rank, F.CHANGED_AT, ARGV[4])
  if final then redis.call('HSET', KEYS[1], F.FINAL, 1) end
end
redis.call('EXPIRE', KEYS[1], ARGV[5])
redis.call('ZREM', KEYS[3], id)
if final then redis.call('ZREM', KEYS[2], id) end
return 1
