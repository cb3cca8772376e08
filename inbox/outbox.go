package inbox

// What waits to leave. The invariants:
//
//   - A row is worked on by one holder at a time: whoever leased it and whose lease was not revoked. Every step checks that in the
//     statement that makes it.
//   - An attempt is written down before anything goes on the wire (Begin), so that a crash leaves a row in sending and never a message
//     that left without a trace.
//   - Of one conversation and channel, a row does not leave before an earlier one that is due.
//   - What a provider reported is never overwritten by our own later doubts (channels.State.After).

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"sportello/channels"
	"sportello/inbox/customer"
	"sportello/inbox/db"
	"sportello/inbox/journal"
)

// Class orders the rows of the outbox: replies leave before automatic messages, and those before bulk.
type Class string

// The classes.
const (
	ClassReply Class = "reply"
	ClassAuto  Class = "auto"
	ClassBulk  Class = "bulk"
)

func (c Class) rank() int {
	switch c {
	case ClassReply:
		return 0
	case ClassAuto:
		return 1
	}
	return 2
}

// Row is one message that waits to leave, or has left.
type Row struct {
	ID           string // Envelope.ID
	Message      MessageID
	Conversation ConversationID
	Customer     customer.ID
	Class        Class
	Purpose      customer.Purpose
	Kind         channels.Kind
	Account      channels.AccountID
	Pinned       bool
	Envelope     channels.Outbound // Attempt is set by Begin
	State        channels.State
	Attempts     int
	DueAt        time.Time
	Holder       string    // who leased it
	LeasedUntil  time.Time // zero when nobody holds it
	Verdict      customer.Verdict
	Fault        *channels.Fault // of the last attempt
	CreatedAt    time.Time

	// AttemptFor is how long the dispatcher lets the next attempt take: Begin holds the row for so long and a little more. Zero: as
	// long as it was leased for.
	AttemptFor time.Duration
	ttl        time.Duration

	unreadable bool // envelope, verdict or fault are damaged, and left out
}

// settleFor is how long an attempt that is over may take to be written down before it counts as lost.
const settleFor = 5 * time.Second

// hold is how long a begun row belongs to its dispatcher.
func (r Row) hold() time.Duration {
	if r.AttemptFor > 0 {
		return r.AttemptFor + settleFor
	}
	return max(r.ttl, time.Second)
}

// Outbox is what waits to leave. Only the dispatcher takes rows from it. It is safe for concurrent use, also by several programs.
type Outbox struct {
	db        *db.DB
	journal   *journal.Journal
	ledger    *Ledger
	now       func() time.Time
	recovered atomic.Int64 // when Recover was last called, in ms; 0 for never
}

// NewOutbox makes the outbox of a ledger.
func NewOutbox(d *db.DB, j *journal.Journal, l *Ledger, now func() time.Time) *Outbox {
	return &Outbox{db: d, journal: j, ledger: l, now: now}
}

// Changed returns a channel that is closed when a row may have become due through this process. Rows also become due by the clock
// (NextDue) and through other processes.
func (o *Outbox) Changed() <-chan struct{} { return o.ledger.outbox.Changed() }

// Wake rings Changed.
func (o *Outbox) Wake() { o.ledger.outbox.Ring() }

const rowColumns = `id, message_id, conversation_id, customer_id, class, purpose, kind, account_id, pinned, envelope, state, attempts,
	due_at, leased_by, leased_until, verdict, fault, created_at`

// classRank is Class.rank in SQL.
const classRank = `CASE o.class WHEN 'reply' THEN 0 WHEN 'auto' THEN 1 ELSE 2 END`

// Lease takes up to limit rows that are due and nobody holds, for ttl, the most urgent first. A row is left while an earlier one of
// the same conversation and channel is due or being sent. A lease that runs out without Begin is taken again by anybody.
func (o *Outbox) Lease(ctx context.Context, holder string, limit int, ttl time.Duration) ([]Row, error) {
	return o.lease(ctx, holder, limit, ttl, "")
}

// LeaseUrgent is Lease without bulk, however much of it waits.
func (o *Outbox) LeaseUrgent(ctx context.Context, holder string, limit int, ttl time.Duration) ([]Row, error) {
	return o.lease(ctx, holder, limit, ttl, ` AND o.class <> 'bulk'`)
}

