package inbox

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"sportello/inbox/db"
)

const conversationColumns = `v.id, v.number, v.customer_id, c.name, c.tier, c.locale, v.kind, v.account_id, v.subject, v.state, v.queue,
	v.priority, v.skills, v.assignee, v.sticky, v.rules_version, v.disposition, COALESCE(v.previous_id, ''), v.last_kind, v.last_seq,
	v.last_message_seq, v.preview, v.last_in_at, v.last_out_at, v.queued_at, v.waiting_since, v.created_at, v.closed_at`

const fromConversation = ` FROM conversation v JOIN customer c ON c.id = v.customer_id `

func readConversation(ctx context.Context, q db.Querier, where string, args ...any) (Conversation, error) {
	v, err := scanConversation(q.QueryRowContext(ctx, `SELECT `+conversationColumns+fromConversation+where, args...))
	if errors.Is(err, sql.ErrNoRows) {
		return Conversation{}, ErrNotFound
	}
	if err != nil {
		return Conversation{}, fmt.Errorf("read conversation: %w", err)
	}
	return v, nil
}

// scanner is *sql.Row or *sql.Rows.
type scanner interface{ Scan(into ...any) error }

func scanConversation(row scanner) (Conversation, error) {
	var v Conversation
	var skills string
	var in, out, queued, waiting, created, closed sql.NullInt64
	err := row.Scan(&v.ID, &v.Number, &v.Customer, &v.CustomerName, &v.CustomerTier, &v.Locale, &v.Kind, &v.Account, &v.Subject,
		&v.State, &v.Queue, &v.Priority, &skills, &v.Assignee, &v.Sticky, &v.RulesVersion, &v.Disposition, &v.Previous, &v.LastKind,
		&v.LastSeq, &v.LastMessageSeq, &v.Preview, &in, &out, &queued, &waiting, &created, &closed)
	if err != nil {
		return Conversation{}, err
	}
	v.LastInAt, v.LastOutAt, v.QueuedAt = db.Time(in), db.Time(out), db.Time(queued)
	v.WaitingSince, v.CreatedAt, v.ClosedAt = db.Time(waiting), db.Time(created), db.Time(closed)
	return v, json.Unmarshal([]byte(skills), &v.Skills)
}

// list runs a query and scans every row.
func list[T any](ctx context.Context, q db.Querier, scan func(scanner) (T, error), query string, args ...any) ([]T, error) {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close() //nolint:errcheck // rows.Err says what matters
	var all []T
	for rows.Next() {
		one, err := scan(rows)
		if err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	return all, rows.Err()
}

func scanText(row scanner) (s string, err error) { return s, row.Scan(&s) }

// lockConversation takes the row, so that whoever changes this conversation waits until the transaction ends, and reads it.
func lockConversation(ctx context.Context, tx *sql.Tx, id ConversationID, at time.Time) (Conversation, error) {
	n, err := affected(tx.ExecContext(ctx, `UPDATE conversation SET updated_at = $2 WHERE id = $1`, string(id), at.UnixMilli()))
	if err != nil {
		return Conversation{}, fmt.Errorf("lock conversation: %w", err)
	}
	if n == 0 {
		return Conversation{}, ErrNotFound
	}
	return readConversation(ctx, tx, `WHERE v.id = $1`, string(id))
}

func affected(r sql.Result, err error) (int64, error) {
	if err != nil {
		return 0, err
	}
	return r.RowsAffected()
}

// nextNumber takes the number by which people call a conversation. The counter is locked until the transaction ends.
func nextNumber(ctx context.Context, tx *sql.Tx) (n int64, err error) {
	err = tx.QueryRowContext(ctx, `UPDATE counter SET value = value + 1 WHERE name = 'conversation' RETURNING value`).Scan(&n)
	return n, err
}

func insertConversation(ctx context.Context, tx *sql.Tx, v Conversation) error {
	skills, err := toJSON(v.Skills)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO conversation (id, number, customer_id, kind, account_id, subject, state, queue, priority,
			skills, assignee, sticky, rules_version, disposition, previous_id, last_kind, last_seq, last_message_seq, preview,
			last_in_at, last_out_at, queued_at, waiting_since, created_at, updated_at, closed_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $24, $25)`,
		string(v.ID), v.Number, string(v.Customer), string(v.Kind), string(v.Account), v.Subject, string(v.State), string(v.Queue),
		v.Priority, skills, string(v.Assignee), string(v.Sticky), v.RulesVersion, v.Disposition, null(string(v.Previous)),
		string(v.LastKind), v.LastSeq, v.LastMessageSeq, v.Preview, db.Millis(v.LastInAt), db.Millis(v.LastOutAt),
		db.Millis(v.QueuedAt), db.Millis(v.WaitingSince), db.Millis(v.CreatedAt), db.Millis(v.ClosedAt))
	return err
}

// updateConversation writes v if the row still stands where before says.
func updateConversation(ctx context.Context, tx *sql.Tx, before, v Conversation, at time.Time) error {
	skills, err := toJSON(v.Skills)
	if err != nil {
		return err
	}
	n, err := affected(tx.ExecContext(ctx, `UPDATE conversation SET customer_id = $4, state = $5, queue = $6, priority = $7, skills = $8,
			assignee = $9, sticky = $10, rules_version = $11, disposition = $12, last_kind = $13, last_seq = $14,
			last_message_seq = $15, preview = $16, last_in_at = $17, last_out_at = $18, queued_at = $19, waiting_since = $20,
			closed_at = $21, updated_at = $22
		WHERE id = $1 AND last_seq = $2 AND state = $3`,
		string(v.ID), before.LastSeq, string(before.State), string(v.Customer), string(v.State), string(v.Queue), v.Priority, skills,
		string(v.Assignee), string(v.Sticky), v.RulesVersion, v.Disposition, string(v.LastKind), v.LastSeq, v.LastMessageSeq, v.Preview,
		db.Millis(v.LastInAt), db.Millis(v.LastOutAt), db.Millis(v.QueuedAt), db.Millis(v.WaitingSince), db.Millis(v.ClosedAt),
		at.UnixMilli()))
	if err == nil && n != 1 {
		return ErrState
	}
	return err
}

func toJSON(v any) (string, error) {
	raw, err := json.Marshal(v)
	if string(raw) == "null" {
		return "[]", err
	}
	return string(raw), err
}

// null is an empty text as NULL.
func null(s string) any {
	if s == "" {
		return nil
	}
	return s
}
