-- Mail that a server refused at once, for some of its recipients or for all (E-49): nobody sends a report of that.

-- +goose Up
ALTER TABLE message ADD COLUMN refused_at BIGINT;                           -- out, mail: when somebody was given up as it was handed over
CREATE INDEX message_refused ON message (refused_at, id) WHERE refused_at IS NOT NULL;

-- +goose Down
DROP INDEX message_refused;
ALTER TABLE message DROP COLUMN refused_at;
