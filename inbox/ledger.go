package inbox

import (
	"context"
	"sync/atomic"
	"time"

	"sportello/channels"
	"sportello/inbox/customer"
	"sportello/inbox/db"
	"sportello/inbox/gate"
	"sportello/inbox/journal"
)

// Account is one of our accounts, as messages are signed with it.
type Account struct {
	ID      channels.AccountID
	Kind    channels.Kind
	Address string // mailbox or number; "" for chat
	Name    string // shown to customers
	Domain  string // of Message-IDs; mail only
	Ack     *Ack   // mail only; nil: conversations begin without an acknowledgement

	AnsweredStops bool // mail only: who marks a mail as answered in a program of his own has answered it
}

// Config is what the ledger must know of the house.
type Config struct {
	Accounts     []Account     // the first of each kind is the one for customers who never wrote to another
	TokenKey     []byte        // signs reply tokens; at least 32 bytes
	ReopenWithin time.Duration // closed less long ago: reopened, else continued in a new conversation; 0 is 72 hours
	MailHold     time.Duration // how long a reply by mail waits before it leaves, so that its author can take it back; 0: not at all
	PerDomain    int           // automatic messages to one domain in an hour; 0 is 200
	SubjectTag   bool          // adds the conversation's number to the subject of mails
	TokenExpires time.Duration // after our last message, a reply token proves nothing by itself any more; 0: never
	Placer       Placer        // places conversations as they begin; nil: they stay new until Place
}

// Placer says where conversations are to wait that begin.
type Placer interface {
	// Placing is asked once in a transaction, q, that begins conversations. The function it returns decides on each as it is after its first
	// message; false leaves it new. An error fails the transaction.
	Placing(ctx context.Context, q db.Querier) (func(Conversation) (PlaceCmd, bool), error)
}

// Ledger is the one gate through which messages enter the record, and the one place where a conversation changes state.
// It implements channels.Sink. It is safe for concurrent use.
type Ledger struct {
	db       *db.DB
	journal  *journal.Journal
	book     *customer.Book
	now      func() time.Time
	cfg      Config
	arrivals *gate.Gate[channels.Inbound, *acceptance]
	acts     *gate.Gate[act, outcome]
	known    *gate.Lookup[ConversationID, known]
	outbox   journal.Bell // rung when an outbox row may have become due
	express  atomic.Pointer[Express]
}

var _ channels.Sink = (*Ledger)(nil)

// NewLedger makes the ledger of a record. now is asked for every time that is written down.
func NewLedger(d *db.DB, j *journal.Journal, book *customer.Book, cfg Config, now func() time.Time) *Ledger {
	if cfg.ReopenWithin == 0 {
		cfg.ReopenWithin = 72 * time.Hour
	}
	l := &Ledger{db: d, journal: j, book: book, now: now, cfg: cfg, arrivals: gate.New[channels.Inbound, *acceptance](),
		acts: gate.New[act, outcome]()}
	l.known = gate.NewLookup(l.findKnown)
	return l
}

// Account is one of our accounts by its id.
func (l *Ledger) Account(id channels.AccountID) (Account, bool) {
	for _, a := range l.cfg.Accounts {
		if a.ID == id {
			return a, true
		}
	}
	return Account{}, false
}

// Accounts chooses for each channel the account of ours that a customer would be written from: the one of this conversation, else
// the one he last wrote to, else the first.
func (l *Ledger) Accounts(of customer.Context, c customer.Customer) map[channels.Kind]customer.AccountFor {
	chosen := map[channels.Kind]customer.AccountFor{}
	for _, a := range l.cfg.Accounts {
		if _, ok := chosen[a.Kind]; !ok {
			chosen[a.Kind] = customer.AccountFor{ID: a.ID}
		}
	}
	last := map[channels.Kind]time.Time{}
	for _, i := range c.Identities {
		if a, ok := l.Account(i.LastAccount); ok && a.Kind == i.Kind && i.LastInAt.After(last[i.Kind]) {
			chosen[i.Kind], last[i.Kind] = customer.AccountFor{ID: a.ID}, i.LastInAt
		}
	}
	if a, ok := l.Account(of.Account); ok && a.Kind == of.Kind {
		chosen[of.Kind] = customer.AccountFor{ID: a.ID}
	}
	return chosen
}