func (o *Outbox) lease(ctx context.Context, holder string, limit int, ttl time.Duration, only string) ([]Row, error) {
	now := o.ledger.clock()
	rows, err := list(ctx, o.db, scanRow, `UPDATE outbox SET leased_by = $1, leased_until = $2, updated_at = $3
		WHERE state = 'queued' AND due_at <= $3 AND leased_until <= $3 AND id IN (
			SELECT o.id FROM outbox o
			WHERE o.state IN ('queued', 'sending') AND o.state = 'queued' AND o.due_at <= $3 AND o.leased_until <= $3`+only+` AND NOT EXISTS (
				SELECT 1 FROM outbox e
				WHERE e.conversation_id = o.conversation_id AND e.kind = o.kind AND e.state IN ('queued', 'sending') AND e.due_at <= $3
					AND (e.created_at < o.created_at OR (e.created_at = o.created_at AND e.id < o.id)))
			ORDER BY `+classRank+`, o.due_at, o.id LIMIT $4)
		RETURNING `+rowColumns, holder, now.Add(ttl).UnixMilli(), now.UnixMilli(), limit)
	if err == nil {
		rows, err = o.setAside(ctx, rows)
	}
	if err != nil {
		return nil, fmt.Errorf("lease outbox rows: %w", err)
	}
	slices.SortFunc(rows, func(a, b Row) int {
		if d := a.Class.rank() - b.Class.rank(); d != 0 {
			return d
		}
		if d := a.DueAt.Compare(b.DueAt); d != 0 {
			return d
		}
		return compareText(a.ID, b.ID)
	})
	for i := range rows {
		rows[i].ttl = ttl
	}
	return rows, nil
}

// NextDue is when the next row becomes due, or free from a lease that runs out; the zero time when nothing waits. Bulk is not asked about:
// there may be much of it, and it has time.
func (o *Outbox) NextDue(ctx context.Context) (time.Time, error) {
	var at sql.NullInt64
	err := o.db.QueryRowContext(ctx, `SELECT MIN(CASE WHEN leased_until > due_at THEN leased_until ELSE due_at END) FROM outbox
		WHERE state IN ('queued', 'sending') AND class <> 'bulk'`).Scan(&at)
	if err != nil {
		return time.Time{}, fmt.Errorf("find next due row: %w", err)
	}
	return db.Time(at), nil
}

// DueNow makes what waits to leave for an address of a customer due at once, such as a visitor's who has come back into the chat. Rows
// of other channels keep their time. It returns how many rows it hastened; the second time there are none.
func (o *Outbox) DueNow(ctx context.Context, a channels.Address) (int64, error) {
	n, err := affected(o.db.ExecContext(ctx, `UPDATE outbox SET due_at = $3 WHERE state = 'queued' AND kind = $1 AND due_at > $3
		AND customer_id IN (SELECT customer_id FROM identity WHERE kind = $1 AND value = $2)`,
		string(a.Kind), a.Value, o.ledger.clock().UnixMilli()))
	if err != nil {
		return 0, fmt.Errorf("hasten outbox rows: %w", err)
	}
	if n > 0 {
		o.Wake()
	}
	return n, nil
}

// Row reads one row.
func (o *Outbox) Row(ctx context.Context, id string) (Row, error) {
	return readRow(ctx, o.db, `WHERE id = $1`, id)
}

// Rows lists the rows of a message, oldest first.
func (o *Outbox) Rows(ctx context.Context, m MessageID) ([]Row, error) {
	rows, err := list(ctx, o.db, scanRow, `SELECT `+rowColumns+` FROM outbox WHERE message_id = $1 ORDER BY created_at, id`, string(m))
	if err != nil {
		return nil, fmt.Errorf("list outbox rows: %w", err)
	}
	return rows, nil
}

func readRow(ctx context.Context, q db.Querier, where string, args ...any) (Row, error) {
	r, err := scanRow(q.QueryRowContext(ctx, `SELECT `+rowColumns+` FROM outbox `+where, args...))
	if errors.Is(err, sql.ErrNoRows) {
		return Row{}, ErrNotFound
	}
	if err != nil {
		return Row{}, fmt.Errorf("read outbox row: %w", err)
	}
	return r, nil
}

