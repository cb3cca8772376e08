// Package inbox is the ledger of conversations: the one gate through which messages enter the record (Ledger.Accept) and the one
// place where a conversation changes state; and the outbox, which holds what waits to leave.
//
// It imports the record (db, journal, blob, customer) and never Redis, a provider or HTTP. Every verb of the Ledger is one
// transaction that changes the rows, appends the events and, for replies, writes the outbox row; afterwards the journal is woken.
package inbox

import (
	"strings"
	"time"

	"sportello/channels"
	"sportello/inbox/customer"
	"sportello/inbox/journal"
)

// ConversationID and MessageID are UUIDv7 in text.
type (
	ConversationID string
	MessageID      string
	AgentID        string // "" is nobody
	QueueID        string // a short word, as used in rules
)

// ConversationState is where a conversation stands in the record. Offers live in Redis only: an offered conversation is waiting here.
type ConversationState string

// The states. New has no queue yet; waiting has a queue and no assignee; assigned has an assignee.
const (
	New      ConversationState = "new"
	Waiting  ConversationState = "waiting"
	Assigned ConversationState = "assigned"
	Closed   ConversationState = "closed"
)

// Requirement is a skill with the least level (0-5) that will do.
type Requirement struct {
	Skill string `json:"skill"`
	Level int    `json:"level"`
}

// Conversation is one row of the ledger. Its JSON form is what events, the live inbox and the console carry.
type Conversation struct {
	ID              ConversationID     `json:"id"`
	Number          int64              `json:"number"`
	Customer        customer.ID        `json:"customer"`
	CustomerName    string             `json:"customer_name"`              // as known when the event was written
	CustomerContact string             `json:"customer_contact,omitempty"` // of a customer without a name: a mail address or number of his
	CustomerTier    string             `json:"customer_tier,omitempty"`
	Locale          string             `json:"locale,omitempty"` // the customer's
	Kind            channels.Kind      `json:"kind"`             // the channel it began on
	Account         channels.AccountID `json:"account"`
	Subject         string             `json:"subject,omitempty"`
	State           ConversationState  `json:"state"`
	Queue           QueueID            `json:"queue,omitempty"`
	Priority        int                `json:"priority"` // 0-100, 50 is normal
	Skills          []Requirement      `json:"skills,omitempty"`
	Assignee        AgentID            `json:"assignee,omitempty"`
	Sticky          AgentID            `json:"sticky,omitempty"` // who had it last
	RulesVersion    int64              `json:"rules_version,omitempty"`
	Disposition     string             `json:"disposition,omitempty"`
	Previous        ConversationID     `json:"previous,omitempty"`
	LastKind        channels.Kind      `json:"last_kind,omitempty"` // channel of the last customer message
	LastFrom        string             `json:"last_from,omitempty"` // the address it came from
	LastSeq         int64              `json:"last_seq"`
	LastMessageSeq  int64              `json:"last_message_seq"`
	Preview         string             `json:"preview"` // at most 140 characters of the last message that is not a note
	LastInAt        time.Time          `json:"last_in_at,omitzero"`
	LastOutAt       time.Time          `json:"last_out_at,omitzero"`
	QueuedAt        time.Time          `json:"queued_at,omitzero"`     // the routing clock: since the customer began to wait; zero while new for the first time
	WaitingSince    time.Time          `json:"waiting_since,omitzero"` // zero: answered
	CreatedAt       time.Time          `json:"created_at"`
	ClosedAt        time.Time          `json:"closed_at,omitzero"`
	MergedInto      ConversationID     `json:"merged_into,omitempty"` // where it goes on, which may be merged itself; it is closed then
	MergedAt        time.Time          `json:"merged_at,omitzero"`
}

// Direction says which way a message goes.
type Direction string

// The directions. A note never leaves the house.
const (
	In   Direction = "in"
	Out  Direction = "out"
	Note Direction = "note"
)

// Author says who wrote a message.
type Author struct {
	Kind string `json:"kind"` // customer, agent, system
	ID   string `json:"id"`
	Name string `json:"name"`
}

// Message is one message of a conversation.
type Message struct {
	ID           MessageID          `json:"id"`
	Conversation ConversationID     `json:"conversation"`
	Customer     customer.ID        `json:"customer"`
	Seq          int64              `json:"seq"`
	Direction    Direction          `json:"direction"`
	Kind         channels.Kind      `json:"kind,omitempty"`
	AskedKind    channels.Kind      `json:"asked_kind,omitempty"` // out: the channel asked for, when another was used
	Account      channels.AccountID `json:"account,omitempty"`
	ClientID     string             `json:"client_id,omitempty"`
	Author       Author             `json:"author"`
	From         channels.Address   `json:"from,omitzero"`
	To           []channels.Address `json:"to,omitempty"`
	Cc           []channels.Address `json:"cc,omitempty"`
	Subject      string             `json:"subject,omitempty"`
	Text         string             `json:"text"`
	HTML         string             `json:"-"` // sanitised; fetched by itself, never in events
	HasHTML      bool               `json:"has_html,omitempty"`
	RemoteImages bool               `json:"remote_images,omitempty"` // the HTML has images on other servers, fetched only when asked for
	Parts        []channels.Part    `json:"parts,omitempty"`
	Raw          channels.BlobID    `json:"raw,omitempty"`
	Proof        channels.Proof     `json:"proof,omitempty"`
	Auto         channels.Auto      `json:"auto,omitempty"`
	Flaw         string             `json:"flaw,omitempty"`
	Details      channels.Details   `json:"details,omitzero"`
	State        channels.State     `json:"state,omitempty"` // out
	Fault        *channels.Fault    `json:"fault,omitempty"`
	SentAt       time.Time          `json:"sent_at,omitzero"`
	At           time.Time          `json:"at"`
}

