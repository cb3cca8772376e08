-- work is what one agent has at hand. It changes nothing.
-- ARGV[4] agent
-- Returns ok, epoch, offset, hold of his pending offer or '', its conversation's JSON or '', then the JSON of each assigned
-- conversation. Repeating is safe.
local out = {'ok', epoch, head(), '', ''}
local id = redis.call('HGET', P .. 'a:' .. ARGV[4], 'offer')
local conv = id and redis.call('HGET', P .. 'offers', id)
if conv then
  out[4] = hold_of(conv) or ''
  out[5] = redis.call('HGET', P .. 'c:' .. conv, 'j')
end
for _, c in ipairs(redis.call('HKEYS', P .. 'work:' .. ARGV[4])) do out[#out + 1] = redis.call('HGET', P .. 'c:' .. c, 'j') end
return out
