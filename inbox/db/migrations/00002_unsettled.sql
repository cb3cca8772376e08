-- Messages whose outcome is not known, by when their provider is to be asked.

-- +goose Up
CREATE INDEX outbox_unsettled ON outbox (due_at) WHERE state = 'unknown';

-- +goose Down
DROP INDEX outbox_unsettled;
