// Package journal is the record of what happened: an append-only list of events, in streams whose numbers have no gaps.
//
// Every change of the record appends its event in the same transaction (promise 3). Everything downstream follows the journal:
// the live inbox through Pending and Relayed, a customer's timeline through Timeline, sockets through the live inbox's feed.
// Nothing here is ever changed or deleted. Append is called by the rooms that change the record; nobody else writes.
package journal

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Type names what happened. It is stored, so a value never changes its meaning.
type Type string

// The events of a conversation's stream. Each carries in Data one of the structs of package inbox (Change).
const (
	Opened      Type = "conversation.opened"    // first event of a conversation
	Received    Type = "message.received"       // a customer wrote
	Replied     Type = "message.replied"        // a reply was written and queued to leave
	Noted       Type = "message.noted"          // an internal note
	Corrected   Type = "message.corrected"      // a message was read anew from its raw form and says something else now
	Delivery    Type = "message.delivery"       // the delivery state of an outgoing message changed
	Redirected  Type = "message.redirected"     // it leaves by another channel than asked for, and why
	Queued      Type = "conversation.queued"    // placed in a queue by a rule or by hand
	Offered     Type = "conversation.offered"   // offered to an agent, with the decision
	OfferEnded  Type = "conversation.offer_end" // declined, expired, lost
	Unmatched   Type = "conversation.unmatched" // nobody could be chosen, with the reasons
	Assigned    Type = "conversation.assigned"  // an agent has it
	Transferred Type = "conversation.transferred"
	Closed      Type = "conversation.closed"
	Reopened    Type = "conversation.reopened"
	Linked      Type = "conversation.linked"   // its anonymous customer turned out to be a known one
	AutoStopped Type = "automatic.stopped"     // an automatic message was not sent, or may be again, and why
	Marked      Type = "message.marked"        // somebody did something to a customer's message in a program of his own
	Branched    Type = "conversation.branched" // a conversation with the sender of a mail that was passed on was begun
	Merged      Type = "conversation.merged"   // it goes on in another one
	Joined      Type = "conversation.joined"   // another one was merged into it
	Split       Type = "conversation.split"    // it stands by itself again
	Parted      Type = "conversation.parted"   // one that was merged into it stands by itself again
)

// The events of other streams.
const (
	CustomerChanged Type = "customer.changed" // name, identity, preference or consent; stream customer:<id>
	RulesPublished  Type = "rules.published"  // stream rules
)

// Actor says who did it: "agent:<id>", "customer:<id>", "system", "rules:<version>", "provider:<account>".
type Actor string

// Stream names a stream: "conversation:<id>", "customer:<id>" or "rules".
type Stream string

// ConversationStream is the stream of a conversation.
func ConversationStream(id string) Stream { return Stream("conversation:" + id) }

// CustomerStream is the stream of a customer.
func CustomerStream(id string) Stream { return Stream("customer:" + id) }

// Conversation is the id of the conversation whose stream this is, or "".
func (s Stream) Conversation() string {
	id, _ := strings.CutPrefix(string(s), "conversation:")
	if id == string(s) {
		return ""
	}
	return id
}

// Event is one thing that happened. (Stream, Seq) is its position; ID is unique over all streams and sorts by time.
type Event struct {
	Stream   Stream          `json:"stream"`
	Seq      int64           `json:"seq"`
	ID       string          `json:"id"`
	Customer string          `json:"customer,omitempty"`
	Type     Type            `json:"type"`
	Actor    Actor           `json:"actor"`
	At       time.Time       `json:"at"`
	Data     json.RawMessage `json:"data"`

	// Content is a digest of the message that the event brings, or "". It binds what Data does not carry, such as its HTML, into the
	// chain. It is written and never read back by this package.
	Content string `json:"-"`

	value any
}

// Value is what Of made Data from, or nil for an event that was read from the record. It spares decoding Data.
func (e Event) Value() any { return e.value }

// JSON is the event as JSON. Data is taken as it stands.
func (e Event) JSON() ([]byte, error) {
	data := e.Data
	e.Data = nil
	head, err := json.Marshal(e) // ends with "data":null}
	if err != nil {
		return nil, fmt.Errorf("event %s/%d: %w", e.Stream, e.Seq, err)
	}
	const end = "null}"
	return append(append(slices.Grow(head, len(data))[:len(head)-len(end)], data...), '}'), nil
}

// Position is a place in a stream.
type Position struct {
	Stream Stream
	Seq    int64
}
