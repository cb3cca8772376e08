-- apply projects events of the journal and appends them to the feed.
-- ARGV[4]  fencing token of the lease "relay", or '' for none     ARGV[5]  '1' to take streams with gaps as they stand
-- ARGV[6…] 12 per event: stream, seq, type, conversation, state, queue, at (ms), assignee, former assignee, kind, the JSON of the
--          conversation, the JSON of the event. Conversation '' is an event without state; state '' one whose data cannot be read.
-- Returns ok, the number applied, then stream, have, want for each event that came too early; or fenced.
-- Repeating is safe: an event whose seq has been applied is passed over.
if ARGV[4] ~= '' and redis.call('HGET', root .. 'lease:relay', 't') ~= ARGV[4] then return {'fenced'} end
local out, applied = {'ok', 0}, 0
for i = 6, #ARGV, 12 do
  local stream, seq, conv, state = ARGV[i], ARGV[i + 1], ARGV[i + 3], ARGV[i + 4]
  local old = conv ~= '' and placed(conv) or {}
  local have = old[1]
  local open = have
  if not have then have = redis.call('GET', P .. 'seen:' .. stream) end
  local n, known = tonumber(seq), have and true or false
  have = tonumber(have or '0')
  if n > have then
    local gap = n > have + 1 and (known or conv ~= '')
    if gap and ARGV[5] ~= '1' then
      out[#out + 1] = stream
      out[#out + 1] = ms(have)
      out[#out + 1] = seq
    else
      local c = {id = conv, seq = seq, state = state, queue = ARGV[i + 5], at = ARGV[i + 6], who = ARGV[i + 7],
        kind = ARGV[i + 9], j = ARGV[i + 10]}
      local former, before = ARGV[i + 8], ''
      if conv ~= '' and state ~= '' then
        local who
        who, before = place(c, ms(tonumber(head()) + 1), old)
        if former == '' and who ~= c.who then former = who end
        if state == 'assigned' and who ~= c.who and redis.call('EXISTS', P .. 'a:' .. c.who) == 1 then
          redis.call('HSET', P .. 'a:' .. c.who, 'idle', now)
        end
      elseif open then
        redis.call('HSET', P .. 'c:' .. conv, 'seq', seq)
      end
      if conv == '' or state == '' or state == 'closed' then
        redis.call('SET', P .. 'seen:' .. stream, seq, 'EX', '604800')
      end
      if before == c.queue then before = '' end
      entry({'t', ARGV[i + 2], 'c', conv, 'q', c.queue, 'w', c.who, 'f', former, 'b', before,
        'l', conv == '' and '1' or '', 's', seq, 'e', ARGV[i + 11]})
      applied = applied + 1
    end
  end
end
tell()
out[2] = applied
return out
