package live

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"sportello/channels"
	"sportello/inbox"
	"sportello/inbox/inboxtest"
	"sportello/inbox/journal"
)

// Whatever happens in whatever order: nobody has more than fits, load is what is counted, no conversation has two owners, none is
// missing, and a snapshot that was kept up to date equals one that is read afresh.
func TestAnyOrderKeepsTheInvariants(t *testing.T) {
	inboxtest.Redises(t, func(t *testing.T, addr string) {
		kept, fresh := built(t, addr), openAt(t, addr)
		rapid.Check(t, func(r *rapid.T) {
			if err := kept.Rebuild(t.Context(), record{}); err != nil {
				r.Fatal(err)
			}
			kept.seq = map[inbox.ConversationID]int64{}
			w := world{kept, r, map[inbox.ConversationID]inbox.Conversation{}, nil}
			for i := range 3 {
				kept.arrives(agentN(i), 2)
			}
			r.Repeat(map[string]func(*rapid.T){
				"message": w.message, "move": w.move, "offer": w.offer, "accept": w.accept, "decline": w.decline, "claim": w.claim,
				"expire": w.expire, "presence": w.presence, "disconnect": w.disconnect,
				"": func(r *rapid.T) { w.check(r, fresh) },
			})
		})
	})
}

func agentN(i int) inbox.AgentID { return inbox.AgentID(fmt.Sprint("agent", i)) }

type world struct {
	*desk
	r      *rapid.T
	open   map[inbox.ConversationID]inbox.Conversation
	offers []Offer
}

func (w *world) some(r *rapid.T) inbox.Conversation {
	c := chat(rapid.IntRange(0, 5).Draw(r, "conversation"))
	if known, ok := w.open[c.ID]; ok {
		return known
	}
	return c
}

func (w *world) set(r *rapid.T, c inbox.Conversation, typ journal.Type) {
	if n, err := w.Apply(w.t.Context(), []journal.Event{w.event(c, typ)}); err != nil || n != 1 {
		r.Fatalf("apply: %d, %v", n, err)
	}
	if w.open[c.ID] = c; c.State == inbox.Closed {
		delete(w.open, c.ID)
	}
}

func (w *world) message(r *rapid.T) { w.set(r, w.some(r), journal.Received) }

func (w *world) move(r *rapid.T) {
	c := w.some(r)
	c.State = rapid.SampledFrom([]inbox.ConversationState{inbox.New, inbox.Waiting, inbox.Assigned, inbox.Closed}).Draw(r, "state")
	c.Queue = rapid.SampledFrom([]inbox.QueueID{"vendite", "assistenza"}).Draw(r, "queue")
	c.Assignee = ""
	if c.State == inbox.Assigned {
		c.Assignee = w.agent(r)
	}
	w.set(r, c, journal.Transferred)
}

func (w *world) agent(r *rapid.T) inbox.AgentID { return agentN(rapid.IntRange(0, 2).Draw(r, "agent")) }

func (w *world) allow(r *rapid.T, err error) bool {
	for _, e := range []error{ErrNotWaiting, ErrNotHere, ErrNoRoom, ErrOfferGone} {
		if errors.Is(err, e) {
			return false
		}
	}
	if err != nil {
		r.Fatal(err)
	}
	return true
}

func (w *world) offer(r *rapid.T) {
	o, err := w.Offer(w.t.Context(), w.some(r).ID, w.agent(r), 20*time.Second, nil)
	if w.allow(r, err) {
		w.offers = append(w.offers, o)
	}
}

func (w *world) accept(r *rapid.T) {
	if len(w.offers) > 0 {
		o := rapid.SampledFrom(w.offers).Draw(r, "offer")
		_, err := w.Accept(w.t.Context(), o.ID, o.Agent)
		w.allow(r, err)
	}
}

func (w *world) decline(r *rapid.T) {
	if len(w.offers) > 0 {
		o := rapid.SampledFrom(w.offers).Draw(r, "offer")
		_, err := w.Decline(w.t.Context(), o.ID, o.Agent)
		w.allow(r, err)
	}
}

