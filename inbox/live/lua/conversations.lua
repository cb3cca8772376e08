-- conversations gives open conversations by id, or those that wait to be placed. It changes nothing.
-- ARGV[4] how many of those in state new, 0 for none   [5…] ids
-- Returns ok, then the JSON of each that is open. Repeating is safe.
local out, ids = {'ok'}, {}
if ARGV[4] ~= '0' then
  ids = redis.call('ZRANGE', P .. 'new', 0, tonumber(ARGV[4]) - 1)
else
  for i = 5, #ARGV do ids[#ids + 1] = ARGV[i] end
end
for _, id in ipairs(ids) do
  local j = redis.call('HGET', P .. 'c:' .. id, 'j')
  if j then out[#out + 1] = j end
end
return out
