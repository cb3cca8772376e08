-- release gives a lease back.
-- KEYS[1] the lease   ARGV[1] holder
-- Returns ok. Repeating is safe: only the holder's lease is deleted.
if redis.call('HGET', KEYS[1], 'h') == ARGV[1] then redis.call('DEL', KEYS[1]) end
return {'ok'}
