-- head is the position of the newest entry of the feed. It changes nothing.
-- Returns ok, epoch, offset. Repeating is safe.
return {'ok', epoch, head()}
