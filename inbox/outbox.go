package inbox

import (
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
	Holder       string // who leased it
	CreatedAt    time.Time
}

// Outbox is what waits to leave. Only the dispatcher takes rows from it. It is safe for concurrent use, also by several programs.
type Outbox struct {
	db      *db.DB
	journal *journal.Journal
	ledger  *Ledger
	now     func() time.Time
}

// NewOutbox makes the outbox of a ledger.
func NewOutbox(d *db.DB, j *journal.Journal, l *Ledger, now func() time.Time) *Outbox {
	return &Outbox{db: d, journal: j, ledger: l, now: now}
}

// Changed returns a channel that is closed when a row of this process may have become due.
func (o *Outbox) Changed() <-chan struct{} { return o.ledger.outbox.Changed() }

// Wake rings Changed.
func (o *Outbox) Wake() { o.ledger.outbox.Ring() }
