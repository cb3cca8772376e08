package router

import (
	"cmp"
	"slices"
	"time"

	"sportello/channels"
	"sportello/inbox/live"
)

// Mode is how a conversation gets to an agent.
type Mode string

// The modes.
const (
	ModeOffer  Mode = "offer"  // he is asked, and has some seconds to accept (O5)
	ModeAssign Mode = "assign" // it is his at once
)

// Policy is what Match is a function of, besides the snapshot and the time. DefaultPolicy is where to begin.
type Policy struct {
	Modes       map[channels.Kind]Mode          // an absent channel is offered
	OfferTime   time.Duration                   // to accept an offer; an agent's factor multiplies it
	HeadStart   time.Duration                   // of one point of priority over the queue's order (D1)
	StickyWait  map[channels.Kind]time.Duration // how long a conversation waits for the agent who had it
	StickyFor   time.Duration                   // since the last answer: then nobody is waited for
	Cooldown    time.Duration                   // as configured in the live inbox: who declined or missed is left out so long
	SecondRound time.Duration                   // when everybody here has declined, they are asked once more after this
}

// DefaultPolicy is the policy of a house that said nothing. With a head start of 12 s a point, the most urgent conversation goes
// before whatever came up to 20 minutes earlier with priority 0, and never before anything older: nobody starves.
func DefaultPolicy() Policy {
	return Policy{
		Modes:       map[channels.Kind]Mode{channels.Email: ModeAssign},
		OfferTime:   20 * time.Second,
		HeadStart:   12 * time.Second,
		StickyWait:  map[channels.Kind]time.Duration{channels.Chat: 45 * time.Second, channels.SMS: 2 * time.Minute, channels.Email: 4 * time.Hour},
		StickyFor:   72 * time.Hour,
		Cooldown:    10 * time.Minute,
		SecondRound: time.Minute,
	}
}

// Mode is how conversations of a channel get to agents.
func (p Policy) Mode(k channels.Kind) Mode {
	if m, ok := p.Modes[k]; ok {
		return m
	}
	return ModeOffer
}

// place is where an item stands in the order: the moment it began to wait, moved back by its priority's head start. It does not
// depend on the present time, so that every item's turn comes nearer at the same pace and no jump of a clock reorders (D1, test 9).
func (p Policy) place(it *live.Item) time.Time {
	return entered(it.Conversation).Add(-time.Duration(it.Priority) * p.HeadStart)
}

// Order sorts what waits: by place, then by who waits longer, then by id (D3).
func Order(items []*live.Item, p Policy) {
	type keyed struct {
		at int64
		it *live.Item
	}
	keys := make([]keyed, len(items))
	for i, it := range items {
		keys[i] = keyed{p.place(it).UnixMilli(), it}
	}
	slices.SortFunc(keys, func(a, b keyed) int {
		if c := cmp.Compare(a.at, b.at); c != 0 {
			return c
		}
		if c := entered(a.it.Conversation).Compare(entered(b.it.Conversation)); c != 0 {
			return c
		}
		return cmp.Compare(a.it.ID, b.it.ID)
	})
	for i, k := range keys {
		items[i] = k.it
	}
}
