// Package live is the unified inbox as it is worked now, in Redis: who waits, who is here, what is offered, what just happened.
//
// It is the only importer of go-redis. Nothing in it must be true tomorrow: the record is (promise 2). Flush Redis and Rebuild puts
// every open conversation back from the record; until then every call answers ErrNoEpoch. It never decides who gets a
// conversation (the router does) and never writes to the record: what it is told comes from the journal, and of what an agent
// accepts it holds the room until the journal confirms it.
//
// The program opens one Inbox per process and runs a Relay and a Guard on every node. All keys carry one hash tag, so that each
// script is atomic on a cluster too. Scripts are in lua/, with the layout of the keys in lib.lua; every one may be repeated safely.
package live

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"sportello/channels"
	"sportello/inbox"
)

// The errors that callers tell apart.
var (
	ErrNoEpoch    = errors.New("live: the inbox is empty and must be rebuilt")
	ErrGap        = errors.New("live: the position is too old or of another epoch")
	ErrNotWaiting = errors.New("live: the conversation does not wait any more")
	ErrNoRoom     = errors.New("live: the agent has no room")
	ErrNotHere    = errors.New("live: the agent is not available")
	ErrOfferGone  = errors.New("live: the offer has ended")
	ErrBehind     = errors.New("live: an earlier event of the conversation is missing")
	ErrExcluded   = fmt.Errorf("%w: he declined or missed this one lately", ErrNotHere)
)

// Position is a place in the feed. Epoch changes with every rebuild; Offset grows by one with every entry.
type Position struct {
	Epoch  string `json:"epoch"`
	Offset int64  `json:"offset"`
}

// Entry is one thing of the feed, as agents' sockets get it: a journal event of a conversation, or a change of the live inbox.
type Entry struct {
	Position
	Type         string               `json:"type"`         // a journal.Type, or one of the types below
	Conversation inbox.ConversationID `json:"conversation"` // "" when it is of none
	Agent        inbox.AgentID        `json:"agent"`        // who must get it even without the conversation; "" for none
	Audience     Audience             `json:"audience"`
	At           time.Time            `json:"at"`
	Seq          int64                `json:"-"`     // of a journal event, in its stream; else 0
	Event        json.RawMessage      `json:"event"` // journal.Event or one of Offer, AgentState
}

// AppendJSON appends the entry as JSON. Event is taken as it stands.
func (e Entry) AppendJSON(to []byte) ([]byte, error) {
	event := e.Event
	e.Event = nil
	head, err := json.Marshal(e) // ends with "event":null}
	if err != nil {
		return to, fmt.Errorf("entry %d: %w", e.Offset, err)
	}
	if event == nil {
		return append(to, head...), nil
	}
	to = append(to, head[:len(head)-len("null}")]...)
	return append(append(to, event...), '}'), nil
}

// Audience is who may see an entry: the assignee, the agents of the queue, those to whom it is offered, and managers.
type Audience struct {
	Queue       inbox.QueueID `json:"queue,omitempty"`
	Assignee    inbox.AgentID `json:"assignee,omitempty"`
	Former      inbox.AgentID `json:"former,omitempty"`       // who had it before this event, so that his screen learns of it
	FormerQueue inbox.QueueID `json:"former_queue,omitempty"` // where it waited before, when that was another queue
	All         bool          `json:"all,omitempty"`
}

// The types of entries that the live inbox makes itself.
const (
	EntryOffer    = "offer.made"  // Event is an Offer; for its agent
	EntryOfferEnd = "offer.ended" // Event is an OfferEnd; for its agent
	EntryAgent    = "agent.state" // Event is an AgentState; for everybody
)

// Presence is what an agent chose. The effective state follows from it, from the lease and from the work at hand.
type Presence string

// The presences.
const (
	Offline   Presence = "offline"
	Available Presence = "available"
	Away      Presence = "away"
)

// Profile is what the router must know of an agent, written by the hub whenever the agent is announced.
type Profile struct {
	ID       inbox.AgentID         `json:"id"`
	Name     string                `json:"name"`
	Queues   []inbox.QueueID       `json:"queues"`
	Skills   []inbox.Requirement   `json:"skills"`
	Capacity map[channels.Kind]int `json:"capacity"` // conversations at once, by channel
	Factor   int                   `json:"factor"`   // multiplies the time to accept an offer; 1 is normal
}

// AgentState is an agent as he is now.
type AgentState struct {
	Profile
	Presence  Presence              `json:"presence"`
	Reason    string                `json:"reason,omitempty"` // why away: a word of the agent, or "missed" after missed offers
	Since     time.Time             `json:"since"`            // of the presence
	Connected bool                  `json:"connected"`        // a socket's lease runs
	LostAt    time.Time             `json:"lost_at,omitzero"` // when the lease lapsed
	IdleSince time.Time             `json:"idle_since"`       // reset by accepted work and by login only (A1)
	Load      map[channels.Kind]int `json:"load"`             // open conversations and pending offers, by channel
	Missed    int                   `json:"missed"`           // consecutive offers that expired
}

// Room reports whether one more conversation of the kind fits.
func (a AgentState) Room(k channels.Kind) bool { return a.Load[k] < a.Capacity[k] }

// Item is a conversation that waits, with who must not be offered it now.
type Item struct {
	inbox.Conversation
	Excluded map[inbox.AgentID]time.Time `json:"excluded,omitempty"` // declined or missed this one: not before
	Offer    *Offer                      `json:"offer,omitempty"`    // pending; such an item is not matched
}

// Offer is a conversation held for an agent until he answers or it expires. While it is pending it takes his room (O1).
type Offer struct {
	ID           string             `json:"id"`
	Conversation inbox.Conversation `json:"conversation"`
	Agent        inbox.AgentID      `json:"agent"`
	MadeAt       time.Time          `json:"made_at"`
	Expires      time.Time          `json:"expires"`
	Decision     *inbox.Decision    `json:"decision,omitempty"`
	Claimed      bool               `json:"claimed,omitempty"` // accepted or taken, and not yet assigned in the record; ID may be ""
}

// OfferEnd says how an offer ended for its agent: accepted, declined, expired, lost, rescinded, taken, or lapsed
// when it was accepted and the record never confirmed it.
type OfferEnd struct {
	Offer        string               `json:"offer"`
	Conversation inbox.ConversationID `json:"conversation"`
	Agent        inbox.AgentID        `json:"agent"`
	How          string               `json:"how"`
	Missed       int                  `json:"missed,omitempty"` // consecutive, after this one
}

// Snapshot is the inbox at one moment: what the policy decides on and what a console starts from. Waiting includes those offered.
type Snapshot struct {
	Position Position
	Waiting  []Item
	Agents   []AgentState
	At       time.Time
}
