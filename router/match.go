package router

import (
	"cmp"
	"encoding/json"
	"time"

	"sportello/channels"
	"sportello/inbox"
	"sportello/inbox/live"
)

// Invariants of Match:
//   - An item that is offered already, or that does not wait, is left alone.
//   - An agent gets an item only if he is available, connected, serves the queue, has every skill, has room on the channel, did not
//     decline or miss this item lately and, where it is to be offered, is looking at no other offer.
//   - Items are served in Order. An item that nobody can take never holds up the ones behind it, and is never forgotten: it has
//     its own Pairing without an agent, with the reasons.
//   - Within one call an agent's room only shrinks. So a demand (queue, channel, skills) that found nobody once finds nobody later.

// Pairing is what is to be done about one waiting conversation. Agent "" means nobody now; Decision says why in both cases.
type Pairing struct {
	Conversation inbox.Conversation
	Agent        inbox.AgentID
	Mode         Mode
	Time         time.Duration // to accept, with ModeOffer
	Forgive      bool          // who declined it before is asked again: clear the exclusions first (O3)
	Decision     inbox.Decision
}

// Match pairs what waits with who is free. It is a pure function (A4): the same arguments give the same pairings in the same order.
// It does not change the snapshot.
func Match(s live.Snapshot, p Policy, now time.Time) []Pairing {
	f := newFloor(s, p, now)
	items := make([]*live.Item, 0, len(s.Waiting))
	for i := range s.Waiting {
		if it := &s.Waiting[i]; it.Offer == nil && it.State == inbox.Waiting {
			items = append(items, it)
		}
	}
	Order(items, p)
	out := make([]Pairing, len(items))
	for i, it := range items {
		out[i] = f.pair(it)
	}
	for i, it := range items {
		if out[i].Agent == "" {
			out[i].Decision.Excluded = f.excluded(it, "")
			if len(it.Excluded) > 0 { // the others have reasons that fit already
				out[i].Decision = Fit(out[i].Decision)
			}
		}
	}
	return out
}

// floor is the agents as they are while items are handed out.
type floor struct {
	policy  Policy
	now     time.Time
	seats   []*seat
	byID    map[inbox.AgentID]*seat
	demands map[string]*demand
}

// seat is an agent with the room he has left.
type seat struct {
	*live.AgentState
	taken   map[channels.Kind]int // by channel, in this call
	offered bool                  // looks at an offer
	idle    time.Time
}

// demand is what several items have in common, with those who could ever take it.
type demand struct {
	pool      []*seat
	unfit     []verdict // all others, with the reason
	exhausted bool      // nobody of pool has room any more
	reasons   []inbox.ExcludedAgents
}

type verdict struct {
	seat *seat
	code string
}

func newFloor(s live.Snapshot, p Policy, now time.Time) *floor {
	f := &floor{policy: p, now: now, byID: make(map[inbox.AgentID]*seat, len(s.Agents)), demands: map[string]*demand{}}
	for i := range s.Agents {
		a := &s.Agents[i]
		f.seats = append(f.seats, &seat{AgentState: a, idle: a.IdleSince})
		f.byID[a.ID] = f.seats[i]
	}
	for i := range s.Waiting {
		if o := s.Waiting[i].Offer; o != nil && !o.Claimed && f.byID[o.Agent] != nil {
			f.byID[o.Agent].offered = true
		}
	}
	return f
}

// pair finds who takes an item.
func (f *floor) pair(it *live.Item) Pairing {
	d := f.demand(it)
	out := Pairing{Conversation: it.Conversation, Mode: f.policy.Mode(live.KindOf(it.Conversation)), Decision: inbox.Decision{
		RulesVersion: it.RulesVersion, Queue: it.Queue, Reason: ReasonNobody,
		WaitSeconds: int64(waited(it.Conversation, f.now) / time.Second)}}
	chosen, reason, wait := f.sticky(it)
	if wait {
		out.Decision.Reason, out.Decision.AgentName = ReasonStickyWait, chosen.Name
		return out
	}
	if chosen == nil && !d.exhausted {
		chosen, reason, out.Forgive = f.choose(it, d)
	}
	if chosen == nil {
		return out
	}
	out.Agent = chosen.ID
	out.Time = f.policy.OfferTime * time.Duration(max(1, chosen.Factor))
	out.Decision.Agent, out.Decision.AgentName, out.Decision.Reason = chosen.ID, chosen.Name, reason
	out.Decision.Skills = matched(it.Skills, chosen.Skills)
	out.Decision.IdleSeconds = int64(max(0, f.now.Sub(chosen.idle)) / time.Second)
	out.Decision.Excluded = f.excluded(it, chosen.ID)
	out.Decision = Fit(out.Decision)
	f.seat(chosen, it, out.Mode)
	return out
}

