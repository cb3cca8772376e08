-- untry takes one try back out of each of some counters.
-- KEYS the counters
-- Returns ok. Repeating takes one more, which forgives a failure too many.
for _, key in ipairs(KEYS) do
  if tonumber(redis.call('GET', key) or '0') > 0 then redis.call('DECR', key) end
end
return {'ok'}