func scanRow(row scanner) (Row, error) {
	var r Row
	var envelope, verdict, fault string
	var due, until, created int64
	err := row.Scan(&r.ID, &r.Message, &r.Conversation, &r.Customer, &r.Class, &r.Purpose, &r.Kind, &r.Account, &r.Pinned, &envelope,
		&r.State, &r.Attempts, &due, &r.Holder, &until, &verdict, &fault, &created)
	if err != nil {
		return Row{}, err
	}
	r.DueAt, r.CreatedAt = time.UnixMilli(due).UTC(), time.UnixMilli(created).UTC()
	if until > 0 {
		r.LeasedUntil = time.UnixMilli(until).UTC()
	}
	err = json.Unmarshal([]byte(envelope), &r.Envelope)
	if verdict != "" {
		err = errors.Join(err, json.Unmarshal([]byte(verdict), &r.Verdict))
	}
	if fault != "" {
		r.Fault = &channels.Fault{}
		err = errors.Join(err, json.Unmarshal([]byte(fault), r.Fault))
	}
	if r.unreadable = err != nil; r.unreadable {
		r.Envelope, r.Verdict, r.Fault = channels.Outbound{}, customer.Verdict{}, nil
	}
	r.Envelope.Attempt = r.Attempts
	return r, nil
}

// setAside takes rows that cannot be read out of the queue, each as a failure that its author sees: what stands in them must not hold up the
// others. It returns the rows that can be read.
func (o *Outbox) setAside(ctx context.Context, rows []Row) ([]Row, error) {
	for _, row := range rows {
		if !row.unreadable {
			continue
		}
		f := &channels.Fault{Class: channels.Permanent, Code: channels.CodeUnreadable, Detail: "the record of what was to be sent is damaged"}
		err := o.step(ctx, "set aside", row, func(t *turn, now Row) error {
			if err := endAttempt(ctx, t, now, string(f.Class), f.Error()); err != nil {
				return err
			}
			return o.ledger.deliver(ctx, t, now, channels.StateFailed, f)
		})
		if err != nil {
			return nil, err
		}
	}
	return slices.DeleteFunc(rows, func(r Row) bool { return r.unreadable }), nil
}

func insertRows(d *db.DB, rows []Row) (db.Statement, error) {
	if len(rows) == 0 {
		return db.Statement{}, nil
	}
	envelopes, verdicts := make(map[string]string, len(rows)), make(map[string]string, len(rows))
	for _, r := range rows {
		envelope, err1 := json.Marshal(r.Envelope)
		verdict, err2 := json.Marshal(r.Verdict)
		if err := errors.Join(err1, err2); err != nil {
			return db.Statement{}, err
		}
		envelopes[r.ID], verdicts[r.ID] = string(envelope), string(verdict)
	}
	with, args := d.With("w",
		db.Texts("id", rows, func(r Row) string { return r.ID }),
		db.Texts("message_id", rows, func(r Row) MessageID { return r.Message }),
		db.Texts("conversation_id", rows, func(r Row) ConversationID { return r.Conversation }),
		db.Texts("customer_id", rows, func(r Row) customer.ID { return r.Customer }),
		db.Texts("class", rows, func(r Row) Class { return r.Class }),
		db.Texts("purpose", rows, func(r Row) customer.Purpose { return r.Purpose }),
		db.Texts("kind", rows, func(r Row) channels.Kind { return r.Kind }),
		db.Texts("account_id", rows, func(r Row) channels.AccountID { return r.Account }),
		db.Ints("pinned", rows, func(r Row) int { return b2i(r.Pinned) }),
		db.Texts("envelope", rows, func(r Row) string { return envelopes[r.ID] }),
		db.Texts("state", rows, func(r Row) channels.State { return r.State }),
		db.Ints("attempts", rows, func(r Row) int { return r.Attempts }),
		db.Times("due_at", rows, func(r Row) time.Time { return r.DueAt }),
		db.Texts("leased_by", rows, func(r Row) string { return r.Holder }),
		db.Ints("leased_until", rows, func(r Row) int64 { return r.leasedUntil() }),
		db.Texts("verdict", rows, func(r Row) string { return verdicts[r.ID] }),
		db.Times("at", rows, func(r Row) time.Time { return r.CreatedAt }))
	return db.Do(`WITH `+with+`
		INSERT INTO outbox (id, message_id, conversation_id, customer_id, class, purpose, kind, account_id, pinned, envelope, state,
			attempts, due_at, leased_by, leased_until, verdict, created_at, updated_at)
		SELECT id, message_id, conversation_id, customer_id, class, purpose, kind, account_id, pinned, envelope, state, attempts, due_at,
			leased_by, leased_until, verdict, at, at FROM w`, args...), nil
}

// leasedUntil is the end of the lease as it is stored.
func (r Row) leasedUntil() int64 {
	if r.LeasedUntil.IsZero() {
		return 0
	}
	return r.LeasedUntil.UnixMilli()
}

func compareText(a, b string) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}
