package inbox

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"sportello/channels"
	"sportello/inbox/customer"
	"sportello/inbox/db"
)

const conversationColumns = `v.id, v.number, v.customer_id, c.name, ` + contactColumn + `, c.tier, c.locale, v.kind, v.account_id, v.subject, v.state, v.queue,
	v.priority, v.skills, v.assignee, v.sticky, v.rules_version, v.disposition, COALESCE(v.previous_id, ''), v.last_kind, v.last_from, v.last_seq,
	v.last_message_seq, v.preview, v.last_in_at, v.last_out_at, v.queued_at, v.waiting_since, v.created_at, v.closed_at, COALESCE(v.merged_into, ''),
	v.merged_at`

// contactColumn is how a customer without a name is called.
const contactColumn = `CASE WHEN c.name <> '' THEN '' ELSE COALESCE((SELECT i.value FROM identity i
	WHERE i.customer_id = c.id AND i.kind <> 'chat' ORDER BY i.owner DESC, i.proof DESC, i.value LIMIT 1), '') END`

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

// scanner is what a row is read from.
type scanner = db.Row

func scanConversation(row scanner) (Conversation, error) {
	var v Conversation
	var skills string
	var in, out, queued, waiting, created, closed, merged sql.NullInt64
	err := row.Scan(&v.ID, &v.Number, &v.Customer, &v.CustomerName, &v.CustomerContact, &v.CustomerTier, &v.Locale, &v.Kind, &v.Account, &v.Subject,
		&v.State, &v.Queue, &v.Priority, &skills, &v.Assignee, &v.Sticky, &v.RulesVersion, &v.Disposition, &v.Previous, &v.LastKind,
		&v.LastFrom, &v.LastSeq, &v.LastMessageSeq, &v.Preview, &in, &out, &queued, &waiting, &created, &closed,
		&v.MergedInto, &merged)
	if err != nil {
		return Conversation{}, err
	}
	v.LastInAt, v.LastOutAt, v.QueuedAt = db.Time(in), db.Time(out), db.Time(queued)
	v.WaitingSince, v.CreatedAt, v.ClosedAt = db.Time(waiting), db.Time(created), db.Time(closed)
	v.MergedAt = db.Time(merged)
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

// headed reads further columns than the conversation's own: some before them, and behind them the end of its hash chain.
type headed struct {
	row    scanner
	before []any
	hash   string
}

// Scan implements scanner.
func (h *headed) Scan(into ...any) error {
	return h.row.Scan(append(append(h.before, into...), &h.hash)...)
}

// lockConversations takes rows, so that whoever changes these conversations waits until the transaction ends, and reads them with the ends
// of their hash chains.
func lockConversations(d *db.DB, ids []ConversationID, each func(Conversation, string)) db.Statement {
	with, args := d.With("w", db.Texts("id", ids, func(id ConversationID) ConversationID { return id }))
	return db.Ask(func(row db.Row) error {
		h := headed{row: row}
		v, err := scanConversation(&h)
		if err == nil {
			each(v, h.hash)
		}
		return err
	}, `WITH `+with+` SELECT `+conversationColumns+`, v.head`+fromConversation+`WHERE v.id IN (SELECT w.id FROM w) ORDER BY v.id`+d.ForUpdate("v"), args...)
}

// lockOpen is lockConversations for the open conversations that messages of a channel without references go on with, as current finds them:
// of each message whose sender is known and whose delivery is not.
func lockOpen(d *db.DB, all []*acceptance, each func(*acceptance, Conversation, string)) db.Statement {
	if len(all) == 0 {
		return db.Statement{}
	}
	rows := make([]int, len(all))
	for i := range rows {
		rows[i] = i
	}
	with, args := d.With("w",
		db.Ints("n", rows, func(i int) int { return i }),
		db.Texts("kind", rows, func(i int) channels.Kind { return all[i].in.Kind }),
		db.Texts("value", rows, func(i int) string { return all[i].in.From.Value }),
		db.Texts("account", rows, func(i int) channels.AccountID { return all[i].in.Account }),
		db.Texts("external", rows, func(i int) string { return all[i].in.External }))
	return db.Ask(func(row db.Row) error {
		var n int
		h := headed{row: row, before: []any{&n}}
		v, err := scanConversation(&h)
		if err == nil {
			each(all[n], v, h.hash)
		}
		return err
	}, `WITH `+with+`,
		known AS MATERIALIZED (SELECT w.n, w.kind, w.value, w.account,
			(SELECT i.customer_id FROM identity i JOIN customer c ON c.id = i.customer_id
				WHERE i.kind = w.kind AND i.value = w.value AND i.owner = 1 AND c.merged_into IS NULL) AS customer_id,
			(SELECT m.id FROM message m WHERE m.account_id = w.account AND m.external_id = w.external) AS taken FROM w),
		open AS MATERIALIZED (SELECT n, (SELECT v.id FROM conversation v WHERE v.customer_id = known.customer_id AND v.state <> 'closed'
				AND (SELECT m.id FROM message m WHERE m.conversation_id = v.id AND m.kind = known.kind
					AND m.account_id = known.account AND m.peer = known.value LIMIT 1) IS NOT NULL
			ORDER BY v.created_at DESC, v.id DESC LIMIT 1) AS id FROM known WHERE taken IS NULL)
		SELECT open.n, `+conversationColumns+`, v.head FROM open JOIN conversation v ON v.id = open.id JOIN customer c ON c.id = v.customer_id
		ORDER BY v.id, open.n`+d.ForUpdate("v"), args...)
}

func affected(r sql.Result, err error) (int64, error) {
	if err != nil {
		return 0, err
	}
	return r.RowsAffected()
}

// takeNumbers takes the next n numbers by which people call conversations, and returns the last. The counter is locked until the
// transaction ends.
func takeNumbers(ctx context.Context, tx *sql.Tx, n int) (last int64, err error) {
	err = tx.QueryRowContext(ctx, `UPDATE counter SET value = value + $1 WHERE name = 'conversation' RETURNING value`, n).Scan(&last)
	return last, err
}

// columnsOf are the columns that can change, and those which say which row it is.
func columnsOf(turns []*turn) ([]db.Column, error) {
	skills := make(map[*turn]string, len(turns))
	for _, t := range turns {
		var err error
		if skills[t], err = toJSON(t.c.Skills); err != nil {
			return nil, err
		}
	}
	return []db.Column{
		db.Texts("id", turns, func(t *turn) ConversationID { return t.c.ID }),
		db.Texts("customer_id", turns, func(t *turn) customer.ID { return t.c.Customer }),
		db.Texts("state", turns, func(t *turn) ConversationState { return t.c.State }),
		db.Texts("queue", turns, func(t *turn) QueueID { return t.c.Queue }),
		db.Ints("priority", turns, func(t *turn) int { return t.c.Priority }),
		db.Texts("skills", turns, func(t *turn) string { return skills[t] }),
		db.Texts("assignee", turns, func(t *turn) AgentID { return t.c.Assignee }),
		db.Texts("sticky", turns, func(t *turn) AgentID { return t.c.Sticky }),
		db.Ints("rules_version", turns, func(t *turn) int64 { return t.c.RulesVersion }),
		db.Texts("disposition", turns, func(t *turn) string { return t.c.Disposition }),
		db.Texts("last_kind", turns, func(t *turn) channels.Kind { return t.c.LastKind }),
		db.Texts("last_from", turns, func(t *turn) string { return t.c.LastFrom }),
		db.Ints("last_seq", turns, func(t *turn) int64 { return t.c.LastSeq }),
		db.Ints("last_message_seq", turns, func(t *turn) int64 { return t.c.LastMessageSeq }),
		db.Texts("preview", turns, func(t *turn) string { return t.c.Preview }),
		db.Times("last_in_at", turns, func(t *turn) time.Time { return t.c.LastInAt }),
		db.Times("last_out_at", turns, func(t *turn) time.Time { return t.c.LastOutAt }),
		db.Times("queued_at", turns, func(t *turn) time.Time { return t.c.QueuedAt }),
		db.Times("waiting_since", turns, func(t *turn) time.Time { return t.c.WaitingSince }),
		db.Times("closed_at", turns, func(t *turn) time.Time { return t.c.ClosedAt }),
		db.Texts("head", turns, func(t *turn) string { return t.head }),
	}, nil
}

// insertConversations writes conversations that have begun.
func insertConversations(d *db.DB, turns []*turn) (db.Statement, error) {
	if len(turns) == 0 {
		return db.Statement{}, nil
	}
	columns, err := columnsOf(turns)
	if err != nil {
		return db.Statement{}, err
	}
	with, args := d.With("w", append(columns,
		db.Ints("number", turns, func(t *turn) int64 { return t.c.Number }),
		db.Texts("kind", turns, func(t *turn) channels.Kind { return t.c.Kind }),
		db.Texts("account_id", turns, func(t *turn) channels.AccountID { return t.c.Account }),
		db.Texts("subject", turns, func(t *turn) string { return t.c.Subject }),
		db.Texts("previous_id", turns, func(t *turn) ConversationID { return t.c.Previous }),
		db.Times("created_at", turns, func(t *turn) time.Time { return t.c.CreatedAt }))...)
	return db.Do(`WITH `+with+`
		INSERT INTO conversation (id, number, customer_id, kind, account_id, subject, state, queue, priority, skills, assignee, sticky,
			rules_version, disposition, previous_id, last_kind, last_from, last_seq, last_message_seq, preview, last_in_at, last_out_at,
			queued_at, waiting_since, created_at, updated_at, closed_at, head)
		SELECT id, number, customer_id, kind, account_id, subject, state, queue, priority, skills, assignee, sticky,
			rules_version, disposition, NULLIF(previous_id, ''), last_kind, last_from, last_seq, last_message_seq, preview, last_in_at,
			last_out_at, queued_at, waiting_since, created_at, created_at, closed_at, head FROM w`, args...), nil
}

// updateConversations writes what turns made of their conversations, if every row still stands where its turn began.
func updateConversations(d *db.DB, turns []*turn) (db.Statement, error) {
	if len(turns) == 0 {
		return db.Statement{}, nil
	}
	columns, err := columnsOf(turns)
	if err != nil {
		return db.Statement{}, err
	}
	with, args := d.With("w", append(columns,
		db.Ints("was_seq", turns, func(t *turn) int64 { return t.before.LastSeq }),
		db.Texts("was_state", turns, func(t *turn) ConversationState { return t.before.State }),
		db.Times("updated_at", turns, func(t *turn) time.Time { return t.at }))...)
	return d.Exactly(len(turns), ErrState, with, `UPDATE conversation SET customer_id = w.customer_id, state = w.state, queue = w.queue, priority = w.priority, skills = w.skills,
			assignee = w.assignee, sticky = w.sticky, rules_version = w.rules_version, disposition = w.disposition,
			last_kind = w.last_kind, last_from = w.last_from, last_seq = w.last_seq, last_message_seq = w.last_message_seq, preview = w.preview,
			last_in_at = w.last_in_at, last_out_at = w.last_out_at, queued_at = w.queued_at, waiting_since = w.waiting_since,
			closed_at = w.closed_at, updated_at = w.updated_at, head = w.head
		FROM w WHERE conversation.id = w.id AND conversation.last_seq = w.was_seq AND conversation.state = w.was_state`, args...), nil
}

func toJSON(v any) (string, error) {
	raw, err := json.Marshal(v)
	if string(raw) == "null" {
		return "[]", err
	}
	return string(raw), err
}
