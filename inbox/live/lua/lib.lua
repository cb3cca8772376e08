-- lib.lua stands before every script that works on the inbox's state. It is not a script by itself.
--
-- KEYS[1]  {tag}:epoch. All other keys carry the same hash tag, so they live in the same slot, and are named from it.
-- ARGV[1]  now, in milliseconds      ARGV[2]  length of the feed
-- ARGV[3]  the epoch to work in, or '' for the current one (only a rebuild names one)
-- Every script returns a list whose first element is a word: ok, noepoch, or why not.
--
-- Below {tag}:<epoch>:
--   c:<conversation>   hash: j (JSON), seq, state, queue, kind, who (assignee); while held: hold (offer or claim), hid (offer's id),
--                      hby (agent), hmade, hexp (ms), hdec (decision)
--   seen:<stream>      applied seq of a stream that has no c: hash; expires
--   open               zset of conversations by the offset of their last change; closed: the same of the last 10 000 closed ones
--   new, wait:<queue>  zsets of conversations by the time on the routing clock; queues: set of queues that have a wait: zset
--   due                zset of held conversations by the end of the hold; offers: hash offer -> conversation; ended:<offer>: how, expires
--   excluded           set of conversations with excl:<conversation>, a hash agent -> until when
--   agents             zset of agents by the offset of their last change; a:<agent> hash: profile, presence, reason, since, idle, missed, conn, offer; cap:<agent> hash kind -> room
--   sock:<agent>       zset of sockets by the end of their lease; here: zset of agents by the end of their last lease
--   work:<agent>       hash conversation -> kind, assigned; held:<agent> the same for offers and claims
--   offset, feed       the feed
--
-- Load is always counted from work: and held: (K5). Numbers from ARGV and hashes are strings; times are compared as numbers.
local root = string.sub(KEYS[1], 1, -6)
local now, nowms = ARGV[1], tonumber(ARGV[1])
local epoch = ARGV[3]
if epoch == '' then
  epoch = redis.call('GET', KEYS[1])
  if not epoch then return {'noepoch'} end
end
local P = root .. epoch .. ':'

local function ms(n) return string.format('%.0f', n) end

-- head is the offset of the newest entry of the feed.
local newest
local function head()
  newest = newest or redis.call('GET', P .. 'offset') or '0'
  return newest
end

-- entry appends to the feed. fields is a list of name, value; empty values are left out.
local function entry(fields)
  newest = ms(redis.call('INCR', P .. 'offset'))
  local args = {'XADD', P .. 'feed', 'MAXLEN', '~', ARGV[2], newest .. '-0', 'at', now}
  for i = 1, #fields, 2 do
    if fields[i + 1] and fields[i + 1] ~= '' then
      args[#args + 1] = fields[i]
      args[#args + 1] = fields[i + 1]
    end
  end
  redis.call(unpack(args))
  return newest
end

-- lease is when the last lease of an agent ends or ended, in ms; 0 when he never had one.
local function lease(agent) return tonumber(redis.call('ZSCORE', P .. 'here', agent) or '0') end

-- agent_state is an agent as a JSON list of strings: profile, presence, reason, since, idle, missed, lease, then the kind of each
-- conversation that takes room. nil for an agent who was not announced.
local function agent_state(agent)
  local a = redis.call('HMGET', P .. 'a:' .. agent, 'profile', 'presence', 'reason', 'since', 'idle', 'missed')
  if not a[1] then return nil end
  local s = {a[1], a[2], a[3] or '', a[4], a[5], a[6] or '0', ms(lease(agent))}
  local work = redis.call('HGETALL', P .. 'work:' .. agent)
  local mine = {}
  for i = 1, #work, 2 do
    mine[work[i]] = true
    s[#s + 1] = work[i + 1]
  end
  local held = redis.call('HGETALL', P .. 'held:' .. agent)
  for i = 1, #held, 2 do
    if not mine[held[i]] then s[#s + 1] = held[i + 1] end
  end
  return cjson.encode(s)
end

-- load counts the conversations of a kind that take an agent's room.
local function load(agent, kind)
  local n, mine = 0, {}
  local work = redis.call('HGETALL', P .. 'work:' .. agent)
  for i = 1, #work, 2 do
    mine[work[i]] = true
    if work[i + 1] == kind then n = n + 1 end
  end
  local held = redis.call('HGETALL', P .. 'held:' .. agent)
  for i = 1, #held, 2 do
    if held[i + 1] == kind and not mine[held[i]] then n = n + 1 end
  end
  return n
end

-- touch notes that an agent's state changed; tell puts one entry per touched agent into the feed and comes last in a script.
local touched, order = {}, {}
local function touch(agent)
  if agent and agent ~= '' and not touched[agent] then
    touched[agent] = true
    order[#order + 1] = agent
  end
end
local function tell()
  for _, agent in ipairs(order) do
    local s = agent_state(agent)
    if s then redis.call('ZADD', P .. 'agents', entry({'t', 'agent.state', 'l', '1', 'e', s}), agent) end
  end
end

-- hold_of is the hold of a conversation as a JSON list: offer's id, agent, made, expires, decision, offer or claim. nil without one.
local function hold_of(conv)
  local h = redis.call('HMGET', P .. 'c:' .. conv, 'hid', 'hby', 'hmade', 'hexp', 'hdec', 'hold')
  if not h[6] then return nil end
  return cjson.encode({h[1], h[2], h[3], h[4], h[5], h[6]}), h
end

-- put_hold holds a conversation for an agent, or turns an offer into a claim.
local function put_hold(conv, hold, id, agent, kind, expires, decision)
  redis.call('HSET', P .. 'c:' .. conv, 'hold', hold, 'hid', id, 'hby', agent, 'hmade', now, 'hexp', expires, 'hdec', decision)
  redis.call('HSET', P .. 'held:' .. agent, conv, kind)
  redis.call('ZADD', P .. 'due', expires, conv)
  touch(agent)
end

-- end_hold ends the hold of a conversation and says so to its agent, unless quiet.
local function end_hold(conv, how, missed, quiet)
  local h = redis.call('HMGET', P .. 'c:' .. conv, 'hold', 'hid', 'hby')
  if not h[1] then return end
  redis.call('HDEL', P .. 'c:' .. conv, 'hold', 'hid', 'hby', 'hmade', 'hexp', 'hdec')
  redis.call('HDEL', P .. 'held:' .. h[3], conv)
  redis.call('ZREM', P .. 'due', conv)
  if h[1] == 'offer' then redis.call('HDEL', P .. 'a:' .. h[3], 'offer') end
  if h[2] ~= '' then
    redis.call('HDEL', P .. 'offers', h[2])
    redis.call('SET', P .. 'ended:' .. h[2], cjson.encode({how, h[3], conv}), 'EX', '3600')
  end
  touch(h[3])
  if not quiet then
    entry({'t', 'offer.ended', 'c', conv, 'a', h[3], 'e', cjson.encode({h[2], conv, h[3], how, missed or '0'})})
  end
end

-- exclude keeps a conversation from being offered to an agent until a time.
local function exclude(conv, agent, till)
  redis.call('HSET', P .. 'excl:' .. conv, agent, till)
  redis.call('SADD', P .. 'excluded', conv)
end
local function forgive(conv)
  redis.call('DEL', P .. 'excl:' .. conv)
  redis.call('SREM', P .. 'excluded', conv)
end

-- set_presence moves an agent to a presence. Neither a break nor an absence counts as idle time; a login starts the idle clock (A1).
local function set_presence(agent, presence, reason)
  local key = P .. 'a:' .. agent
  local old = redis.call('HMGET', key, 'presence', 'reason', 'since', 'idle')
  if old[1] == presence and old[2] == reason then return end
  if presence == 'available' then redis.call('HSET', key, 'missed', '0') end
  if not old[1] or old[1] == 'offline' then
    redis.call('HSET', key, 'idle', now)
  elseif old[1] == 'away' and presence == 'available' then
    redis.call('HSET', key, 'idle', ms(math.min(nowms, tonumber(old[4]) + nowms - tonumber(old[3]))))
  end
  redis.call('HSET', key, 'presence', presence, 'reason', reason, 'since', now)
  touch(agent)
end

-- connect extends or adds the lease of a socket.
local function connect(agent, socket, till)
  local key, before = P .. 'a:' .. agent, lease(agent)
  redis.call('ZREMRANGEBYSCORE', P .. 'sock:' .. agent, '-inf', now)
  redis.call('ZADD', P .. 'sock:' .. agent, till, socket)
  local last = redis.call('ZRANGE', P .. 'sock:' .. agent, -1, -1, 'WITHSCORES')
  redis.call('ZADD', P .. 'here', ms(tonumber(last[2])), agent)
  local idle = tonumber(redis.call('HGET', key, 'idle') or '0')
  if before > 0 and before < nowms and idle > 0 and idle < before then
    redis.call('HSET', key, 'idle', ms(idle + nowms - before))
    touch(agent)
  end
  if redis.call('HGET', key, 'conn') ~= '1' then
    redis.call('HSET', key, 'conn', '1')
    touch(agent)
  end
end

-- unplace takes a conversation out of the index of its state.
local function unplace(conv, state, queue)
  if state == 'new' then
    redis.call('ZREM', P .. 'new', conv)
  elseif state == 'waiting' then
    redis.call('ZREM', P .. 'wait:' .. queue, conv)
    if redis.call('EXISTS', P .. 'wait:' .. queue) == 0 then redis.call('SREM', P .. 'queues', queue) end
  end
end

-- placed is a conversation as it was placed last: a list of seq, state, queue, who, kind, hold, hby.
local function placed(conv)
  return redis.call('HMGET', P .. 'c:' .. conv, 'seq', 'state', 'queue', 'who', 'kind', 'hold', 'hby')
end

-- place stores a conversation as it stands and ends what the new state makes void (O7). c: id, seq, state, queue, at, who, kind, j.
-- offset is no later than that of the change's entry; old is placed(c.id). It returns who had it and the queue it was in before.
local function place(c, offset, old)
  local key = P .. 'c:' .. c.id
  local state, queue, who, kind, hold = old[2], old[3] or '', old[4] or '', old[5], old[6]
  local moved = state and (state ~= c.state or queue ~= c.queue)
  if state == 'assigned' and not moved and who == c.who and kind == c.kind and not hold then -- most messages
    redis.call('HSET', key, 'j', c.j, 'seq', c.seq)
    redis.call('ZADD', P .. 'open', offset, c.id)
    return who, queue
  end
  if hold then
    if c.state == 'assigned' then
      local same = c.who == old[7]
      end_hold(c.id, same and 'accepted' or 'taken', '0', same and hold == 'claim')
    elseif moved then
      end_hold(c.id, 'rescinded', '0', false)
    end
  end
  if moved then
    unplace(c.id, state, queue)
    forgive(c.id)
  end
  if who ~= '' and who ~= c.who then
    redis.call('HDEL', P .. 'work:' .. who, c.id)
    touch(who)
  end
  if c.state == 'closed' then
    redis.call('DEL', key)
    redis.call('ZREM', P .. 'open', c.id)
    redis.call('ZADD', P .. 'closed', offset, c.id)
    redis.call('ZREMRANGEBYRANK', P .. 'closed', 0, -10001)
    return who, queue
  end
  redis.call('HSET', key, 'j', c.j, 'seq', c.seq, 'state', c.state, 'queue', c.queue, 'kind', c.kind, 'who', c.who)
  redis.call('ZADD', P .. 'open', offset, c.id)
  redis.call('ZREM', P .. 'closed', c.id)
  if c.state == 'new' then
    redis.call('ZADD', P .. 'new', c.at, c.id)
  elseif c.state == 'waiting' then
    redis.call('ZADD', P .. 'wait:' .. c.queue, c.at, c.id)
    redis.call('SADD', P .. 'queues', c.queue)
  elseif c.who ~= '' then
    redis.call('HSET', P .. 'work:' .. c.who, c.id, c.kind)
    redis.call('ZADD', P .. 'here', 'NX', now, c.who)
    if c.who ~= who or c.kind ~= kind then touch(c.who) end
  end
  return who, queue
end
