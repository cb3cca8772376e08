-- disconnect ends the lease of one socket.
-- ARGV[4] agent   [5] socket
-- Returns ok. Repeating is safe: a socket that is gone changes nothing.
local agent = ARGV[4]
if redis.call('ZREM', P .. 'sock:' .. agent, ARGV[5]) == 1 then
  redis.call('ZREMRANGEBYSCORE', P .. 'sock:' .. agent, '-inf', now)
  local last = redis.call('ZRANGE', P .. 'sock:' .. agent, -1, -1, 'WITHSCORES')
  if last[2] then
    redis.call('ZADD', P .. 'here', ms(tonumber(last[2])), agent)
  else
    redis.call('ZADD', P .. 'here', ms(math.min(nowms, lease(agent))), agent)
    redis.call('HSET', P .. 'a:' .. agent, 'conn', '0')
    touch(agent)
  end
end
tell()
return {'ok'}
