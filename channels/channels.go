// Package channels holds the words that every channel adapter shares: who wrote (Address), what came in (Inbound), what is to
// leave (Outbound), what became of it (Receipt), and what went wrong (Fault).
//
// It knows nothing of the record, of Redis or of any provider, and imports the standard library only. An adapter is handed a Sink
// and a Vault when it is built, takes messages in its Run method, and offers a Sender; it never calls anything to its right.
//
// The rule that binds every adapter (promise 1): the outside is told "received" only after Sink.Accept returned without error.
// Accept may be repeated with the same Account and External: the second call changes nothing and reports Duplicate.
package channels

import (
	"context"
	"io"
	"time"
)

// Kind names a channel. It is stored, so a value never changes its meaning.
type Kind string

// The channels that have an adapter.
const (
	Email Kind = "email"
	SMS   Kind = "sms"
	Chat  Kind = "chat"
)

// Kinds lists every channel in the order in which a person would expect to see them.
func Kinds() []Kind { return []Kind{Chat, Email, SMS} }

// AccountID names one configured account of a channel: a mailbox, a phone number, a chat inbox. It is unique over all channels.
type AccountID string

// BlobID is the lower-case hexadecimal SHA-256 of the bytes it names.
type BlobID string

// Vault keeps bytes by their content. Put may be repeated: the same bytes have the same id and are stored once.
// Raw messages are put before they are parsed, so that nothing a parser does can lose them.
type Vault interface {
	Put(ctx context.Context, r io.Reader) (id BlobID, size int64, err error)
	Open(ctx context.Context, id BlobID) (io.ReadCloser, error)
}

// Sink takes what adapters bring in. Both methods return only after the record has committed. A returned error means "not
// taken": the adapter must leave the message with the provider (bookmark stays, HTTP 5xx, no ack) so that it comes again.
type Sink interface {
	Accept(ctx context.Context, in Inbound) (Accepted, error)
	Settle(ctx context.Context, r Receipt) error
}

// Accepted says where a message went. Seq is its position in the conversation's journal, starting at 1. From Since to Seq the
// conversation has no other message that a chat visitor might be shown, now or later, so that one who has everything before Since can be
// shown this one next. Since is 0 when that is not known, as for a Duplicate.
type Accepted struct {
	Conversation string
	Message      string
	Seq          int64
	Since        int64
	Duplicate    bool
}

// Sender puts one message on the wire. It never retries by itself and never asks whether it may: the dispatcher has.
// A nil error means that the provider took it. An error is, or wraps, a *Fault; anything else counts as Temporary.
// ctx carries the deadline of the attempt.
type Sender interface {
	Send(ctx context.Context, out Outbound) (Sent, error)
}

// Finder is a Sender whose provider can be asked afterwards whether it took a message whose Send was Uncertain. since is when the
// attempt began; known reports provider's ids that belong to other messages of the record, so that the same words sent twice are told
// apart. found false without an error means that the provider lists no such message now, which is no proof that it never will. The
// Receipt names out.ID and is handed to Sink.Settle. Asking again changes nothing.
type Finder interface {
	Find(ctx context.Context, out Outbound, since time.Time, known func(external string) bool) (r Receipt, found bool, err error)
}

// Sent is what a provider answered when it took a message. Of a mail to several it may have taken it for some only, or for none, with
// something different to say of each: Failed has those, and the others have it.
type Sent struct {
	External string // the provider's id, by which later receipts name the message; may be empty
	State    State  // StateSent, or StateQueued where the provider only queued it
	Failed   []NotSent
}

// NotSent is a recipient for whom a mail was not taken, as the envelope names him, and why. An Uncertain fault says that it may have been.
type NotSent struct {
	Recipient string
	Fault     *Fault
}

// Bookmarks store an adapter's position at its provider. Load of a name never saved returns "", nil. Save is durable on return.
type Bookmarks interface {
	Load(ctx context.Context, account AccountID, name string) (string, error)
	Save(ctx context.Context, account AccountID, name, value string) error
}

// Health is how one account does, in a form that a person can be shown. Adapters publish it through a HealthSink.
type Health struct {
	Account     AccountID
	Kind        Kind
	OK          bool
	Code        string    // stable code: "ok", "auth", "network", "throttled", "quota", "closed", "tls", "protocol", "store", "folder"
	Folder      string    // of a mailbox, if it is one folder that fails
	Sending     bool      // of a mailbox: it is read, and nothing can be sent from it
	Detail      string    // technical detail for the operator's log; never shown to a customer, carries no secret
	Since       time.Time // not OK since; zero when OK. Filled in by whoever collects reports, not by adapters
	LastSuccess time.Time // zero if never
	Lag         int64     // messages known to be waiting at the provider; -1 if unknown
	Held        int       // messages that could not be taken in, and wait there for a person
	At          time.Time
}

// HealthSink receives each change of an account's health. It must not block.
type HealthSink func(Health)
