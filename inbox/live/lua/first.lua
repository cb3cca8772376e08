-- first finds out who was the first to come with a name.
-- KEYS[1] the name   ARGV[1] who comes   [2] how long he is remembered if he is the first, ms
-- Returns ok and who was. Repeating is safe.
local was = redis.call('GET', KEYS[1])
if was then return {'ok', was} end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return {'ok', ARGV[1]}
