package router

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"sportello/channels"
	"sportello/inbox"
	"sportello/inbox/live"
)

// generated snapshots: few names, so that they meet.
func snapshots(t *rapid.T) live.Snapshot {
	qs := []inbox.QueueID{"vendite", "assistenza", "resi"}
	kinds := channels.Kinds()
	var s live.Snapshot
	for i := range rapid.IntRange(0, 6).Draw(t, "agents") {
		a := agent(fmt.Sprintf("a%d", i), time.Duration(rapid.IntRange(-3600, 3600).Draw(t, "idle"))*time.Second)
		a.Presence = rapid.SampledFrom([]live.Presence{live.Available, live.Available, live.Available, live.Away, live.Offline}).Draw(t, "presence")
		a.Connected = rapid.IntRange(0, 4).Draw(t, "connected") > 0
		a.Queues = rapid.SliceOfDistinct(rapid.SampledFrom(qs), rapid.ID).Draw(t, "queues")
		for _, k := range kinds {
			a.Capacity[k] = rapid.IntRange(0, 3).Draw(t, "capacity")
			a.Load[k] = rapid.IntRange(0, 3).Draw(t, "load")
		}
		if rapid.Bool().Draw(t, "skilled") {
			a.Skills = []inbox.Requirement{{Skill: "tedesco", Level: rapid.IntRange(0, 5).Draw(t, "level")}}
		}
		s.Agents = append(s.Agents, a)
	}
	for i := range rapid.IntRange(0, 12).Draw(t, "items") {
		it := item(fmt.Sprintf("c%02d", i), rapid.SampledFrom(kinds).Draw(t, "kind"), time.Duration(rapid.IntRange(-600, 7200).Draw(t, "waits"))*time.Second)
		it.Queue = rapid.SampledFrom(qs).Draw(t, "queue")
		it.Priority = rapid.IntRange(0, 100).Draw(t, "priority")
		if rapid.IntRange(0, 3).Draw(t, "needs") == 0 {
			it.Skills = []inbox.Requirement{{Skill: "tedesco", Level: rapid.IntRange(0, 5).Draw(t, "need")}}
		}
		if len(s.Agents) > 0 {
			who := s.Agents[rapid.IntRange(0, len(s.Agents)-1).Draw(t, "who")].ID
			switch rapid.IntRange(0, 5).Draw(t, "past") {
			case 0:
				it.Sticky = who
			case 1:
				it.Excluded = map[inbox.AgentID]time.Time{who: noon.Add(time.Duration(rapid.IntRange(-60, 600).Draw(t, "until")) * time.Second)}
			case 2:
				it.Offer = &live.Offer{ID: "o" + string(it.ID), Agent: who}
			}
		}
		s.Waiting = append(s.Waiting, it)
	}
	return s
}

