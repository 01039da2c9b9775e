-- Notes that the segments of a slice are stored, unless another run has done so.
--
-- KEYS[1] the job        KEYS[2] its completed segments
-- ARGV[1] segments committed before              ARGV[2] segments committed now
-- ARGV[3] plan as JSON   ARGV[4] 1 if these are the last segments, else 0
-- ARGV[5] uncompleted segments at which to request the next slice
-- ARGV[6...] segments whose successors are among the new ones
-- Returns {-1} if the slice is not needed: the job is unknown, or another run was first.
-- Else {completed segments, 1 if the next slice is to be sent, for each of ARGV[6...]: whether
-- it is completed}.
-- include: job_fields
local before, after, last = tonumber(ARGV[1]), tonumber(ARGV[2]), ARGV[4] == '1'
local committed = tonumber(redis.call('HGET', KEYS[1], F.COMMITTED) or 0)
if redis.call('EXISTS', KEYS[1]) == 0 or committed ~= before
   or redis.call('HEXISTS', KEYS[1], F.ALL_COMMITTED) == 1 then return {-1} end
redis.call('HSET', KEYS[1], F.COMMITTED, after, F.PLAN, ARGV[3], F.UNSENT, 1)
if last then redis.call('HSET', KEYS[1], F.ALL_COMMITTED, 1) end
local completed, requested = redis.call('SCARD', KEYS[2]), 0
if not last and after - completed <= tonumber(ARGV[5]) then
  redis.call('HSET', KEYS[1], F.SLICE_REQUESTED, after)
  requested = 1
end
local result = {completed, requested}
for i = 6, #ARGV do table.insert(result, redis.call('SISMEMBER', KEYS[2], ARGV[i])) end
return result
