-- expire ends the holds that are over: offers past their time (expired), offers to agents who are gone (lost), claims that the record
-- never confirmed (lapsed). It also tells of agents whose lease lapsed.
-- ARGV[4] grace of a lost agent, ms   [5] not to be offered to him again before, ms   [6] expired offers in a row that set him away
-- Returns ok, then conversation's JSON, hold, how, missed for each.
-- Repeating is safe: what has ended is not found again, and is not returned again; the feed has it.
local out, grace, limit = {'ok'}, tonumber(ARGV[4]), tonumber(ARGV[6])
for _, conv in ipairs(redis.call('ZRANGE', P .. 'due', 0, -1)) do
  local hold, h = hold_of(conv)
  local how, missed = nil, '0'
  if not h then
    redis.call('ZREM', P .. 'due', conv)
  elseif tonumber(h[4]) <= nowms then
    how = h[6] == 'offer' and 'expired' or 'lapsed'
  elseif h[6] == 'offer' then
    local presence = redis.call('HGET', P .. 'a:' .. h[2], 'presence')
    if presence == 'offline' or lease(h[2]) + grace <= nowms then how = 'lost' end
  end
  if how then
    if how == 'expired' then
      local n = redis.call('HINCRBY', P .. 'a:' .. h[2], 'missed', 1)
      missed = ms(n)
      if n >= limit then set_presence(h[2], 'away', 'missed') end
    end
    if how ~= 'lapsed' then exclude(conv, h[2], ARGV[5]) end
    out[#out + 1] = redis.call('HGET', P .. 'c:' .. conv, 'j')
    out[#out + 1] = hold
    out[#out + 1] = how
    out[#out + 1] = missed
    end_hold(conv, how, missed, false)
  end
end
for _, agent in ipairs(redis.call('ZRANGEBYSCORE', P .. 'here', '-inf', now)) do
  if redis.call('HGET', P .. 'a:' .. agent, 'conn') == '1' then
    redis.call('HSET', P .. 'a:' .. agent, 'conn', '0')
    touch(agent)
  end
end
tell()
return out
