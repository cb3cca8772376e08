-- Conversations that were merged into another (E-24). Nothing is moved: messages, references and events stay where they were stored.

-- +goose Up
ALTER TABLE conversation ADD COLUMN merged_into TEXT REFERENCES conversation (id)
	CHECK (merged_into IS NULL OR (state = 'closed' AND merged_into <> id)); -- where it goes on, which may be merged itself
ALTER TABLE conversation ADD COLUMN merged_at BIGINT;
CREATE INDEX conversation_merged ON conversation (merged_into) WHERE merged_into IS NOT NULL;

-- +goose Down
DROP INDEX conversation_merged;
ALTER TABLE conversation DROP COLUMN merged_at;
ALTER TABLE conversation DROP COLUMN merged_into;
