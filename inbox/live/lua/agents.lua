-- agents lists the announced agents. It changes nothing.
-- Returns ok, then the state of each. Repeating is safe.
local out = {'ok'}
for _, agent in ipairs(redis.call('ZRANGE', P .. 'agents', 0, -1)) do out[#out + 1] = agent_state(agent) end
return out
