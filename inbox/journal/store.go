package journal

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"sportello/inbox/db"
)

// Journal reads and appends events. It is safe for concurrent use.
type Journal struct {
	db    *db.DB
	bell  Bell
	fresh fresh
}

// New makes the journal of a record.
func New(d *db.DB) *Journal { return &Journal{db: d} }

// Changed returns a channel that is closed when events have been committed by this process. Those of other processes are not told.
func (j *Journal) Changed() <-chan struct{} { return j.bell.Changed() }

// Append adds events inside the transaction that makes the change they speak of. Each event must carry its Stream, the next Seq of
// that stream, Type, Actor and At; an empty ID is given one. A number that is taken already fails the transaction. The relay is told
// when a transaction of db.DB.Tx has committed; after any other it finds the events at its next look.
func (j *Journal) Append(ctx context.Context, tx *sql.Tx, events ...Event) error {
	all, err := j.Statements(ctx, tx, nil, events...)
	if err == nil {
		err = j.db.Together(ctx, tx, all...)
	}
	if err != nil {
		return fmt.Errorf("append to %s: %w", events[0].Stream, err)
	}
	return nil
}

// Statements is Append in two steps, for callers who have more to write in the same round trip: the events are in the journal when the
// statements have been run, which must be in this transaction, and before anything else is appended in it. Streams whose heads are not
// known are asked for them. heads, which may be nil, is then how far the streams will be.
func (j *Journal) Statements(ctx context.Context, tx *sql.Tx, heads Heads, events ...Event) ([]db.Statement, error) {
	if len(events) == 0 {
		return nil, nil
	}
	events = slices.Clone(events)
	for i, e := range events {
		if e.Stream == "" || e.Seq <= 0 || e.At.IsZero() {
			return nil, fmt.Errorf("event %q: stream, number and time are needed", e.Type)
		}
		if e.ID == "" {
			id, err := uuid.NewV7()
			if err != nil {
				return nil, err
			}
			events[i].ID = id.String()
		}
		if len(e.Data) == 0 {
			events[i].Data = json.RawMessage("{}")
		}
	}
	with, args := j.db.With("w", db.Texts("stream", events, func(e Event) Stream { return e.Stream }),
		db.Ints("seq", events, func(e Event) int64 { return e.Seq }))
	enlisted := db.Do(`WITH `+with+` INSERT INTO relay (stream, seq) SELECT stream, seq FROM w`, args...)
	chained, made, complete := chain(events, heads)
	if !complete {
		found := Heads{}
		if err := j.db.Together(ctx, tx, enlisted, j.heads(found, streams(events)...)); err != nil {
			return nil, err
		}
		enlisted = db.Statement{}
		chained, made, _ = chain(events, found)
	}
	if heads != nil {
		maps.Copy(heads, made)
	}
	j.db.AfterCommit(tx, func() {
		j.fresh.add(events)
		j.bell.Ring()
	})
	with, args = j.db.With("w",
		db.Texts("stream", chained, func(e link) Stream { return e.Stream }),
		db.Ints("seq", chained, func(e link) int64 { return e.Seq }),
		db.Texts("id", chained, func(e link) string { return e.ID }),
		db.Texts("customer_id", chained, func(e link) string { return e.Customer }),
		db.Texts("type", chained, func(e link) Type { return e.Type }),
		db.Texts("actor", chained, func(e link) Actor { return e.Actor }),
		db.Times("at", chained, func(e link) time.Time { return e.At }),
		db.Texts("data", chained, func(e link) string { return string(e.Data) }),
		db.Texts("content", chained, func(e link) string { return e.Content }),
		db.Texts("hash", chained, func(e link) string { return e.hash }))
	return []db.Statement{enlisted, db.Do(`WITH `+with+` INSERT INTO event (stream, seq, id, customer_id, type, actor, at, data, content, hash)
		SELECT stream, seq, id, customer_id, type, actor, at, data, content, hash FROM w`, args...)}, nil
}

// heads asks how far streams are, into a map. Who means to append to them must have locked the rows that count them: then no other event
// can come between. A stream without events is not told.
func (j *Journal) heads(into Heads, streams ...Stream) db.Statement {
	with, args := j.db.With("w", db.Texts("stream", streams, func(s Stream) Stream { return s }))
	return db.Ask(func(row db.Row) error {
		var s Stream
		var h Head
		err := row.Scan(&s, &h.Seq, &h.Hash)
		into[s] = h
		return err
	}, `WITH `+with+` SELECT w.stream, e.seq, e.hash FROM w JOIN event e ON e.stream = w.stream
		AND e.seq = (SELECT MAX(m.seq) FROM event m WHERE m.stream = w.stream)`, args...)
}

