// Package audit proves that nothing of the record is lost, doubled or altered: it draws up the balance sheet of a time, account by
// account and day by day, and names every row that spoils it.
//
// Four things are held against each other. The rows of messages and of the outbox against the journal, which brought them. The journal
// against itself: the streams have no gaps, and their events are a hash chain (journal.Event.Chain). The chains against the seals, in
// which every day that is over binds the heads of its streams, so that a stream that is gone with all its rows is named too. And the
// record against what the providers have (channels.Lister).
//
// The chain shows what was altered or removed by hand. It carries no secret: whoever can write to the database and recomputes a chain
// and every seal after it is found out only by a seal that was kept elsewhere, which is why the sheet tells the newest one.
//
// It never repairs, and writes nothing but seals. The command "gateway audit" draws up sheets; "gateway serve" runs a Sealer.
package audit

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"sportello/channels"
	"sportello/inbox"
	"sportello/inbox/db"
	"sportello/inbox/journal"
)

// Code names what is wrong. It is stable.
type Code string

// The codes. An event, a message and a row of the outbox are named by the fields of the Finding.
const (
	EventMissing    Code = "event_missing"     // a number of a stream without its event
	EventAltered    Code = "event_altered"     // it, or the one before it, is not what was written
	EventUncounted  Code = "event_uncounted"   // beyond the last number that the conversation or customer counts
	EventUnshown    Code = "event_unshown"     // not copied to the live inbox in good time
	StreamMissing   Code = "stream_missing"    // a sealed stream of which nothing is left
	RowMissing      Code = "row_missing"       // a stream without its conversation or customer
	MessageMissing  Code = "message_missing"   // the journal brought it, the record does not have it
	MessageAltered  Code = "message_altered"   // not what the journal brought
	MessageUntold   Code = "message_untold"    // no event brought it
	MessageState    Code = "message_state"     // its delivery state is not the one that the journal told last
	OutboxMissing   Code = "outbox_missing"    // a reply that neither left nor waits
	OutboxAltered   Code = "outbox_altered"    // its envelope or state is not that of its message
	OutboxUntold    Code = "outbox_untold"     // nobody wrote the message that it sends
	SealAltered     Code = "seal_altered"      // a seal that does not fit its heads or the seal before it
	SealMissing     Code = "seal_missing"      // a day between sealed days without a seal
	NotTaken        Code = "not_taken"         // the provider has it, and it never came in
	NotRecorded     Code = "not_recorded"      // the provider sent it for us, and the record knows nothing of it
	NotAtProvider   Code = "not_at_provider"   // the record says that it was sent, and the provider does not have it
	ProviderUnknown Code = "provider_unasked"  // the provider could not be asked; a Note unless it was demanded
	ShownUnknown    Code = "live_unasked"      // the live inbox could not be asked what it shows; a Note
	ProviderPending Code = "provider_unproved" // the provider sent a message of which the record does not know yet what became; a Note
)

// Finding is one thing that is wrong. Fields that do not apply are empty.
type Finding struct {
	Code     Code               `json:"code"`
	Detail   string             `json:"detail"` // a sentence in English
	Day      string             `json:"day,omitempty"`
	Account  channels.AccountID `json:"account,omitempty"`
	Stream   journal.Stream     `json:"stream,omitempty"`
	Seq      int64              `json:"seq,omitempty"`
	Through  int64              `json:"through,omitempty"` // of a gap: the last number
	Message  inbox.MessageID    `json:"message,omitempty"`
	Outbox   string             `json:"outbox,omitempty"`
	External string             `json:"external,omitempty"` // the provider's id
	Place    string             `json:"place,omitempty"`    // where the provider has it
}

// Balance is one line of the sheet. It adds up when Received = Stored = Shown + Waiting, and Accepted is the sum of the states.
type Balance struct {
	Day     string             `json:"day"` // YYYY-MM-DD in the zone of the sheet
	Account channels.AccountID `json:"account"`
	Kind    channels.Kind      `json:"kind"`

	Received int64 `json:"received"` // events that brought a message in
	Stored   int64 `json:"stored"`   // messages in the record that came in
	Shown    int64 `json:"shown"`    // of those received, copied to the live inbox
	Waiting  int64 `json:"waiting"`  // of those received, not copied yet

	Accepted  int64 `json:"accepted"` // events that brought a message that is to leave
	Queued    int64 `json:"queued"`   // rows of the outbox by state
	Sending   int64 `json:"sending"`
	Sent      int64 `json:"sent"`
	Delivered int64 `json:"delivered"`
	Read      int64 `json:"read"`
	Failed    int64 `json:"failed"`
	Unknown   int64 `json:"unknown"`
	Canceled  int64 `json:"canceled"`

	Asked    bool  `json:"asked"`    // the provider was asked
	Outside  int64 `json:"outside"`  // messages to us that the provider lists on that day
	Findings int64 `json:"findings"` // that name this account and day
}

