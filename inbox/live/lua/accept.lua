-- accept turns a pending offer into a claim: the room stays held until the record says assigned.
-- ARGV[4] offer's id   [5] agent   [6] end of the claim, ms
-- Returns ok, the conversation's JSON and the hold; or gone, how it ended, who has the conversation.
-- Repeating is safe: the winner is told the same again, also after the record has assigned it to him.
local id, agent = ARGV[4], ARGV[5]
local conv = redis.call('HGET', P .. 'offers', id)
if not conv then
  local ended = redis.call('GET', P .. 'ended:' .. id)
  if not ended then return {'gone', '', ''} end
  local e = cjson.decode(ended)
  local c = redis.call('HMGET', P .. 'c:' .. e[3], 'j', 'who', 'hby')
  if e[1] == 'accepted' and e[2] == agent and c[2] == agent then
    return {'ok', c[1], cjson.encode({id, agent, now, now, '', 'claim'})}
  end
  local by = c[2] or ''
  if by == '' then by = c[3] or '' end
  return {'gone', e[1], by}
end
local c = redis.call('HMGET', P .. 'c:' .. conv, 'hold', 'hby', 'hexp', 'j', 'kind', 'hdec', 'hmade')
if c[2] ~= agent then return {'gone', '', c[2]} end
if c[1] == 'offer' then
  if tonumber(c[3]) <= nowms then return {'gone', 'expired', ''} end
  put_hold(conv, 'claim', id, agent, c[5], ARGV[6], c[6])
  redis.call('HSET', P .. 'c:' .. conv, 'hmade', c[7])
  redis.call('HDEL', P .. 'a:' .. agent, 'offer')
  redis.call('HSET', P .. 'a:' .. agent, 'idle', now, 'missed', '0')
  entry({'t', 'offer.ended', 'c', conv, 'a', agent, 'e', cjson.encode({id, conv, agent, 'accepted', '0'})})
  tell()
end
return {'ok', c[4], (hold_of(conv))}
