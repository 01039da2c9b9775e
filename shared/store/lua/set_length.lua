-- Replaces the claimed length of a track by the one that its header states.
--
-- KEYS[1] the job        ARGV[1] job id          ARGV[2] length in s     ARGV[3] the same in ms
-- Returns 1 if it was set, 0 if the job is unknown.
-- include: job_fields
-- include: backlog
-- include: changes
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
redis.call('HSET', KEYS[1], F.LENGTH_S, ARGV[2])
if redis.call('HEXISTS', KEYS[1], F.PLAN) == 0 then change_backlog(ARGV[1], tonumber(ARGV[3])) end
mark_changed(ARGV[1])
return 1
