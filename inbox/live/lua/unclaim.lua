-- unclaim gives a claimed or accepted conversation back before its time.
-- ARGV[4] conversation   [5] agent
-- Returns ok. Repeating is safe: nothing is held any more.
local c = redis.call('HMGET', P .. 'c:' .. ARGV[4], 'hold', 'hby')
if c[1] == 'claim' and c[2] == ARGV[5] then end_hold(ARGV[4], 'lapsed', '0', false) end
tell()
return {'ok'}
