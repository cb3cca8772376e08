-- heartbeat extends the lease of a socket.
-- ARGV[4] agent   [5] socket   [6] end of its lease, ms
-- Returns ok, or nothere when the agent must be announced. Repeating is safe: the lease is set, not added to.
if redis.call('EXISTS', P .. 'a:' .. ARGV[4]) == 0 then return {'nothere'} end
connect(ARGV[4], ARGV[5], ARGV[6])
tell()
return {'ok'}
