-- lease takes or renews a lease.
-- KEYS[1] the lease, a hash: h holder, t token   KEYS[2] the last token
-- ARGV[1] holder   [2] ttl, ms   [3] now, ms
-- Returns ok and the token, or held and the holder. Tokens only grow, also over a flush, because they are at least the time.
-- Repeating is safe: the holder renews and keeps his token.
local l = redis.call('HMGET', KEYS[1], 'h', 't')
if l[1] == ARGV[1] then
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
  return {'ok', l[2]}
end
if l[1] then return {'held', l[1]} end
local token = math.max(tonumber(redis.call('GET', KEYS[2]) or '0') + 1, tonumber(ARGV[3]))
token = string.format('%.0f', token)
redis.call('SET', KEYS[2], token)
redis.call('HSET', KEYS[1], 'h', ARGV[1], 't', token)
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return {'ok', token}
