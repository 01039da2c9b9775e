-- Notes that the segments of a slice are stored, unless another run has done so.
--
-- KEYS[1] the job        KEYS[2] its completed segments
-- ARGV[1] job id         ARGV[2] segments committed before               ARGV[3] and now
-- ARGV[4] plan as JSON   ARGV[5] 1 if these are the last segments, else 0
-- ARGV[6] uncompleted segments at which to request the next slice        ARGV[7] ms of a chunk
-- ARGV[8...] segments whose successors are among the new ones
-- Returns {-1} if the slice is not needed: the job is unknown, or another run was first.
-- Else {completed segments, 1 if the next slice is to be sent, for each of ARGV[8...]: whether
-- it is completed}.
-- include: job_fields
-- include: backlog
-- include: changes
local id, before, after, last = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), ARGV[5] == '1'
local committed = tonumber(redis.call('HGET', KEYS[1], F.COMMITTED) or 0)
if redis.call('EXISTS', KEYS[1]) == 0 or committed ~= before
   or redis.call('HEXISTS', KEYS[1], F.ALL_COMMITTED) == 1 then return {-1} end
redis.call('HSET', KEYS[1], F.COMMITTED, after, F.PLAN, ARGV[4], F.UNSENT, 1)
if last then redis.call('HSET', KEYS[1], F.ALL_COMMITTED, 1) end
local completed, requested = redis.call('SCARD', KEYS[2]), 0
if not last and after - completed <= tonumber(ARGV[6]) then
  redis.call('HSET', KEYS[1], F.SLICE_REQUESTED, after)
  requested = 1
end
change_backlog_by_plan(id, ARGV[4], completed, tonumber(ARGV[7]))
mark_changed(id)
local result = {completed, requested}
for i = 8, #ARGV do table.insert(result, redis.call('SISMEMBER', KEYS[2], ARGV[i])) end
return result
