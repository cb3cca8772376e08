// Package customer knows who a customer is, how he may be reached and what he has allowed.
//
// Identities are resolved by normalised address; an address that was only declared never opens another person's history. Consent is
// a ledger that is only added to. Reach is a pure function: it is asked at the moment of sending, and by the composer before that.
package customer

import (
	"time"

	"sportello/channels"
)

// ID is a UUIDv7 in text.
type ID string

// Purpose is what a message is sent for. Consent is given by purpose.
type Purpose string

// The purposes.
const (
	Service   Purpose = "service"   // answers and what a contract needs
	Marketing Purpose = "marketing" // needs consent on every channel
)

// Customer is who somebody is, with everything that Reach needs.
type Customer struct {
	ID         ID          `json:"id"`
	Name       string      `json:"name"`
	Locale     string      `json:"locale,omitempty"`
	Zone       string      `json:"zone,omitempty"`
	Tier       string      `json:"tier,omitempty"`
	Note       string      `json:"note,omitempty"`
	Identities []Identity  `json:"identities"`
	Preference *Preference `json:"preference,omitempty"`
	Consents   []Consent   `json:"consents,omitempty"` // newest first
	CreatedAt  time.Time   `json:"created_at"`

	// Seq is the last position of the customer's own stream: as long as it stands, nothing above has changed by anybody's doing.
	Seq int64 `json:"-"`
}

// Identity is one address of a customer.
type Identity struct {
	ID             string             `json:"id"`
	Kind           channels.Kind      `json:"kind"`
	Value          string             `json:"value"`
	Name           string             `json:"name,omitempty"`
	Proof          channels.Proof     `json:"proof"`
	Owner          bool               `json:"owner"`
	SuppressedAt   time.Time          `json:"suppressed_at,omitzero"`
	SuppressedCode string             `json:"suppressed_code,omitempty"`
	LastInAt       time.Time          `json:"last_in_at,omitzero"`
	LastOutAt      time.Time          `json:"last_out_at,omitzero"`
	LastAccount    channels.AccountID `json:"last_account,omitempty"`
}

// Preference is the channel that the customer wishes, and the hours in which he wishes no message (minutes after local midnight;
// From may be greater than To). QuietFrom == QuietTo means none.
type Preference struct {
	Channel   channels.Kind `json:"channel"`
	Source    string        `json:"source"` // stated or inferred
	QuietFrom int           `json:"quiet_from,omitempty"`
	QuietTo   int           `json:"quiet_to,omitempty"`
	UpdatedAt time.Time     `json:"updated_at"`
}

// Consent is one row of the consent ledger. An empty Kind, Address, Account, Purpose or List covers every one.
type Consent struct {
	ID       string             `json:"id"`
	Kind     channels.Kind      `json:"kind,omitempty"`
	Address  string             `json:"address,omitempty"`
	Account  channels.AccountID `json:"account,omitempty"`
	Purpose  Purpose            `json:"purpose,omitempty"`
	List     string             `json:"list,omitempty"` // one mailing list of the house
	Granted  bool               `json:"granted"`
	Source   string             `json:"source"` // message, agent, provider, page, import, one_click
	SourceID string             `json:"source_id,omitempty"`
	Wording  string             `json:"wording,omitempty"`
	Actor    string             `json:"actor"`
	At       time.Time          `json:"at"`
}

// Code says why a channel may or may not be used. The console turns it into a sentence (console.md 2.6).
type Code string

// The codes of a usable option.
const (
	CodePreferred      Code = "preferred"    // the customer's preferred channel
	CodeLastInbound    Code = "last_inbound" // he last wrote from here
	CodeConversation   Code = "conversation" // the channel of this conversation
	CodeAvailable      Code = "available"    // may be used, nothing more to say
	CodeVisitorHere    Code = "visitor_here" // he is in the chat now
	CodeUnverified     Code = "unverified_address"
	CodeVisitorLeft    Code = "visitor_left"    // chat: gone; another channel is used, or the message waits for him
	CodePreferredOther Code = "preferred_other" // chosen although another is preferred, because that one cannot be used
)

// The codes of an option that may not be used.
const (
	CodeConsentMissing   Code = "consent_missing"   // marketing without consent
	CodeConsentWithdrawn Code = "consent_withdrawn" // STOP and the like
	CodeSuppressed       Code = "suppressed"        // the address bounced
	CodeNoAddress        Code = "no_address"        // no address of this kind is known
	CodeNoAccount        Code = "no_account"        // we have no account on this channel
	CodeOneWay           Code = "one_way"           // an alphanumeric sender cannot be answered
	CodeProviderDown     Code = "provider_down"
	CodeQuietHours       Code = "quiet_hours"   // usable later: see Until
	CodePrefersOther     Code = "prefers_other" // marketing by another channel than the one that he stated
	CodeStopped          Code = "stopped"       // of a campaign that was stopped
)

// Option is one channel, with the address that would be used.
type Option struct {
	Kind      channels.Kind      `json:"kind"`
	Account   channels.AccountID `json:"account,omitempty"`
	Address   string             `json:"address,omitempty"`
	Usable    bool               `json:"usable"`
	Preferred bool               `json:"preferred,omitempty"`
	Codes     []Code             `json:"codes"`            // first the deciding one
	At        time.Time          `json:"at,omitzero"`      // what a code speaks of: last inbound, withdrawn, left
	Until     time.Time          `json:"until,omitzero"`   // quiet hours end
	Detail    string             `json:"detail,omitempty"` // such as the word the customer sent: STOP
}

// Verdict is the answer of Reach: every channel with its reason, and which one to use.
type Verdict struct {
	Options []Option  `json:"options"` // every channel, in the order of channels.Kinds
	Chosen  int       `json:"chosen"`  // index into Options, -1 when none can be used
	Code    Code      `json:"code"`    // the deciding reason for Chosen, or why there is none
	At      time.Time `json:"at"`      // when it was asked
	Seq     int64     `json:"-"`       // Customer.Seq when it was asked
}

// Pick is the chosen option, and whether there is one.
func (v Verdict) Pick() (Option, bool) {
	if v.Chosen < 0 || v.Chosen >= len(v.Options) {
		return Option{}, false
	}
	return v.Options[v.Chosen], true
}

// Option is the option of a channel.
func (v Verdict) Option(k channels.Kind) (Option, bool) {
	for _, o := range v.Options {
		if o.Kind == k {
			return o, true
		}
	}
	return Option{}, false
}

// Ask is everything that Reach is a function of, besides the time.
type Ask struct {
	Customer     Customer
	Purpose      Purpose
	List         string                       // the mailing list that the message is of, or ""
	Conversation Context                      // zero when a message is to be sent outside any conversation
	Accounts     map[channels.Kind]AccountFor // our account on each channel that this customer would be written from
	Down         map[channels.AccountID]time.Time
	Visitors     map[string]Visitor // by chat address
	Zone         string             // IANA zone of the house, for customers whose own is not known; "" is UTC
	Want         channels.Kind      // "": choose
	Pinned       bool               // Want was chosen by a person: never choose another
}

// Context is what matters of a conversation.
type Context struct {
	Kind     channels.Kind      // the channel it began on
	Account  channels.AccountID // and the account
	LastKind channels.Kind      // channel of the customer's last message
	LastFrom string             // address of the customer's last message
	LastInAt time.Time
}

// AccountFor is one of our accounts.
type AccountFor struct {
	ID channels.AccountID
}

// Visitor is whether a chat visitor is connected now.
type Visitor struct {
	Here   bool
	LeftAt time.Time // zero if unknown
}
