-- Adds to two decaying sums, whose quotient is a mean.
--
-- KEYS[1] the sums
-- ARGV[1] dividend       ARGV[2] what to add     ARGV[3] divisor      ARGV[4] what to add
-- ARGV[5] divisor over which a measurement decays to 1/e              ARGV[6] time to live
local keep = math.max(0, 1 - tonumber(ARGV[4]) / tonumber(ARGV[5]))
for i = 1, 3, 2 do
  local sum = tonumber(redis.call('HGET', KEYS[1], ARGV[i]) or 0)
  redis.call('HSET', KEYS[1], ARGV[i], string.format('%.6f', sum * keep + tonumber(ARGV[i + 1])))
end
redis.call('EXPIRE', KEYS[1], ARGV[6])
