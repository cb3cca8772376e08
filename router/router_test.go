package router

import (
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"sportello/channels"
	"sportello/inbox"
	"sportello/inbox/inboxtest"
	"sportello/inbox/journal"
	"sportello/inbox/live"
)

func TestConversationIsPlacedOfferedAndAccepted(t *testing.T) {
	houses(t, func(t *testing.T, h *house) {
		r, _ := h.route("one")
		h.arrives("anna", 2)
		id := h.writes(channels.Chat)
		o := h.offerTo("anna")
		if o.Conversation.ID != id || o.Decision == nil || o.Decision.Reason != ReasonOnlyOne || o.Decision.Offer != o.ID {
			t.Fatalf("%+v", o)
		}
		inboxtest.Until(h, "the offer is written down", func() bool { return len(h.events(id, journal.Offered)) == 1 })
		for range 2 { // O2: the winner may repeat it
			c, err := r.AcceptOffer(t.Context(), o.ID, "anna")
			if err != nil || c.State != inbox.Assigned || c.Assignee != "anna" {
				t.Fatalf("%+v, %v", c, err)
			}
		}
		queued, assigned := h.events(id, journal.Queued), h.events(id, journal.Assigned)
		if len(queued) != 1 || queued[0].Decision == nil || queued[0].Decision.RulesVersion != 1 || queued[0].Decision.RuleIndex != 1 || queued[0].Actor != "rules:1" {
			t.Errorf("queued: %+v", queued)
		}
		if len(assigned) != 1 || assigned[0].Decision == nil || assigned[0].Decision.Offer != o.ID || assigned[0].Actor != "agent:anna" {
			t.Errorf("assigned: %+v", assigned)
		}
		if _, err := r.AcceptOffer(t.Context(), o.ID, "lea"); !errors.Is(err, live.ErrOfferGone) {
			t.Errorf("somebody else's offer: %v", err)
		}
	})
}

// Test 6: no agent online: work is stored and visible, with the reason, once.
func TestP6WithNobodyHereWorkWaitsVisibly(t *testing.T) {
	houses(t, func(t *testing.T, h *house) {
		h.route("one")
		id := h.writes(channels.Chat)
		inboxtest.Until(h, "the reason is written down", func() bool { return len(h.events(id, journal.Unmatched)) == 1 })
		if u := h.events(id, journal.Unmatched)[0]; u.Decision == nil || u.Decision.Reason != ReasonNobody {
			t.Errorf("%+v", u.Decision)
		}
		s, err := h.live.Snapshot(t.Context())
		if err != nil || len(s.Waiting) != 1 || s.Waiting[0].ID != id {
			t.Fatalf("%+v, %v", s.Waiting, err)
		}
		h.arrives("anna", 1)
		if o := h.offerTo("anna"); o.Conversation.ID != id {
			t.Errorf("%+v", o)
		}
		if n := len(h.events(id, journal.Unmatched)); n != 1 {
			t.Errorf("the reason was written down %d times", n)
		}
	})
}

func TestMailIsAssignedAtOnceAndOnlyAsMuchAsFits(t *testing.T) {
	houses(t, func(t *testing.T, h *house) {
		h.route("one")
		h.arrives("anna", 2)
		var ids []inbox.ConversationID
		for range 3 {
			ids = append(ids, h.writes(channels.Email))
			h.clock.Move(time.Millisecond)
		}
		for _, id := range ids[:2] {
			inboxtest.Until(h, "it is assigned", func() bool { return h.conversation(id).Assignee == "anna" })
		}
		inboxtest.Until(h, "the third is explained", func() bool { return len(h.events(ids[2], journal.Unmatched)) > 0 })
		u := h.events(ids[2], journal.Unmatched)
		if x := u[len(u)-1].Decision.Excluded; h.conversation(ids[2]).State != inbox.Waiting || len(x) != 1 || x[0].Code != AtCapacity || x[0].Agents[0] != "anna" {
			t.Errorf("%+v", x)
		}
		if len(h.events(ids[0], journal.Offered)) > 0 {
			t.Error("mail was offered")
		}
		// Test 1: freed capacity serves it.
		if _, err := h.ledger.Close(t.Context(), inbox.CloseCmd{Conversation: ids[0], Actor: "agent:anna", Disposition: "resolved"}); err != nil {
			t.Fatal(err)
		}
		inboxtest.Until(h, "the third is assigned", func() bool { return h.conversation(ids[2]).Assignee == "anna" })
	})
}

