-- announce makes an agent known, or known anew, with one socket. The feed is told of what is new: nothing, when one more tab opens or
-- many come back before their leases have lapsed.
-- ARGV[4]  agent   [5] profile JSON   [6] presence, '' keeps   [7] reason   [8] socket   [9] end of its lease, ms
-- ARGV[10…] kind, room for each channel, as the profile has them
-- Returns ok and the agent's state. Repeating is safe: everything is set to what is given.
local agent, presence, reason = ARGV[4], ARGV[6], ARGV[7]
local key = P .. 'a:' .. agent
local old = redis.call('HMGET', key, 'profile', 'presence', 'reason')
if presence == '' then presence, reason = old[2] or 'offline', old[3] or '' end
if old[1] ~= ARGV[5] then
  redis.call('HSET', key, 'profile', ARGV[5])
  redis.call('DEL', P .. 'cap:' .. agent)
  for i = 10, #ARGV, 2 do redis.call('HSET', P .. 'cap:' .. agent, ARGV[i], ARGV[i + 1]) end
  touch(agent)
end
set_presence(agent, presence, reason)
connect(agent, ARGV[8], ARGV[9])
tell()
return {'ok', agent_state(agent)}
