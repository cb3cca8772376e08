-- snapshot is the inbox at one moment, without what the caller knows already. It changes nothing.
-- ARGV[4] epoch that the caller knows   [5] the offset up to which he knows it
-- Returns ok, epoch, offset, '1' when everything is told and '0' when only what changed since, then lists: id, JSON of conversations
-- ('' for a closed one); id, hold of those held; id, agent, until of exclusions; states of agents; agent, end of the lease.
-- Repeating is safe.
local conversations, holds, excluded, agents = {}, {}, {}, {}
local since, all = '(' .. ARGV[5], ARGV[4] ~= epoch
if not all and redis.call('ZCARD', P .. 'closed') >= 10000 then -- some that closed since may have been forgotten
  all = tonumber(redis.call('ZRANGE', P .. 'closed', 0, 0, 'WITHSCORES')[2]) > tonumber(ARGV[5])
end
if all then
  since = '-inf'
else
  for _, id in ipairs(redis.call('ZRANGEBYSCORE', P .. 'closed', since, '+inf')) do
    conversations[#conversations + 1] = id
    conversations[#conversations + 1] = ''
  end
end
for _, id in ipairs(redis.call('ZRANGEBYSCORE', P .. 'open', since, '+inf')) do
  conversations[#conversations + 1] = id
  conversations[#conversations + 1] = redis.call('HGET', P .. 'c:' .. id, 'j')
end
for _, id in ipairs(redis.call('ZRANGE', P .. 'due', 0, -1)) do
  holds[#holds + 1] = id
  holds[#holds + 1] = hold_of(id)
end
for _, id in ipairs(redis.call('SMEMBERS', P .. 'excluded')) do
  local e = redis.call('HGETALL', P .. 'excl:' .. id)
  for i = 1, #e, 2 do
    if tonumber(e[i + 1]) > nowms then
      excluded[#excluded + 1] = id
      excluded[#excluded + 1] = e[i]
      excluded[#excluded + 1] = e[i + 1]
    end
  end
end
for _, agent in ipairs(redis.call('ZRANGEBYSCORE', P .. 'agents', since, '+inf')) do agents[#agents + 1] = agent_state(agent) end
local leases = redis.call('ZRANGE', P .. 'here', 0, -1, 'WITHSCORES')
return {'ok', epoch, head(), all and '1' or '0', conversations, holds, excluded, agents, leases}