// Tests 2, 3 and 6, K1, S1, A3: nobody gets what he may not have, nothing is forgotten, and every decision is small and complete.
func TestMatchKeepsItsInvariants(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, p := snapshots(t), DefaultPolicy()
		before := fmt.Sprintf("%+v", s)
		got := Match(s, p, noon)
		if fmt.Sprintf("%+v", s) != before {
			t.Fatal("the snapshot was changed")
		}
		waiting := 0
		offers := map[inbox.AgentID]int{}
		for _, it := range s.Waiting {
			if it.Offer != nil {
				offers[it.Offer.Agent]++
			} else {
				waiting++
			}
		}
		if len(got) != waiting {
			t.Fatalf("%d pairings for %d items", len(got), waiting)
		}
		load := map[string]int{}
		for _, pairing := range got {
			raw, err := json.Marshal(pairing.Decision)
			if err != nil || len(raw) > MaxDecision || pairing.Decision.Reason == "" || pairing.Decision.WaitSeconds < 0 || pairing.Decision.IdleSeconds < 0 {
				t.Fatalf("decision %s (%v)", raw, err)
			}
			if pairing.Agent == "" {
				continue
			}
			a := s.Agents[slices.IndexFunc(s.Agents, func(a live.AgentState) bool { return a.ID == pairing.Agent })]
			it := s.Waiting[slices.IndexFunc(s.Waiting, func(it live.Item) bool { return it.ID == pairing.Conversation.ID })]
			kind := pairing.Conversation.Kind
			load[string(a.ID)+string(kind)]++
			if a.Load[kind]+load[string(a.ID)+string(kind)] > a.Capacity[kind] {
				t.Fatalf("%s has %d of %d and got %d", a.ID, a.Load[kind], a.Capacity[kind], load[string(a.ID)+string(kind)])
			}
			if a.Presence != live.Available || !a.Connected {
				t.Fatalf("%s is %s, connected %v", a.ID, a.Presence, a.Connected)
			}
			if it.Excluded[a.ID].After(noon) && !pairing.Forgive {
				t.Fatalf("%s declined it", a.ID)
			}
			if it.Sticky != a.ID && !slices.Contains(a.Queues, it.Queue) {
				t.Fatalf("%s is not in %s", a.ID, it.Queue)
			}
			if pairing.Mode == ModeOffer {
				if offers[a.ID]++; offers[a.ID] > 1 {
					t.Fatalf("%s has two offers", a.ID)
				}
			}
		}
	})
}

// A4: the answer does not depend on the order in which the snapshot lists things.
func TestA4MatchIsDeterministic(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := snapshots(t)
		want := Match(s, DefaultPolicy(), noon)
		s.Waiting = rapid.Permutation(s.Waiting).Draw(t, "waiting")
		got := Match(s, DefaultPolicy(), noon)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatal(diff)
		}
	})
}

// Tests 1 and 7: whoever becomes free serves the first in order that he can take; no one behind it goes before.
func TestP1FreedCapacityServesTheOldestFirst(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := snapshots(t)
		got := Match(s, DefaultPolicy(), noon)
		for i, skipped := range got {
			if skipped.Agent != "" || skipped.Decision.Reason == ReasonStickyWait {
				continue
			}
			it := s.Waiting[slices.IndexFunc(s.Waiting, func(it live.Item) bool { return it.ID == skipped.Conversation.ID })]
			for _, later := range got[i+1:] {
				same := later.Conversation.Queue == it.Queue && later.Conversation.Kind == it.Kind &&
					cmp.Equal(later.Conversation.Skills, it.Skills)
				if same && later.Agent != "" && later.Conversation.Sticky == "" && !it.Excluded[later.Agent].After(noon) {
					t.Fatalf("%s went to %s before %s", later.Conversation.ID, later.Agent, it.ID)
				}
			}
		}
	})
}

// Test 9: the order does not depend on the clock, and a clock that jumps back or forth neither panics nor hands out what it must not.
func TestP9ClockJumpsDoNotReorder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := snapshots(t)
		var orders [3][]inbox.ConversationID
		for i, jump := range []time.Duration{-time.Hour, 0, time.Hour} {
			for _, p := range Match(s, DefaultPolicy(), noon.Add(jump)) {
				orders[i] = append(orders[i], p.Conversation.ID)
			}
		}
		if diff := cmp.Diff(orders[0], orders[2]); diff != "" || !slices.Equal(orders[0], orders[1]) {
			t.Fatal(diff)
		}
	})
}

