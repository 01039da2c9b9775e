-- Reads which jobs have changed since a reader last looked.
--
-- ARGV[1] number of the last change that the reader knows                ARGV[2] most jobs
-- Returns {number of the last change, number up to which changes are forgotten, {ids and numbers in
-- the order of change}}.
-- include: keys
local number = redis.call('GET', K.CHANGE_NUMBER) or '0'
local forgotten = redis.call('GET', K.FORGOTTEN_CHANGES) or '0'
local changed = redis.call('ZRANGEBYSCORE', K.CHANGED_JOBS, '(' .. ARGV[1], '+inf', 'WITHSCORES',
                           'LIMIT', 0, ARGV[2])
return {number, forgotten, changed}