func (w *world) claim(r *rapid.T) {
	_, err := w.Claim(w.t.Context(), w.some(r).ID, w.agent(r), false)
	w.allow(r, err)
}

func (w *world) expire(r *rapid.T) {
	now := w.clock.move(time.Duration(rapid.IntRange(0, 700).Draw(r, "seconds")) * time.Second)
	if _, err := w.Expire(w.t.Context(), now); err != nil {
		r.Fatal(err)
	}
}

func (w *world) presence(r *rapid.T) {
	p := rapid.SampledFrom([]Presence{Available, Away, Offline}).Draw(r, "presence")
	if _, err := w.SetPresence(w.t.Context(), w.agent(r), p, ""); err != nil {
		r.Fatal(err)
	}
}

func (w *world) disconnect(r *rapid.T) {
	a := w.agent(r)
	if err := w.Disconnect(w.t.Context(), a, "tab"); err != nil {
		r.Fatal(err)
	}
	if rapid.Bool().Draw(r, "comes back") {
		if unknown, err := w.Heartbeat(w.t.Context(), []Tab{{a, "tab"}}, 24*time.Hour); err != nil || len(unknown) > 0 {
			r.Fatal(unknown, err)
		}
	}
}

func (w *world) check(r *rapid.T, fresh *desk) {
	fresh.cache.at = Position{}
	fresh.clock.mu.Lock()
	fresh.clock.at = w.now()
	fresh.clock.mu.Unlock()
	a, err := w.Snapshot(w.t.Context())
	if err != nil {
		r.Fatal(err)
	}
	b, err := fresh.Snapshot(w.t.Context())
	if err != nil {
		r.Fatal(err)
	}
	if !reflect.DeepEqual(a, b) {
		r.Fatalf("kept  %+v\nfresh %+v", a, b)
	}
	load, holds := map[inbox.AgentID]int{}, map[inbox.AgentID]int{}
	var waiting []inbox.ConversationID
	for _, it := range a.Waiting {
		waiting = append(waiting, it.ID)
		if it.Offer != nil {
			load[it.Offer.Agent]++
			holds[it.Offer.Agent]++
		}
	}
	var want []inbox.ConversationID
	for id, c := range w.open {
		if c.State == inbox.Waiting {
			want = append(want, id)
		}
		if c.State == inbox.Assigned {
			load[c.Assignee]++
		}
	}
	slices.Sort(waiting)
	slices.Sort(want)
	if !slices.Equal(waiting, want) {
		r.Fatalf("waiting %v, want %v", waiting, want)
	}
	for _, s := range a.Agents {
		if s.Load[channels.Chat] != load[s.ID] {
			r.Fatalf("%s: load %d, counted %d", s.ID, s.Load[channels.Chat], load[s.ID])
		}
		if holds[s.ID] > 2 {
			r.Fatalf("%s holds %d, room for 2", s.ID, holds[s.ID])
		}
	}
}

// BenchmarkSnapshot is the state of routing.md's reference: 10 000 waiting, 500 agents, one change between two snapshots.
func BenchmarkSnapshot(b *testing.B) {
	for _, server := range []string{"miniredis", "redis"} {
		b.Run(server, func(b *testing.B) {
			addr := ""
			if server == "redis" {
				addr = inboxtest.Redis(b)
			} else {
				at, stop, err := Embedded(b.Context())
				if err != nil {
					b.Fatal(err)
				}
				defer stop()
				addr = at
			}
			cs := make([]inbox.Conversation, 10_000)
			for i := range cs {
				cs[i] = chat(i)
				cs[i].ID = inbox.ConversationID(newID())
			}
			d := built(b, addr, cs...)
			for i := range 500 {
				d.arrives(agentN(i), 3)
			}
			d.snapshot()
			for b.Loop() {
				d.waits(cs[0])
				d.snapshot()
			}
		})
	}
}