// D1: an endless stream of urgent work does not starve the least urgent: nothing that came more than the head start later goes first.
func TestD1NobodyStarves(t *testing.T) {
	p := DefaultPolicy()
	bound := 100 * p.HeadStart
	low := item("low", channels.Chat, 0)
	low.Priority = 0
	a := agent("anna", time.Minute)
	a.Capacity[channels.Chat] = 1
	s := live.Snapshot{Waiting: []live.Item{low}, Agents: []live.AgentState{a}}
	now := noon
	for n := 0; ; n++ {
		now = now.Add(time.Minute) // one urgent conversation a minute, and one served a minute: there is always one waiting
		high := item(fmt.Sprintf("high%04d", n), channels.Chat, 0)
		high.Priority, high.QueuedAt = 100, now
		s.Waiting = append(s.Waiting, high)
		served := -1
		for _, pairing := range Match(s, p, now) {
			if pairing.Agent != "" {
				served = slices.IndexFunc(s.Waiting, func(it live.Item) bool { return it.ID == pairing.Conversation.ID })
			}
		}
		if served < 0 {
			t.Fatal("nobody was served")
		}
		if s.Waiting[served].ID == "low" {
			if n == 0 {
				t.Error("priority means nothing")
			}
			return
		}
		if now.Sub(noon) > bound+time.Minute {
			t.Fatalf("starved for %s", now.Sub(noon))
		}
		s.Waiting = slices.Delete(s.Waiting, served, served+1)
	}
}

// Test 4: equal agents get equal work. Arrivals, handling times and capacity are simulated for a day; Jain's index must be ≥ 0.98.
func TestP4EqualAgentsGetEqualLoad(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := DefaultPolicy()
		p.Modes = map[channels.Kind]Mode{channels.Chat: ModeAssign}
		s := live.Snapshot{}
		for i := range rapid.IntRange(2, 8).Draw(t, "agents") {
			s.Agents = append(s.Agents, agent(fmt.Sprintf("a%d", i), 0))
		}
		type open struct {
			agent int
			ends  time.Time
		}
		var running []open
		got := make([]float64, len(s.Agents))
		now := noon
		random := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		for n := range 100 * len(s.Agents) {
			now = now.Add(time.Duration(1+random.IntN(40)) * time.Second)
			running = slices.DeleteFunc(running, func(o open) bool {
				if o.ends.After(now) {
					return false
				}
				s.Agents[o.agent].Load[channels.Chat]--
				return true
			})
			it := item(fmt.Sprintf("c%05d", n), channels.Chat, 0)
			it.QueuedAt = now
			s.Waiting = append(s.Waiting, it)
			for _, pairing := range Match(s, p, now) {
				if pairing.Agent == "" {
					continue
				}
				i := slices.IndexFunc(s.Agents, func(a live.AgentState) bool { return a.ID == pairing.Agent })
				s.Agents[i].Load[channels.Chat]++
				s.Agents[i].IdleSince = now
				got[i]++
				running = append(running, open{i, now.Add(time.Duration(30+random.IntN(300)) * time.Second)})
				s.Waiting = slices.DeleteFunc(s.Waiting, func(w live.Item) bool { return w.ID == pairing.Conversation.ID })
			}
		}
		var sum, squares float64
		for _, x := range got {
			sum, squares = sum+x, squares+x*x
		}
		if jain := sum * sum / (float64(len(got)) * squares); jain < 0.98 {
			t.Fatalf("Jain %.4f: %v", jain, got)
		}
	})
}

// Decision latency at 500 agents and 10 000 waiting; the published bound is 20 ms (p99).
func BenchmarkMatch(b *testing.B) {
	var s live.Snapshot
	for i := range 500 {
		a := agent(fmt.Sprintf("a%03d", i), time.Duration(i)*time.Second)
		a.Queues = []inbox.QueueID{inbox.QueueID(fmt.Sprintf("q%02d", i%20))}
		if i%50 > 0 {
			a.Load[channels.Chat] = 3
		}
		s.Agents = append(s.Agents, a)
	}
	for i := range 10_000 {
		it := item(fmt.Sprintf("c%05d", i), channels.Chat, time.Duration(i*7919%3600)*time.Second)
		it.Queue = inbox.QueueID(fmt.Sprintf("q%02d", i%20))
		s.Waiting = append(s.Waiting, it)
	}
	p := DefaultPolicy()
	for b.Loop() {
		Match(s, p, noon)
	}
}