// O3, O4: an offer that is not answered goes to somebody else on its own clock; who misses two in a row is set away.
func TestO3O4MissedOffers(t *testing.T) {
	houses(t, func(t *testing.T, h *house) {
		h.arrives("anna", 3)
		h.clock.Move(time.Minute)
		h.arrives("lea", 3)
		r, _ := h.route("one")
		id := h.writes(channels.Chat)
		first := h.offerTo("anna")
		began := h.conversation(id).QueuedAt
		h.clock.Move(21 * time.Second)
		second := h.offerTo("lea")
		if second.Conversation.ID != id || !second.Conversation.QueuedAt.Equal(began) {
			t.Fatalf("%+v", second)
		}
		if _, err := r.AcceptOffer(t.Context(), first.ID, "anna"); !errors.Is(err, live.ErrOfferGone) {
			t.Errorf("accepted after its time: %v", err)
		}
		inboxtest.Until(h, "the end is written down", func() bool { return len(h.events(id, journal.OfferEnded)) == 1 })
		if e := h.events(id, journal.OfferEnded)[0]; e.Reason != "expired" || e.From != "anna" {
			t.Errorf("%+v", e)
		}
		if _, err := r.AcceptOffer(t.Context(), second.ID, "lea"); err != nil {
			t.Fatal(err)
		}
		h.writes(channels.Chat)
		h.offerTo("anna")
		h.clock.Move(21 * time.Second)
		inboxtest.Until(h, "anna is away", func() bool {
			agents, err := h.live.Agents(t.Context())
			return err == nil && slices.ContainsFunc(agents, func(a live.AgentState) bool { return a.ID == "anna" && a.Presence == live.Away && a.Reason == "missed" })
		})
	})
}

func TestDeclinedOfferGoesToTheNext(t *testing.T) {
	houses(t, func(t *testing.T, h *house) {
		h.arrives("anna", 3)
		h.clock.Move(time.Minute)
		h.arrives("lea", 3)
		r, _ := h.route("one")
		id := h.writes(channels.Chat)
		if err := r.DeclineOffer(t.Context(), h.offerTo("anna").ID, "anna", "language"); err != nil {
			t.Fatal(err)
		}
		if o := h.offerTo("lea"); o.Conversation.ID != id || o.Decision.Reason != ReasonOnlyOne || o.Decision.Excluded[0].Code != MissedThis {
			t.Errorf("%+v", o.Decision)
		}
		if e := h.events(id, journal.OfferEnded); len(e) != 1 || e[0].Reason != "declined" || e[0].Detail != "language" {
			t.Errorf("%+v", e)
		}
	})
}

// O6: who is gone for the grace time loses his chats, which go back with a boost; his mail stays.
func TestO6LostAgent(t *testing.T) {
	houses(t, func(t *testing.T, h *house) {
		r, _ := h.route("one")
		h.arrives("anna", 2)
		chat, mail := h.writes(channels.Chat), h.writes(channels.Email)
		if _, err := r.AcceptOffer(t.Context(), h.offerTo("anna").ID, "anna"); err != nil {
			t.Fatal(err)
		}
		inboxtest.Until(h, "the mail is hers", func() bool { return h.conversation(mail).Assignee == "anna" })
		inboxtest.Until(h, "the inbox knows that the chat is hers", func() bool {
			w, err := h.live.Work(t.Context(), "anna")
			return err == nil && len(w.Conversations) == 2
		})
		before := h.conversation(chat)
		if err := h.live.Disconnect(t.Context(), "anna", "tab"); err != nil {
			t.Fatal(err)
		}
		h.clock.Move(30 * time.Second)
		h.arrives("lea", 2)
		if c := h.conversation(chat); c.Assignee != "anna" {
			t.Fatalf("taken back within the grace: %+v", c)
		}
		h.clock.Move(31 * time.Second)
		o := h.offerTo("lea")
		if o.Conversation.ID != chat {
			t.Fatalf("%+v", o)
		}
		c := h.conversation(chat)
		if c.State != inbox.Waiting || c.Sticky != "anna" || c.Priority != before.Priority+boost || !c.QueuedAt.Equal(before.QueuedAt) {
			t.Errorf("%+v", c)
		}
		if h.conversation(mail).Assignee != "anna" {
			t.Error("the mail did not stay")
		}
	})
}

