-- commit ends a rebuild: what was built becomes the inbox that everybody reads.
-- KEYS[1]  {tag}:epoch      ARGV[1]  fencing token of the lease "rebuild"      ARGV[2]  the new epoch      ARGV[3]  id of the server's run, or ''
-- Returns ok or fenced. Repeating is safe: it sets the same.
local root = string.sub(KEYS[1], 1, -6)
if redis.call('HGET', root .. 'lease:rebuild', 't') ~= ARGV[1] then return {'fenced'} end
redis.call('SET', KEYS[1], ARGV[2])
redis.call('SET', root .. 'run', ARGV[3])
redis.call('SREM', root .. 'old', ARGV[2])
return {'ok'}
