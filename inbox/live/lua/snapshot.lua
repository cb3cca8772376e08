-- snapshot is the inbox at one moment, without the conversations that the caller knows already. It changes nothing.
-- ARGV[4] epoch that the caller knows   [5] the offset up to which he knows it
-- Returns ok, epoch, offset, '1' when all conversations are told and '0' when only those changed since, then five lists:
-- id, JSON of conversations; ids that wait; id, hold of those held; id, agent, until of exclusions; states of agents. Repeating is safe.
local changed, waiting, holds, excluded, agents = {}, {}, {}, {}, {}
local all = ARGV[4] ~= epoch
local ids
if all then
  ids = redis.call('ZRANGE', P .. 'open', 0, -1)
else
  ids = redis.call('ZRANGEBYSCORE', P .. 'open', '(' .. ARGV[5], '+inf')
end
for _, id in ipairs(ids) do
  changed[#changed + 1] = id
  changed[#changed + 1] = redis.call('HGET', P .. 'c:' .. id, 'j')
end
for _, queue in ipairs(redis.call('SMEMBERS', P .. 'queues')) do
  waiting[#waiting + 1] = redis.call('ZRANGE', P .. 'wait:' .. queue, 0, -1)
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
for _, agent in ipairs(redis.call('SMEMBERS', P .. 'agents')) do agents[#agents + 1] = agent_state(agent) end
return {'ok', epoch, head(), all and '1' or '0', changed, waiting, holds, excluded, agents}
