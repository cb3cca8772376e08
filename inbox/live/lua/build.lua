-- build writes open conversations into an epoch that nobody reads yet (ARGV[3]).
-- ARGV[4]  fencing token of the lease "rebuild"
-- ARGV[5…] 8 per conversation: id, seq, state, queue, at (ms), assignee, kind, JSON
-- Returns ok or fenced. Repeating is safe: it stores the same again. Assignees count as lost from now until they announce themselves.
if redis.call('HGET', root .. 'lease:rebuild', 't') ~= ARGV[4] then return {'fenced'} end
for i = 5, #ARGV, 8 do
  place({id = ARGV[i], seq = ARGV[i + 1], state = ARGV[i + 2], queue = ARGV[i + 3], at = ARGV[i + 4], who = ARGV[i + 5],
    kind = ARGV[i + 6], j = ARGV[i + 7]}, '0', placed(ARGV[i]))
end
return {'ok'}
