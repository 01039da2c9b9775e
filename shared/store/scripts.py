"""The job store's changes, each one script, so that two workers at once cannot tear a state."""

from typing import Final

from shared.store.user_slots import IN_WORK

CREATE: Final = (
    IN_WORK
    + """
if redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
redis.call('HSET', KEYS[1], 'track', ARGV[2], 'stage', ARGV[3], 'rank', 0,
           'created', ARGV[4], 'changed', ARGV[4])
redis.call('EXPIRE', KEYS[1], ARGV[5])
redis.call('ZADD', KEYS[2], ARGV[4], ARGV[1])
if in_work(KEYS[2], KEYS[4]) < tonumber(ARGV[6]) and redis.call('ZCARD', KEYS[5]) == 0 then
  redis.call('SADD', KEYS[4], ARGV[1])
  redis.call('ZADD', KEYS[3], ARGV[4], ARGV[1])
else
  redis.call('ZADD', KEYS[5], ARGV[4], ARGV[1])
end
redis.call('EXPIRE', KEYS[4], ARGV[5])
redis.call('EXPIRE', KEYS[5], ARGV[5])
return 1
"""
)

# 1: the job is at this stage now. 0: it is past it, over, or unknown.
ADVANCE: Final = """
local rank = tonumber(redis.call('HGET', KEYS[1], 'rank'))
local wanted = tonumber(ARGV[2])
if not rank or rank > wanted then return 0 end
if redis.call('HGET', KEYS[1], 'final') then return 0 end
if rank < wanted then
  redis.call('HSET', KEYS[1], 'stage', ARGV[3], 'rank', wanted, 'changed', ARGV[4])
  if ARGV[6] == '1' then redis.call('HSET', KEYS[1], 'final', 1) end
end
redis.call('EXPIRE', KEYS[1], ARGV[5])
redis.call('ZREM', KEYS[3], ARGV[1])
if ARGV[6] == '1' then redis.call('ZREM', KEYS[2], ARGV[1]) end
return 1
"""

# Sets a field once, and only where the job still exists.
RECORD: Final = """
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
return redis.call('HSETNX', KEYS[1], ARGV[1], ARGV[2])
"""

# Counts, and only where the job still exists.
COUNT: Final = """
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
return redis.call('HINCRBY', KEYS[1], ARGV[1], ARGV[2])
"""
