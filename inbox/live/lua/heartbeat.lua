-- heartbeat extends the leases of sockets.
-- ARGV[4] end of the leases, ms   [5…] agent, socket of each
-- Returns ok, then the place in that list (1 is the first) of each whose agent must be announced. Repeating is safe: a lease is set, not
-- added to.
local out = {'ok'}
for i = 5, #ARGV, 2 do
  if redis.call('EXISTS', P .. 'a:' .. ARGV[i]) == 1 then
    connect(ARGV[i], ARGV[i + 1], ARGV[4])
  else
    out[#out + 1] = (i - 3) / 2
  end
end
tell()
return out