func streams(events []Event) []Stream {
	all := make([]Stream, len(events))
	for i, e := range events {
		all[i] = e.Stream
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// placeholders is "($after+1, …, $after+n)".
func placeholders(after, n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(", $")
		b.WriteString(strconv.Itoa(after + i + 1))
	}
	return "(" + b.String()[2:] + ")"
}

const columns = `e.stream, e.seq, e.id, e.customer_id, e.type, e.actor, e.at, e.data`

// Pending lists events that have not been relayed yet, each stream in order and without gaps. The same events are listed again
// until Relayed names them.
func (j *Journal) Pending(ctx context.Context, limit int) ([]Event, error) {
	// The few that wait are found first: joined in one step, some plans walk the whole journal in order.
	return j.list(ctx, `WITH r AS MATERIALIZED (SELECT stream, seq FROM relay ORDER BY stream, seq LIMIT $1)
		SELECT `+columns+` FROM r JOIN event e ON e.stream = r.stream AND e.seq = r.seq ORDER BY r.stream, r.seq`, limit)
}

// Relayed takes events off the list of those that wait to be relayed. Naming one twice does nothing.
func (j *Journal) Relayed(ctx context.Context, done []Position) error {
	if len(done) == 0 {
		return nil
	}
	with, args := j.db.With("gone", db.Texts("stream", done, func(p Position) Stream { return p.Stream }),
		db.Ints("seq", done, func(p Position) int64 { return p.Seq }))
	_, err := j.db.ExecContext(ctx, `WITH `+with+` DELETE FROM relay WHERE (stream, seq) IN (SELECT stream, seq FROM gone)`, args...)
	if err != nil {
		return fmt.Errorf("mark relayed: %w", err)
	}
	return nil
}

// Stream lists the events of a stream after a position, oldest first.
func (j *Journal) Stream(ctx context.Context, s Stream, after int64, limit int) ([]Event, error) {
	return j.list(ctx, `SELECT `+columns+` FROM event e WHERE e.stream = $1 AND e.seq > $2 ORDER BY e.seq LIMIT $3`,
		string(s), after, limit)
}

// Cursor is a place in a timeline. The zero Cursor is before the newest event.
type Cursor struct {
	At time.Time
	ID string
}

// IsZero reports whether the cursor is at the newest end.
func (c Cursor) IsZero() bool { return c.ID == "" }

// String is the cursor in a form fit for an address; ParseCursor reads it. The zero cursor is "".
func (c Cursor) String() string {
	if c.IsZero() {
		return ""
	}
	return strconv.FormatInt(c.At.UnixMilli(), 10) + "." + c.ID
}

// ParseCursor reads what String wrote.
func ParseCursor(s string) (Cursor, error) {
	if s == "" {
		return Cursor{}, nil
	}
	ms, id, ok := strings.Cut(s, ".")
	at, err := strconv.ParseInt(ms, 10, 64)
	if !ok || id == "" || err != nil {
		return Cursor{}, errors.New("not a place in a timeline")
	}
	return Cursor{At: time.UnixMilli(at).UTC(), ID: id}, nil
}

// Timeline lists the events of a customer, newest first, beginning before a cursor; customers who were merged into this one are
// included. The returned cursor is for the next page and is zero when there is none.
func (j *Journal) Timeline(ctx context.Context, customerID string, before Cursor, limit int) ([]Event, Cursor, error) {
	args := []any{int64(1) << 62, "", limit + 1}
	if !before.IsZero() {
		args[0], args[1] = before.At.UnixMilli(), before.ID
	}
	ids, err := j.merged(ctx, customerID)
	if err != nil {
		return nil, Cursor{}, err
	}
	events, err := j.list(ctx, `SELECT `+columns+` FROM event e
		WHERE e.customer_id IN `+placeholders(len(args), len(ids))+` AND e.customer_id <> ''
		  AND (e.at < $1 OR (e.at = $1 AND e.id < $2))
		ORDER BY e.at DESC, e.id DESC LIMIT $3`, append(args, ids...)...)
	if err != nil || len(events) <= limit {
		return events, Cursor{}, err
	}
	last := events[limit-1]
	return events[:limit], Cursor{At: last.At, ID: last.ID}, nil
}

// merged is a customer and everybody who was merged into him.
func (j *Journal) merged(ctx context.Context, customerID string) ([]any, error) {
	ids := []any{customerID}
	rows, err := j.db.QueryContext(ctx, `SELECT id FROM customer WHERE merged_into = $1 AND merged_into IS NOT NULL`, customerID)
	if err != nil {
		return nil, fmt.Errorf("read journal: %w", err)
	}
	defer rows.Close() //nolint:errcheck // rows.Err says what matters
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return nil, fmt.Errorf("read journal: %w", err)
		}
		ids = append(ids, id)
	}
	return ids, rows.Err()
}

func (j *Journal) list(ctx context.Context, query string, args ...any) ([]Event, error) {
	rows, err := j.db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("read journal: %w", err)
	}
	defer rows.Close() //nolint:errcheck // rows.Err says what matters
	var events []Event
	for rows.Next() {
		var e Event
		var at int64
		var data string
		if err := rows.Scan(&e.Stream, &e.Seq, &e.ID, &e.Customer, &e.Type, &e.Actor, &at, &data); err != nil {
			return nil, fmt.Errorf("read journal: %w", err)
		}
		e.At, e.Data = time.UnixMilli(at).UTC(), json.RawMessage(data)
		events = append(events, e)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read journal: %w", err)
	}
	return events, nil
}
