package channels

import (
	"slices"
	"strings"
	"time"
)

// Outbound is one message that is to leave: the frozen envelope of an outbox row. A Sender reads nothing else.
type Outbound struct {
	ID      string    `json:"id"` // the outbox row's id; stays the same at every attempt
	Account AccountID `json:"account"`
	Kind    Kind      `json:"kind"`

	From Address   `json:"from"` // how we sign: the mailbox, the number, the agent's public name in Name
	To   []Address `json:"to"`
	Cc   []Address `json:"cc,omitempty"`
	Bcc  []Address `json:"bcc,omitempty"` // mail: they get it, and nobody is shown that they do

	Subject string `json:"subject,omitempty"`
	Text    string `json:"text"`
	HTML    string `json:"html,omitempty"`
	Parts   []Part `json:"parts,omitempty"`

	Thread Thread `json:"thread"`         // MessageID is fixed when the row is written and is the same at every attempt
	Auto   Auto   `json:"auto,omitempty"` // mail that no person wrote leaves under the null sender; AutoList is one that a person wrote to many
	Locale string `json:"locale,omitempty"`

	// Done are recipients of whom an earlier attempt has brought an answer that is final: they stand in the header, and the mail is
	// not handed over for them again.
	Done []string `json:"done,omitempty"`

	// Of the mail of a campaign: its name, the list as consents name it, that list's RFC 2919 identifier ("news.example.it"), and how
	// its receiver ends the list.
	Campaign    string       `json:"campaign,omitempty"`
	List        string       `json:"list,omitempty"`
	ListID      string       `json:"list_id,omitempty"`
	Unsubscribe *Unsubscribe `json:"unsubscribe,omitempty"`

	// Conversation, Message and Seq say which message of the record this is; chat shows it under that position. Since is as in
	// Accepted, 0 when not known.
	Conversation string    `json:"conversation"`
	Message      string    `json:"message"`
	Seq          int64     `json:"seq"`
	Since        int64     `json:"since,omitempty"`
	At           time.Time `json:"at"`
	Attempt      int       `json:"-"` // 1 at the first attempt
}

// Recipients are all whom the message goes to, each once, in order.
func (o Outbound) Recipients() []string {
	var all []string
	for _, a := range slices.Concat(o.To, o.Cc, o.Bcc) {
		if !slices.ContainsFunc(all, func(known string) bool { return strings.EqualFold(known, a.Value) }) {
			all = append(all, a.Value)
		}
	}
	return all
}

// Pending are the Recipients that are not Done.
func (o Outbound) Pending() []string {
	return slices.DeleteFunc(o.Recipients(), o.IsDone)
}

// IsDone reports whether a recipient is among Done.
func (o Outbound) IsDone(recipient string) bool {
	return slices.ContainsFunc(o.Done, func(known string) bool { return strings.EqualFold(known, recipient) })
}

// Unsubscribe is how the receiver of a campaign ends it (RFC 2369, RFC 8058). URL is https and takes a POST without a question; Mail is
// an address of ours. Either may be empty.
type Unsubscribe struct {
	URL  string `json:"url,omitempty"`
	Mail string `json:"mail,omitempty"`
}

// State is where an outgoing message stands. Its rank only grows, save that a terminal failure may follow anything but Read.
type State string

// The states of an outgoing message.
const (
	StateQueued    State = "queued"    // waits for us or at the provider
	StateSending   State = "sending"   // an attempt has been written down and not been settled
	StateSent      State = "sent"      // taken by the provider or the next mail server
	StateDelivered State = "delivered" // reached the customer's device or mailbox
	StateRead      State = "read"
	StateFailed    State = "failed"   // will not arrive
	StateUnknown   State = "unknown"  // may or may not have left; settled by a later receipt
	StateCanceled  State = "canceled" // withdrawn before it left
)

// Rank orders the states in which a message makes progress: queued 1 … read 5. Failed, unknown and canceled have rank 0.
func (s State) Rank() int {
	switch s {
	case StateQueued:
		return 1
	case StateSending:
		return 2
	case StateSent:
		return 3
	case StateDelivered:
		return 4
	case StateRead:
		return 5
	}
	return 0
}

// After reports whether a receipt that says next may replace s (M-12: late, repeated and reordered receipts never go backwards).
func (s State) After(next State) bool {
	switch {
	case next == s, s == StateRead, s == StateCanceled, next == StateCanceled:
		return false
	case next == StateFailed:
		return true
	case s == StateFailed:
		return next == StateDelivered || next == StateRead
	case next == StateUnknown:
		return s == StateQueued || s == StateSending
	case s == StateUnknown:
		return next.Rank() >= StateSent.Rank()
	}
	return next.Rank() > s.Rank()
}

// Receipt is later news of an outgoing message. It names the message by OutboxID, or by External within Account, or, for mail, by
// the Message-ID in MessageID; the first that is not empty is used. A receipt that matches nothing yet is parked and matched later.
type Receipt struct {
	Account   AccountID
	Kind      Kind
	OutboxID  string
	External  string
	MessageID string
	Recipient string // the address it speaks of, "" for all
	State     State
	Fault     *Fault // with StateFailed
	At        time.Time
	Meta      map[string]string
}
