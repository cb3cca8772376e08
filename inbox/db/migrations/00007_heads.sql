-- The end of a conversation's hash chain stands in its row, which whoever goes on with the chain has locked and read anyway.

-- +goose Up
ALTER TABLE conversation ADD COLUMN head TEXT NOT NULL DEFAULT '';   -- hash of the event at last_seq; '' is not known: it is asked for

-- +goose Down
ALTER TABLE conversation DROP COLUMN head;
