-- offer holds a waiting conversation for an agent and takes his room in the same step (O1).
-- ARGV[4] offer's id   [5] conversation   [6] agent   [7] expires, ms   [8] decision JSON or ''
-- Returns ok, the conversation's JSON and the hold; or notwaiting, nothere, excluded, noroom.
-- Repeating is safe: the second time the same offer is found and returned.
local id, conv, agent = ARGV[4], ARGV[5], ARGV[6]
local c = redis.call('HMGET', P .. 'c:' .. conv, 'state', 'kind', 'hold', 'hid', 'j')
if c[3] and c[4] == id then return {'ok', c[5], (hold_of(conv))} end
if c[1] ~= 'waiting' or c[3] then return {'notwaiting'} end
local a = redis.call('HMGET', P .. 'a:' .. agent, 'presence', 'offer')
if a[1] ~= 'available' or lease(agent) <= nowms then return {'nothere'} end
if tonumber(redis.call('HGET', P .. 'excl:' .. conv, agent) or '0') > nowms then return {'excluded'} end
if a[2] then return {'noroom'} end
if load(agent, c[2]) >= tonumber(redis.call('HGET', P .. 'cap:' .. agent, c[2]) or '0') then return {'noroom'} end
put_hold(conv, 'offer', id, agent, c[2], ARGV[7], ARGV[8])
redis.call('HSET', P .. 'offers', id, conv)
redis.call('HSET', P .. 'a:' .. agent, 'offer', id)
local hold = hold_of(conv)
entry({'t', 'offer.made', 'c', conv, 'a', agent, 'e', hold, 'x', c[5]})
tell()
return {'ok', c[5], hold}