// Balanced reports whether the line adds up and nothing was found on it.
func (b Balance) Balanced() bool {
	return b.Received == b.Stored && b.Received == b.Shown+b.Waiting && b.Findings == 0 &&
		b.Accepted == b.Queued+b.Sending+b.Sent+b.Delivered+b.Read+b.Failed+b.Unknown+b.Canceled
}

// Sheet is what an audit came to.
type Sheet struct {
	Lines    []Balance `json:"lines"` // by day, then account
	Findings []Finding `json:"findings"`
	Notes    []Finding `json:"notes"`   // worth knowing, and no imbalance
	Streams  int       `json:"streams"` // examined, each from its first event
	Events   int       `json:"events"`
	Sealed   string    `json:"sealed"` // the newest sealed day, or ""
	Seal     string    `json:"seal"`   // its hash
}

// Balanced reports whether everything adds up and nothing was found.
func (s *Sheet) Balanced() bool {
	return len(s.Findings) == 0 && !slices.ContainsFunc(s.Lines, func(b Balance) bool { return !b.Balanced() })
}

// Source is an account whose provider can be asked.
type Source struct {
	Account channels.AccountID
	Kind    channels.Kind
	channels.Lister
}

// Query says what to audit.
type Query struct {
	From, Until time.Time      // messages at or after From and before Until; their streams are examined from the first event on
	Zone        *time.Location // of the sheet's days
	Grace       time.Duration  // how young a message may be that is still on its way, to the screen or from the provider
	Outside     []Source
	Demand      bool // a provider that cannot be asked is an imbalance

	// Shown tells where the live inbox stands with some open conversations; those that it does not have are left out. May be nil.
	Shown func(ctx context.Context, ids []inbox.ConversationID) (map[inbox.ConversationID]int64, error)
}

// Auditor audits a record. It is safe for concurrent use.
type Auditor struct {
	db  *db.DB
	now func() time.Time
}

// New makes the auditor of a record.
func New(d *db.DB, now func() time.Time) *Auditor { return &Auditor{db: d, now: now} }

// streamsAtOnce bounds what is held in memory.
const streamsAtOnce = 200

// examination is one audit under way.
type examination struct {
	q     Query
	db    *db.DB
	tx    *sql.Tx   // of the moment that is audited
	until time.Time // what came in later may still be on its way
	sheet *Sheet
	lines map[[2]string]*Balance
}

// Audit draws up a sheet. The record is read as it stands at one moment; writers are not held up.
func (a *Auditor) Audit(ctx context.Context, q Query) (*Sheet, error) {
	x := &examination{q: q, db: a.db, until: a.now().Add(-q.Grace), sheet: &Sheet{}, lines: map[[2]string]*Balance{}}
	listings := x.ask(ctx) // first: what a provider has now is in the record that is read afterwards, save for what is on its way
	var err error
	x.tx, err = a.db.BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true})
	if err != nil {
		return nil, fmt.Errorf("audit: %w", err)
	}
	defer x.tx.Rollback() //nolint:errcheck // it has read only
	for _, step := range []func(context.Context) error{
		x.streams, x.seals, func(ctx context.Context) error { return x.outside(ctx, listings) },
	} {
		if err := step(ctx); err != nil {
			return nil, fmt.Errorf("audit: %w", err)
		}
	}
	return x.finish(), nil
}

// finish puts the lines in order.
func (x *examination) finish() *Sheet {
	for _, f := range x.sheet.Findings {
		if f.Account != "" && f.Day != "" {
			x.line(f.Account, "", f.Day).Findings++
		}
	}
	for _, key := range slices.SortedFunc(maps.Keys(x.lines), func(a, b [2]string) int { return slices.Compare(a[:], b[:]) }) {
		x.sheet.Lines = append(x.sheet.Lines, *x.lines[key])
	}
	return x.sheet
}

func (x *examination) found(f Finding) { x.sheet.Findings = append(x.sheet.Findings, f) }

// line is the line of an account and day.
func (x *examination) line(account channels.AccountID, kind channels.Kind, day string) *Balance {
	key := [2]string{day, string(account)}
	if x.lines[key] == nil {
		x.lines[key] = &Balance{Day: day, Account: account}
	}
	if kind != "" {
		x.lines[key].Kind = kind
	}
	return x.lines[key]
}

func (x *examination) day(at time.Time) string { return at.In(x.q.Zone).Format(time.DateOnly) }

// within reports whether the sheet is about this time.
func (x *examination) within(at time.Time) bool { return !at.Before(x.q.From) && at.Before(x.q.Until) }

// in is "($after+1, …)" for some values, and the values as arguments.
func in[T ~string](after int, values []T) (string, []any) {
	marks, args := make([]string, len(values)), make([]any, len(values))
	for i, v := range values {
		marks[i], args[i] = fmt.Sprintf("$%d", after+i+1), string(v)
	}
	return "(" + strings.Join(marks, ", ") + ")", args
}

// list runs a query and scans every row.
func list[T any](ctx context.Context, q db.Querier, scan func(*sql.Rows) (T, error), query string, args ...any) ([]T, error) {
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

func scanText[T ~string](rows *sql.Rows) (s T, err error) { return s, rows.Scan(&s) }
