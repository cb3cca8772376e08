-- lost lists the agents whose last lease ended long enough ago, with their assigned conversations of one kind. It changes nothing.
-- ARGV[4] lease ended at or before, ms   [5] kind
-- Returns ok, then for each: agent, end of the lease, number of conversations, their JSON. Repeating is safe.
local out = {'ok'}
for _, agent in ipairs(redis.call('ZRANGEBYSCORE', P .. 'here', '-inf', ARGV[4])) do
  local work, list = redis.call('HGETALL', P .. 'work:' .. agent), {}
  for i = 1, #work, 2 do
    if work[i + 1] == ARGV[5] then list[#list + 1] = redis.call('HGET', P .. 'c:' .. work[i], 'j') end
  end
  if #list > 0 then
    out[#out + 1] = agent
    out[#out + 1] = ms(lease(agent))
    out[#out + 1] = ms(#list)
    for _, j in ipairs(list) do out[#out + 1] = j end
  end
end
return out
