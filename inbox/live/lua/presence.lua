-- presence sets what an agent chose.
-- ARGV[4] agent   [5] presence   [6] reason
-- Returns ok and the agent's state, or nothere. Repeating is safe: the second time nothing changes.
if redis.call('EXISTS', P .. 'a:' .. ARGV[4]) == 0 then return {'nothere'} end
set_presence(ARGV[4], ARGV[5], ARGV[6])
tell()
return {'ok', agent_state(ARGV[4])}
