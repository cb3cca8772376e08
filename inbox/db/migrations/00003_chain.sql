-- The hash chain of the journal, and the seals over it (inbox/audit).

-- +goose Up

-- hash covers the event and the hash before it in its stream; it is '' in events that were written before there was a chain.
-- content covers the message that the event brought; it is '' in events that bring none.
ALTER TABLE event ADD COLUMN hash TEXT NOT NULL DEFAULT '';
ALTER TABLE event ADD COLUMN content TEXT NOT NULL DEFAULT '';

-- One row for each day (UTC) that is over. hash covers the seal before it and the heads of its day.
CREATE TABLE seal (
  day  TEXT PRIMARY KEY,                         -- YYYY-MM-DD
  hash TEXT NOT NULL,
  at   BIGINT NOT NULL
);

-- Where a stream stood at the end of a day on which it grew.
CREATE TABLE seal_head (
  day    TEXT NOT NULL REFERENCES seal (day),
  stream TEXT NOT NULL,
  seq    BIGINT NOT NULL,
  hash   TEXT NOT NULL,                          -- of the event at seq
  PRIMARY KEY (day, stream)
);
CREATE INDEX seal_head_stream ON seal_head (stream);

-- +goose Down
DROP TABLE seal_head;
DROP TABLE seal;
ALTER TABLE event DROP COLUMN content;
ALTER TABLE event DROP COLUMN hash;
