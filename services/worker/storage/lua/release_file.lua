-- Ends a job's lead of a file, if it has it.
--
-- KEYS[1] the file's leader                      ARGV[1] id of the job
-- Returns nothing.
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