// aboutHTML says of a message what HTML it has, which itself is not sent along. The sanitiser writes such addresses as data-src. A
// message that was decrypted and may have been changed on its way has none: a picture's address could carry away what it says.
func (m *Message) aboutHTML() {
	unsure := m.Details.Crypt != nil && m.Details.Crypt.Unprotected
	m.HasHTML, m.RemoteImages = m.HTML != "", strings.Contains(m.HTML, ` data-src="`) && !unsure
}

// Change is the Data of every event of a conversation's stream: the conversation as it is after the event, and what the event is
// about. The live inbox needs nothing else: it stores Conversation as it stands, if Seq is newer than what it has.
type Change struct {
	Conversation Conversation    `json:"conversation"`
	Message      *Message        `json:"message,omitempty"`     // received, replied, noted, corrected
	Delivery     *DeliveryChange `json:"delivery,omitempty"`    // delivery, redirected
	Decision     *Decision       `json:"decision,omitempty"`    // queued, offered, unmatched, assigned
	Marked       *Marked         `json:"marked,omitempty"`      // marked
	Related      *Related        `json:"related,omitempty"`     // branched: the conversation that was begun; merged, joined, split, parted: the other one
	From         AgentID         `json:"from,omitempty"`        // transferred, reopened, requeued: who had it
	Reason       string          `json:"reason,omitempty"`      // stable code: transfer, agent_lost, expired, declined, customer_wrote …
	Detail       string          `json:"detail,omitempty"`      // words of a person, such as why it was declined
	Disposition  string          `json:"disposition,omitempty"` // closed
}

// Related is another conversation.
type Related struct {
	ID     ConversationID `json:"id"`
	Number int64          `json:"number"`
	Of     MessageID      `json:"of"` // branched: the message from which it was begun
}

// DeliveryChange says what became of an outgoing message.
type DeliveryChange struct {
	Message MessageID         `json:"message"`
	Seq     int64             `json:"seq"` // of the message
	State   channels.State    `json:"state"`
	Kind    channels.Kind     `json:"kind"`
	Fault   *channels.Fault   `json:"fault,omitempty"`
	Verdict *customer.Verdict `json:"verdict,omitempty"` // redirected: why the other channel
	Reports []channels.Report `json:"reports,omitempty"` // Message.Details.Reports, when they changed
}

// Decision is why the router did something, complete enough to be recomputed and to be printed as a sentence in any language.
type Decision struct {
	RulesVersion int64            `json:"rules_version"`
	Rule         string           `json:"rule,omitempty"` // name of the matched rule, "" for the last one
	RuleIndex    int              `json:"rule_index"`     // from 1; 0 when no rule was asked
	Skipped      []SkippedRule    `json:"skipped,omitempty"`
	Queue        QueueID          `json:"queue,omitempty"`
	Agent        AgentID          `json:"agent,omitempty"`
	AgentName    string           `json:"agent_name,omitempty"`
	Reason       string           `json:"reason"`           // stable code: longest_idle, sticky, only_one, taken, transferred, nobody …
	Skills       []Requirement    `json:"skills,omitempty"` // the required ones, with the agent's own levels
	IdleSeconds  int64            `json:"idle_seconds,omitempty"`
	WaitSeconds  int64            `json:"wait_seconds,omitempty"`
	Excluded     []ExcludedAgents `json:"excluded,omitempty"`
	Offer        string           `json:"offer,omitempty"`
	Expires      time.Time        `json:"expires,omitzero"`
}

// SkippedRule is a rule that did not match.
type SkippedRule struct {
	Index int    `json:"index"`
	Name  string `json:"name"`
}

// ExcludedAgents are those that one reason rules out. Agents holds at most five names; Count counts all.
type ExcludedAgents struct {
	Code   string   `json:"code"` // AT_CAPACITY, AWAY, NO_SKILL, NOT_IN_QUEUE, MISSED_THIS_ONE … (console.md 3.3)
	Agents []string `json:"agents"`
	Count  int      `json:"count"`
}

// ActorOf is how an agent is named in the journal.
func ActorOf(a AgentID) journal.Actor { return journal.Actor("agent:" + string(a)) }
