-- forgive forgets who declined or missed a conversation.
-- ARGV[4] conversation
-- Returns ok. Repeating is safe.
forgive(ARGV[4])
return {'ok'}