// A conversation that is passed on to a colleague is offered to him, also outside his queues; one that is passed on to a queue has
// no favourite any more.
func TestTransferToAColleagueAndToAQueue(t *testing.T) {
	houses(t, func(t *testing.T, h *house) {
		r, _ := h.route("one")
		h.arrives("anna", 2)
		id := h.writes(channels.Chat)
		if _, err := r.AcceptOffer(t.Context(), h.offerTo("anna").ID, "anna"); err != nil {
			t.Fatal(err)
		}
		p := live.Profile{ID: "lea", Name: "lea", Capacity: map[channels.Kind]int{channels.Chat: 1}, Factor: 1}
		if _, err := h.live.Announce(t.Context(), p, live.Available, "", "tab", time.Hour); err != nil {
			t.Fatal(err)
		}
		began := h.conversation(id).QueuedAt
		pass := func(cmd inbox.TransferCmd) {
			t.Helper()
			cmd.Conversation, cmd.Reason = id, "transfer"
			if _, err := h.ledger.Transfer(t.Context(), cmd); err != nil {
				t.Fatal(err)
			}
		}
		pass(inbox.TransferCmd{Actor: "agent:anna", ToAgent: "lea"})
		o := h.offerTo("lea")
		if o.Conversation.ID != id || !o.Conversation.QueuedAt.Equal(began) || o.Decision.Reason != ReasonSticky {
			t.Fatalf("%+v", o)
		}
		if _, err := r.AcceptOffer(t.Context(), o.ID, "lea"); err != nil {
			t.Fatal(err)
		}
		pass(inbox.TransferCmd{Actor: "agent:lea", ToQueue: "assistenza"})
		if o := h.offerTo("anna"); o.Conversation.Queue != "assistenza" || o.Decision.Reason != ReasonOnlyOne {
			t.Errorf("%+v", o.Decision)
		}
	})
}

// O5, K3: an agent may pull what waits, beyond his room; the pull of something that a colleague has is refused.
func TestTakeFromTheQueue(t *testing.T) {
	houses(t, func(t *testing.T, h *house) {
		r, _ := h.route("one")
		h.arrives("anna", 0)
		h.arrives("lea", 0)
		id := h.writes(channels.Chat)
		inboxtest.Until(h, "it waits", func() bool { return len(h.events(id, journal.Unmatched)) == 1 })
		c, err := r.Take(t.Context(), id, "anna")
		if err != nil || c.Assignee != "anna" {
			t.Fatalf("%+v, %v", c, err)
		}
		if e := h.events(id, journal.Assigned); len(e) != 1 || e[0].Decision.Reason != ReasonTaken {
			t.Errorf("%+v", e)
		}
		if _, err := r.Take(t.Context(), id, "lea"); !errors.Is(err, live.ErrNotWaiting) && !errors.Is(err, inbox.ErrTaken) {
			t.Errorf("taken twice: %v", err)
		}
	})
}

// S5: publishing rules concerns what is not placed yet; what waits is not moved silently. Every node reads the new version at once.
func TestS5PublishedRulesAreInForceForWhatComes(t *testing.T) {
	houses(t, func(t *testing.T, h *house) {
		one, _ := h.route("one")
		two, _ := h.route("two")
		old := h.writes(channels.Chat)
		inboxtest.Until(h, "it is placed", func() bool { return h.conversation(old).Queue == "vendite" })
		set, err := h.rules.Publish(t.Context(), 1, []Rule{{Name: "posta", When: `channel == "email"`, Queue: "vendite", Priority: 30}, last("assistenza")}, "anna", "prova")
		if err != nil {
			t.Fatal(err)
		}
		inboxtest.Until(h, "both nodes know", func() bool { return one.InForce().Version == set.Version && two.InForce().Version == set.Version })
		fresh := h.writes(channels.Chat)
		inboxtest.Until(h, "the next one goes elsewhere", func() bool { return h.conversation(fresh).Queue == "assistenza" })
		if c := h.conversation(old); c.Queue != "vendite" || c.RulesVersion != 1 {
			t.Errorf("moved: %+v", c)
		}
		if c := h.conversation(fresh); c.RulesVersion != 2 {
			t.Errorf("%+v", c)
		}
	})
}

