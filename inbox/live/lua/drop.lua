-- drop deletes the keys of epochs that were replaced. What is named seen: or ended: goes by itself.
-- KEYS[1]  {tag}:epoch      no ARGV
-- Returns ok and the number of epochs dropped. Repeating is safe: an epoch is forgotten only after its keys are gone.
local root = string.sub(KEYS[1], 1, -6)
local current, n = redis.call('GET', KEYS[1]), 0
for _, epoch in ipairs(redis.call('SMEMBERS', root .. 'old')) do
  if epoch ~= current then
    local P = root .. epoch .. ':'
    for _, id in ipairs(redis.call('ZRANGE', P .. 'open', 0, -1)) do redis.call('UNLINK', P .. 'c:' .. id, P .. 'excl:' .. id) end
    for _, q in ipairs(redis.call('SMEMBERS', P .. 'queues')) do redis.call('UNLINK', P .. 'wait:' .. q) end
    local function agent(id)
      redis.call('UNLINK', P .. 'a:' .. id, P .. 'cap:' .. id, P .. 'sock:' .. id, P .. 'work:' .. id, P .. 'held:' .. id)
    end
    for _, id in ipairs(redis.call('ZRANGE', P .. 'agents', 0, -1)) do agent(id) end
    for _, id in ipairs(redis.call('ZRANGE', P .. 'here', 0, -1)) do agent(id) end
    for _, name in ipairs({'open', 'closed', 'new', 'queues', 'due', 'offers', 'excluded', 'agents', 'here', 'offset', 'feed'}) do
      redis.call('UNLINK', P .. name)
    end
    n = n + 1
  end
  redis.call('SREM', root .. 'old', epoch)
end
return {'ok', n}
