-- decline ends a pending offer by its agent's wish.
-- ARGV[4] offer's id   [5] agent   [6] not to be offered to him again before, ms
-- Returns ok, the conversation's JSON and the hold that ended; or gone, how it ended, who has the conversation.
-- Repeating is safe: the second time it is gone, declined.
local id, agent = ARGV[4], ARGV[5]
local conv = redis.call('HGET', P .. 'offers', id)
if not conv then
  local ended = redis.call('GET', P .. 'ended:' .. id)
  if not ended then return {'gone', '', ''} end
  local e = cjson.decode(ended)
  return {'gone', e[1], redis.call('HGET', P .. 'c:' .. e[3], 'who') or ''}
end
local c = redis.call('HMGET', P .. 'c:' .. conv, 'hold', 'hby', 'j')
if c[2] ~= agent then return {'gone', '', c[2]} end
if c[1] ~= 'offer' then return {'gone', 'accepted', agent} end
local hold = hold_of(conv)
exclude(conv, agent, ARGV[6])
redis.call('HSET', P .. 'a:' .. agent, 'missed', '0')
end_hold(conv, 'declined', '0', false)
tell()
return {'ok', c[3], hold}
