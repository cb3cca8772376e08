-- What was read of a message beside its words, and from where the customer wrote last.

-- +goose Up
ALTER TABLE message ADD COLUMN details TEXT NOT NULL DEFAULT '';            -- JSON channels.Details, or ''

ALTER TABLE conversation ADD COLUMN last_from TEXT NOT NULL DEFAULT '';     -- the address that the last customer message came from
UPDATE conversation SET last_from = COALESCE((SELECT m.peer FROM message m WHERE m.conversation_id = conversation.id
	AND m.direction = 'in' AND m.kind = conversation.last_kind AND m.auto = '' ORDER BY m.seq DESC LIMIT 1), '');

-- +goose Down
ALTER TABLE conversation DROP COLUMN last_from;
ALTER TABLE message DROP COLUMN details;
