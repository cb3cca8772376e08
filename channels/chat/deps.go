package chat

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"sportello/channels"
)

// From says who wrote a line, as a visitor may know it.
type From string

// The authors of a line.
const (
	FromVisitor From = "visitor"
	FromAgent   From = "agent"
	FromSystem  From = "system"
)

// Line is one message as the visitor sees it. Notes and routing never become lines.
type Line struct {
	Seq      int64  // position in the conversation's journal; grows, with holes
	ID       string // the message's id in the record
	ClientID string // of a visitor's line: the id that the browser gave it
	Outbox   string // of an agent's line that went by chat: the outbox row that receipts settle; "" for none
	From     From
	Name     string // the agent's public name; untrusted text
	Text     string // plain text
	At       time.Time
	State    channels.State // of an agent's line
	Parts    []channels.Part
}

// Talk is the visitor's current conversation after a position.
type Talk struct {
	Epoch   string // the conversation's id, "" when there is none
	Open    bool
	Reset   bool   // Lines is a snapshot that replaces what the browser has
	LastSeq int64  // the position after these lines
	Lines   []Line // in order of Seq
}

// Record answers what a visitor may see.
type Record interface {
	// Talk returns the visitor's current conversation: the lines after the position, or, with Reset, a snapshot when epoch is not the
	// current conversation or the gap is too large to replay. It includes every line that was committed before the call and has passed
	// the outbound gate (an outgoing message in state sending or later), whatever channel it went by. A visitor without a conversation
	// has the zero Talk.
	Talk(ctx context.Context, account channels.AccountID, visitor, epoch string, after int64) (Talk, error)
}

// Bus carries pushes between nodes. It may lose a message and may repeat one; it must not reorder one topic.
type Bus interface {
	Publish(ctx context.Context, topic string, payload []byte) error
	// Subscribe calls deliver for each payload until cancel is called; deliver does not block and must not keep the slice.
	Subscribe(ctx context.Context, topic string, deliver func([]byte)) (cancel func(), err error)
}

// Presence knows which visitors are connected, over all nodes.
type Presence interface {
	Here(ctx context.Context, account channels.AccountID, visitor string, ttl time.Duration) error
	Gone(ctx context.Context, account channels.AccountID, visitor string) error
	Present(ctx context.Context, account channels.AccountID, visitor string) (bool, error)
}

// Deps is what a Server works with. All but Claim, Typing and ClientIP are required.
type Deps struct {
	Sink     channels.Sink
	Record   Record
	Bus      Bus
	Presence Presence
	Log      *slog.Logger
	Now      func() time.Time

	// First returns who came first with a name, on whatever node: who himself if nobody did before, and he is remembered for life then.
	First func(ctx context.Context, name, who string, life time.Duration) (string, error)

	// Claim tells at once of addresses that a visitor proved or declared, where the conversation has already begun. The same claims
	// also go with the visitor's next message. May be nil.
	Claim func(ctx context.Context, account channels.AccountID, visitor string, claims []channels.Claim) error
	// Typing tells that the visitor is typing in a conversation; at most once in three seconds per connection. It must not block.
	// May be nil.
	Typing func(account channels.AccountID, visitor, conversation string)
	// ClientIP returns the visitor's address behind trusted proxies. Nil takes the connection's own.
	ClientIP func(*http.Request) string
}
