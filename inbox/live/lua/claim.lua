-- claim takes a waiting conversation for an agent without an offer.
-- ARGV[4] conversation   [5] agent   [6] end of the claim, ms   [7] '1' to ask neither for room nor presence, and to take it from an offer
-- Returns ok, the conversation's JSON and the hold; or notwaiting, nothere, noroom.
-- Repeating is safe: who has the claim is told the same again.
local conv, agent, force = ARGV[4], ARGV[5], ARGV[7] == '1'
local c = redis.call('HMGET', P .. 'c:' .. conv, 'state', 'kind', 'hold', 'hby', 'j')
if c[1] ~= 'waiting' then return {'notwaiting'} end
if c[3] == 'claim' then
  if c[4] ~= agent then return {'notwaiting'} end
  return {'ok', c[5], (hold_of(conv))}
end
if c[3] and c[4] ~= agent and not force then return {'notwaiting'} end
if not force then
  if redis.call('HGET', P .. 'a:' .. agent, 'presence') ~= 'available' or lease(agent) <= nowms then return {'nothere'} end
  if not c[3] and load(agent, c[2]) >= tonumber(redis.call('HGET', P .. 'cap:' .. agent, c[2]) or '0') then return {'noroom'} end
end
if c[3] then end_hold(conv, c[4] == agent and 'accepted' or 'taken', '0', false) end
put_hold(conv, 'claim', '', agent, c[2], ARGV[6], '')
if redis.call('EXISTS', P .. 'a:' .. agent) == 1 then redis.call('HSET', P .. 'a:' .. agent, 'idle', now, 'missed', '0') end
tell()
return {'ok', c[5], (hold_of(conv))}
