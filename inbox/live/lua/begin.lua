-- begin takes the current epoch away before a rebuild, so that from now on nothing is applied and everybody hears noepoch.
-- KEYS[1]  {tag}:epoch      ARGV[1]  fencing token of the lease "rebuild"      ARGV[2]  the epoch to replace, '' when there was none
-- ARGV[3]  the epoch that will be built
-- Returns ok; done when another epoch is there already; or fenced. Repeating is safe: taking away twice is the same.
local root = string.sub(KEYS[1], 1, -6)
if redis.call('HGET', root .. 'lease:rebuild', 't') ~= ARGV[1] then return {'fenced'} end
local epoch = redis.call('GET', KEYS[1])
if epoch and epoch ~= ARGV[2] then return {'done'} end
redis.call('SADD', root .. 'old', ARGV[3]) -- until commit, so that what a broken rebuild left is dropped by the next
if epoch then
  redis.call('SADD', root .. 'old', epoch)
  redis.call('DEL', KEYS[1])
end
return {'ok'}
