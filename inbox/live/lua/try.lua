-- try counts a try in each of some counters, unless one of them is full.
-- KEYS the counters   ARGV[1] how long a counter lasts from its first try, ms   [1 + i] the most that KEYS[i] takes
-- Returns ok and 0, or ok and how long to wait, ms. Repeating counts once more, which errs on the safe side.
local wait = 0
for i, key in ipairs(KEYS) do
  if tonumber(redis.call('GET', key) or '0') >= tonumber(ARGV[1 + i]) then
    wait = math.max(wait, redis.call('PTTL', key), 1)
  end
end
if wait > 0 then return {'ok', wait} end
for _, key in ipairs(KEYS) do
  if redis.call('INCR', key) == 1 then redis.call('PEXPIRE', key, ARGV[1]) end
end
return {'ok', 0}
