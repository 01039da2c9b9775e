-- Writes a field of a job.
--
-- KEYS[1] the job        ARGV[1] job id          ARGV[2] field           ARGV[3] value
-- ARGV[4] 1 to overwrite an earlier value, else 0
-- Returns 1 if it was written, 0 if it is there already or the job is unknown.
-- include: job_fields
-- include: backlog
-- include: changes
local id, field = ARGV[1], ARGV[2]
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
if ARGV[4] == '0' and redis.call('HEXISTS', KEYS[1], field) == 1 then return 0 end
redis.call('HSET', KEYS[1], field, ARGV[3])
if field == F.ERROR then end_audio(id) end
if field == F.ERROR or field == F.STATUS_MESSAGE_ID then mark_changed(id) end
return 1
