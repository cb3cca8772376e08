-- Mail to many: campaigns, the lists that they are of, and consent by list.

-- +goose Up
ALTER TABLE consent ADD COLUMN list TEXT NOT NULL DEFAULT '';               -- the mailing list that it speaks of; '' is all that is sent

-- A mail to many. Its mails are messages whose author is campaign:<name>, each in a conversation of its own.
CREATE TABLE campaign (
  name       TEXT PRIMARY KEY,
  list       TEXT NOT NULL,
  account_id TEXT NOT NULL,
  subject    TEXT NOT NULL,                      -- before it is filled in
  digest     TEXT NOT NULL,                      -- of all that it says: the same name never says two things
  created_at BIGINT NOT NULL,
  stopped_at BIGINT                              -- nothing more of it leaves
);

-- What is found at once however much of a campaign waits.
CREATE INDEX outbox_urgent ON outbox (due_at) WHERE state IN ('queued', 'sending') AND class <> 'bulk';

-- +goose Down
DROP INDEX outbox_urgent;
DROP TABLE campaign;
ALTER TABLE consent DROP COLUMN list;
