-- Keeps the cached results within their bounds. A result is a hash; its names are the keys that
-- hold its key, one for each of Telegram's ids of the file.
--
-- KEYS[1] results by last use                    KEYS[2] their sizes
-- KEYS[3] sum of the sizes
-- ARGV[1] now            ARGV[2] time to live    ARGV[3] most bytes   ARGV[4] most names of one
local used, sizes, total = KEYS[1], KEYS[2], KEYS[3]
local now, ttl = tonumber(ARGV[1]), tonumber(ARGV[2])
local max_bytes, max_names = tonumber(ARGV[3]), tonumber(ARGV[4])

local function names_of(result) return result .. ':names' end

local function drop(result)
  for _, name in ipairs(redis.call('SMEMBERS', names_of(result))) do redis.call('DEL', name) end
  redis.call('DEL', result, names_of(result))
  redis.call('DECRBY', total, redis.call('HGET', sizes, result) or 0)
  redis.call('HDEL', sizes, result)
  redis.call('ZREM', used, result)
end

local function grow(result, bytes)
  redis.call('HINCRBY', sizes, result, bytes)
  redis.call('INCRBY', total, bytes)
end

local function add_name(result, name)
  if redis.call('SCARD', names_of(result)) >= max_names then return end
  local before = redis.call('GET', name)
  if before and redis.call('SREM', names_of(before), name) == 1 then
    grow(before, -2 * #name - #before)
  end
  redis.call('SADD', names_of(result), name)
  grow(result, 2 * #name + #result)
  redis.call('SET', name, result)
end

local function touch(result)
  redis.call('ZADD', used, now, result)
  for _, name in ipairs(redis.call('SMEMBERS', names_of(result))) do
    redis.call('EXPIRE', name, ttl)
  end
  for _, each in ipairs({result, names_of(result), used, sizes, total}) do
    redis.call('EXPIRE', each, ttl)
  end
end

local function evict()
  for _, old in ipairs(redis.call('ZRANGEBYSCORE', used, '-inf', now - ttl)) do drop(old) end
  while tonumber(redis.call('GET', total) or 0) > max_bytes do
    local oldest = redis.call('ZRANGE', used, 0, 0)[1]
    if not oldest then redis.call('DEL', total, sizes) break end
    drop(oldest)
  end
end
