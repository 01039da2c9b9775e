-- Notes that the features of a segment are stored.
--
-- The next slice is requested once, by the segment that leaves few enough to do. A run that
-- comes again requests it again, for the first may have died before it could send it.
--
-- KEYS[1] the job        KEYS[2] its completed segments
-- ARGV[1] job id         ARGV[2] the segment     ARGV[3] time to live    ARGV[4] ms of a chunk
-- ARGV[5] uncompleted segments at which to request the next slice
-- Returns {completed segments, 1 if the next slice is to be sent, committed segments,
-- 1 if all segments of the track are committed}.
-- include: job_fields
-- include: backlog
-- include: changes
local added = redis.call('SADD', KEYS[2], ARGV[2])
redis.call('EXPIRE', KEYS[2], ARGV[3])
local completed = redis.call('SCARD', KEYS[2])
local committed = tonumber(redis.call('HGET', KEYS[1], F.COMMITTED) or 0)
local all = redis.call('HEXISTS', KEYS[1], F.ALL_COMMITTED)
local requested = 0
if committed > 0 and all == 0 and committed - completed <= tonumber(ARGV[5])
   and (added == 0
        or tonumber(redis.call('HGET', KEYS[1], F.SLICE_REQUESTED) or 0) ~= committed) then
  redis.call('HSET', KEYS[1], F.SLICE_REQUESTED, committed)
  requested = 1
end
if added == 1 and redis.call('HEXISTS', KEYS[1], F.FINAL) == 0 then
  change_backlog_by_plan(ARGV[1], redis.call('HGET', KEYS[1], F.PLAN), completed,
                         tonumber(ARGV[4]))
  mark_changed(ARGV[1])
end
return {completed, requested, committed, all}
