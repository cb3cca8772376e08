-- announce makes an agent known, or known anew, with one socket.
-- ARGV[4]  agent   [5] profile JSON   [6] presence, '' keeps   [7] reason   [8] socket   [9] end of its lease, ms
-- ARGV[10…] kind, room for each channel
-- Returns ok and the agent's state. Repeating is safe: everything is set to what is given.
local agent, presence, reason = ARGV[4], ARGV[6], ARGV[7]
local key = P .. 'a:' .. agent
redis.call('HSET', key, 'profile', ARGV[5])
redis.call('DEL', P .. 'cap:' .. agent)
for i = 10, #ARGV, 2 do redis.call('HSET', P .. 'cap:' .. agent, ARGV[i], ARGV[i + 1]) end
if presence == '' then
  local old = redis.call('HMGET', key, 'presence', 'reason')
  presence, reason = old[1] or 'offline', old[2] or ''
end
touch(agent)
set_presence(agent, presence, reason)
connect(agent, ARGV[8], ARGV[9])
tell()
return {'ok', agent_state(agent)}