// Tests 8 and 10: three routers, a storm of conversations, agents who accept, miss and decline, a router that is stopped in the middle
// and another that comes: every conversation has exactly one owner in the end, and nobody ever has more than he has room for.
func TestP8P10StormHasOneOwnerEach(t *testing.T) {
	noLeaks(t)
	houses(t, func(t *testing.T, h *house) {
		const conversations, agents, room = 40, 8, 5
		r, _ := h.route("one")
		_, stop := h.route("two")
		h.route("three")
		names := []inbox.AgentID{"a0", "a1", "a2", "a3", "a4", "a5", "a6", "a7"}
		for _, id := range names {
			h.arrives(string(id), room)
		}
		var ids []inbox.ConversationID
		for range conversations / 2 {
			ids = append(ids, h.writes(channels.Chat), h.writes(channels.Email))
		}
		done := make(chan struct{})
		var working sync.WaitGroup
		for n, id := range names {
			working.Go(func() {
				for turn := n; ; turn++ {
					select {
					case <-done:
						return
					case <-time.After(5 * time.Millisecond):
					}
					w, err := h.live.Work(h.ctx, id)
					if err != nil || w.Offer == nil {
						continue
					}
					if turn%7 == 0 {
						_ = r.DeclineOffer(h.ctx, w.Offer.ID, id, "busy")
						continue
					}
					if _, err := r.AcceptOffer(h.ctx, w.Offer.ID, id); err != nil && !errors.Is(err, live.ErrOfferGone) && !raced(err) {
						t.Errorf("accept: %v", err)
					}
				}
			})
		}
		stop()
		h.route("four")
		inboxtest.Until(h, "everything is assigned", func() bool {
			h.clock.Move(time.Second) // those who declined are asked again after a while
			return !slices.ContainsFunc(ids, func(id inbox.ConversationID) bool { return h.conversation(id).State != inbox.Assigned })
		})
		close(done)
		working.Wait()
		load := map[string]int{}
		for _, id := range ids {
			if n := len(h.events(id, journal.Assigned)); n != 1 {
				t.Errorf("%s was assigned %d times", id, n)
			}
			c := h.conversation(id)
			load[string(c.Assignee)+"/"+string(c.Kind)]++
		}
		for who, n := range load {
			if n > room {
				t.Errorf("%s has %d, room is %d", who, n, room)
			}
		}
	})
}

// Promise 2: Redis is emptied in the middle of offers. The inbox is rebuilt, agents are announced anew, and everything is assigned once.
func TestFlushedRedisLosesNothing(t *testing.T) {
	houses(t, func(t *testing.T, h *house) {
		r, _ := h.route("one")
		h.route("two")
		names := []inbox.AgentID{"anna", "lea"}
		for _, id := range names {
			h.arrives(string(id), 10)
		}
		var ids []inbox.ConversationID
		for range 10 {
			ids = append(ids, h.writes(channels.Chat))
		}
		accept := func(id inbox.AgentID) {
			if w, err := h.live.Work(h.ctx, id); err == nil && w.Offer != nil {
				_, _ = r.AcceptOffer(h.ctx, w.Offer.ID, id) // while Redis is being emptied anything may fail
			}
		}
		assigned := func() (n int) {
			for _, id := range ids {
				if h.conversation(id).State == inbox.Assigned {
					n++
				}
			}
			return n
		}
		inboxtest.Until(h, "some are assigned", func() bool { accept("anna"); return assigned() >= 3 })
		h.offerTo("lea")
		h.flush()
		inboxtest.Until(h, "all are assigned", func() bool {
			for _, id := range names {
				if unknown, err := h.live.Heartbeat(h.ctx, []live.Tab{{Agent: id, Socket: "tab"}}, time.Hour); err == nil && len(unknown) > 0 {
					h.arrives(string(id), 10)
				}
				accept(id)
			}
			return assigned() == len(ids)
		})
		for _, id := range ids {
			if n := len(h.events(id, journal.Assigned)); n != 1 {
				t.Errorf("%s was assigned %d times", id, n)
			}
		}
	})
}

func TestRunEndsWithItsContextAndLeavesNothing(t *testing.T) {
	noLeaks(t)
	houses(t, func(t *testing.T, h *house) {
		_, stop := h.route("one")
		h.writes(channels.Chat)
		stop()
	})
}