// seat writes down that an agent gets an item.
func (f *floor) seat(s *seat, it *live.Item, mode Mode) {
	if s.taken == nil {
		s.taken = map[channels.Kind]int{}
	}
	s.taken[live.KindOf(it.Conversation)]++
	s.offered = s.offered || mode == ModeOffer
	s.idle = f.now
}

// sticky looks at the agent who had the conversation before, or to whom it was passed on: he gets it whatever his queues are.
// wait says that he is here and full, and that the time to wait for him has not passed (A2).
func (f *floor) sticky(it *live.Item) (s *seat, reason string, wait bool) {
	s = f.byID[it.Sticky]
	if it.Sticky == "" || s == nil || f.missed(it, s) || f.absent(s) != "" {
		return nil, "", false
	}
	if !it.LastOutAt.IsZero() && f.now.Sub(it.LastOutAt) > f.policy.StickyFor {
		return nil, "", false
	}
	if f.busy(it, s) == "" {
		return s, ReasonSticky, false
	}
	kind := live.KindOf(it.Conversation)
	if s.Capacity[kind] > 0 && waited(it.Conversation, f.now) < f.policy.StickyWait[kind] {
		return s, "", true
	}
	return nil, "", false
}

// choose takes the one of the pool who has been free for the longest. When everybody of the pool who is here has declined the item,
// and some time ago, they are asked a second time (O3).
func (f *floor) choose(it *live.Item, d *demand) (best *seat, reason string, forgive bool) {
	var free, again int
	var second *seat
	everybody, room := true, false
	for _, s := range d.pool {
		if f.absent(s) != "" {
			continue
		}
		missed := f.missed(it, s)
		everybody = everybody && missed
		if f.busy(it, s) != "" {
			continue
		}
		room = true
		switch {
		case !missed:
			free++
			best = longer(best, s)
		case f.policy.Cooldown-it.Excluded[s.ID].Sub(f.now) >= f.policy.SecondRound:
			again++
			second = longer(second, s)
		}
	}
	d.exhausted = !room
	if best == nil && everybody && second != nil {
		best, free, forgive = second, again, true
	}
	if best == nil {
		return nil, "", false
	}
	if free == 1 {
		return best, ReasonOnlyOne, forgive
	}
	return best, ReasonLongestIdle, forgive
}

// longer is the seat that has been free for longer; of two alike the one with less at hand, then the lower id (D3).
func longer(a, b *seat) *seat {
	if a == nil {
		return b
	}
	if c := cmp.Or(a.idle.Compare(b.idle), cmp.Compare(a.atHand(), b.atHand()), cmp.Compare(a.ID, b.ID)); c > 0 {
		return b
	}
	return a
}

func (s *seat) atHand() int {
	n := 0
	for _, k := range s.Load {
		n += k
	}
	for _, k := range s.taken {
		n += k
	}
	return n
}

// demand is the pool of an item; it is computed once for all items that ask for the same.
func (f *floor) demand(it *live.Item) *demand {
	key := string(it.Queue) + " " + string(live.KindOf(it.Conversation))
	if len(it.Skills) > 0 {
		raw, _ := json.Marshal(it.Skills) // of plain types: cannot fail
		key += " " + string(raw)
	}
	if d, ok := f.demands[key]; ok {
		return d
	}
	d := &demand{}
	for _, s := range f.seats {
		if code := unfit(it, s); code != "" {
			d.unfit = append(d.unfit, verdict{s, code})
			continue
		}
		d.pool = append(d.pool, s)
	}
	f.demands[key] = d
	return d
}
