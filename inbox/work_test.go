package inbox_test

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"sportello/inbox"
	"sportello/inbox/journal"
)

func (h *house) place(id string, queue inbox.QueueID) (inbox.Conversation, error) {
	return h.ledger.Place(h.Context(), inbox.PlaceCmd{
		Conversation: inbox.ConversationID(id), Queue: queue, Priority: 70, Skills: []inbox.Requirement{{Skill: "italiano", Level: 3}},
		Decision: inbox.Decision{RulesVersion: 4, Rule: "Italian", RuleIndex: 1, Queue: queue, Reason: "rule"},
	})
}

// A conversation is placed, assigned, passed on and closed; the routing clock runs from the first queue to the end.
func TestLifeOfAConversation(t *testing.T) {
	houses(t, func(h *house) {
		id := h.accept(h.text("ciao")).Conversation
		queued := h.at // he waits since he wrote, however late the router comes
		h.pass(time.Hour)
		v, err := h.place(id, "sales")
		h.ok(err)
		if v.State != inbox.Waiting || v.Queue != "sales" || v.Priority != 70 || len(v.Skills) != 1 || !v.QueuedAt.Equal(queued) || v.RulesVersion != 4 {
			t.Fatalf("%+v", v)
		}
		if typ, ch := h.last(id); typ != journal.Queued || ch.Decision.Rule != "Italian" {
			t.Fatal(typ, ch)
		}
		h.pass(time.Minute)
		h.assign(id, marco)
		h.assign(id, marco)
		if v = h.conversation(id); v.State != inbox.Assigned || v.Assignee != marco || v.Queue != "sales" || !v.QueuedAt.Equal(queued) {
			t.Fatalf("%+v", v)
		}
		v, err = h.ledger.Transfer(h.Context(), inbox.TransferCmd{Conversation: v.ID, Actor: inbox.ActorOf(marco), ActorName: "Marco", ToAgent: giulia, Note: "yours", Reason: "skill"})
		h.ok(err)
		if v.State != inbox.Waiting || v.Sticky != giulia || v.Assignee != "" || v.Queue != "sales" || !v.QueuedAt.Equal(queued) {
			t.Fatalf("%+v", v)
		}
		if typ, ch := h.last(id); typ != journal.Transferred || ch.From != marco || ch.Reason != "skill" || ch.Detail != "yours" || ch.Decision.Agent != giulia {
			t.Fatal(typ, ch)
		}
		h.assign(id, giulia)
		v, err = h.ledger.Close(h.Context(), inbox.CloseCmd{Conversation: v.ID, Actor: inbox.ActorOf(giulia), Disposition: "solved", Note: "done"})
		h.ok(err)
		if v.State != inbox.Closed || v.Assignee != "" || v.Sticky != giulia || v.Disposition != "solved" || !v.ClosedAt.Equal(h.at) || !v.WaitingSince.IsZero() {
			t.Fatalf("%+v", v)
		}
		types, _ := h.changes(id)
		if !slices.Equal(types, []journal.Type{journal.Opened, journal.Received, journal.Queued, journal.Assigned, journal.Noted, journal.Transferred,
			journal.Assigned, journal.Noted, journal.Closed}) {
			t.Fatal(types)
		}
		h.pass(time.Hour)
		v, err = h.ledger.Reopen(h.Context(), inbox.ReopenCmd{Conversation: v.ID, Actor: inbox.ActorOf(marco), Reason: "mistake"})
		h.ok(err)
		if v.State != inbox.Waiting || v.Queue != "sales" || !v.QueuedAt.Equal(h.at) || v.Sticky != giulia {
			t.Fatalf("%+v", v)
		}
	})
}

// N4: a conversation does not close over what its agent has not seen.
func TestN4NothingClosesUnseen(t *testing.T) {
	houses(t, func(h *house) {
		id := h.accept(h.text("ciao")).Conversation
		h.assign(id, giulia)
		_, m := h.last(id)
		seen := m.Conversation.LastSeq
		h.accept(h.text("ancora una cosa"))
		cmd := inbox.CloseCmd{Conversation: inbox.ConversationID(id), Actor: inbox.ActorOf(giulia), Disposition: "solved", SeenSeq: seen}
		if _, err := h.ledger.Close(h.Context(), cmd); !errors.Is(err, inbox.ErrUnseen) {
			t.Fatal("closed over a message that was not seen:", err)
		}
		_, m = h.last(id)
		cmd.SeenSeq = m.Conversation.LastSeq
		v, err := h.ledger.Close(h.Context(), cmd)
		h.ok(err)
		if v.State != inbox.Closed {
			t.Fatalf("%+v", v)
		}
	})
}

// Repeating a verb whose result is there already does nothing.
func TestVerbsMayBeRepeated(t *testing.T) {
	houses(t, func(h *house) {
		id := h.accept(h.text("ciao")).Conversation
		cid := inbox.ConversationID(id)
		d := inbox.Decision{Offer: "o1", Agent: marco, Reason: "longest_idle"}
		nobody := inbox.Decision{Reason: "nobody", WaitSeconds: 1, Excluded: []inbox.ExcludedAgents{{Code: "AWAY", Agents: []string{"Marco"}, Count: 1}}}
		for n := range 3 {
			nobody.WaitSeconds = int64(n)
			_, err := h.place(id, "sales")
			h.ok(err)
			h.ok(h.ledger.Unmatched(h.Context(), map[inbox.ConversationID]inbox.Decision{cid: nobody}))
		}
		for range 3 {
			h.ok(h.ledger.Offered(h.Context(), cid, d))
		}
		for range 3 {
			h.ok(h.ledger.OfferEnded(h.Context(), cid, marco, "o1", "declined", "at lunch"))
		}
		nobody.Excluded[0].Code = "MISSED_THIS_ONE"
		h.ok(h.ledger.Unmatched(h.Context(), map[inbox.ConversationID]inbox.Decision{cid: nobody}))
		for range 3 {
			h.assign(id, giulia)
		}
		for range 3 {
			_, err := h.ledger.Requeue(h.Context(), inbox.RequeueCmd{Conversation: cid, Agent: giulia, Reason: "agent_lost"})
			h.ok(err)
		}
		h.ok(h.ledger.Unmatched(h.Context(), map[inbox.ConversationID]inbox.Decision{cid: nobody}))
		for range 3 {
			h.close(id)
		}
		types, all := h.changes(id)
		if !slices.Equal(types, []journal.Type{journal.Opened, journal.Received, journal.Queued, journal.Unmatched, journal.Offered, journal.OfferEnded,
			journal.Unmatched, journal.Assigned, journal.Queued, journal.Unmatched, journal.Closed}) {
			t.Fatal(types)
		}
		if ended := all[5]; ended.From != marco || ended.Reason != "declined" || ended.Detail != "at lunch" {
			t.Fatalf("%+v", ended)
		}
		if lost := all[8]; lost.From != giulia || lost.Reason != "agent_lost" || lost.Conversation.Sticky != giulia || lost.Conversation.State != inbox.Waiting {
			t.Fatalf("%+v", lost)
		}
		for range 2 {
			_, err := h.ledger.Reopen(h.Context(), inbox.ReopenCmd{Conversation: cid, Actor: "system"})
			h.ok(err)
		}
		if again, _ := h.changes(id); len(again) != len(types)+1 {
			t.Fatal(again)
		}
	})
}

// Every verb is refused from where it cannot be done.
func TestVerbsAreRefused(t *testing.T) {
	houses(t, func(h *house) {
		id := h.accept(h.text("ciao")).Conversation
		cid := inbox.ConversationID(id)
		transfer := func(actor inbox.AgentID, manager bool) error {
			_, err := h.ledger.Transfer(h.Context(), inbox.TransferCmd{Conversation: cid, Actor: inbox.ActorOf(actor), ToQueue: "sales", AsManager: manager})
			return err
		}
		want := func(name string, err, want error) {
			t.Helper()
			if !isRefused(err, want) {
				t.Errorf("%s: %v, want %v", name, err, want)
			}
		}
		_, err := h.ledger.Assign(h.Context(), inbox.AssignCmd{Conversation: cid})
		want("assign to nobody", err, inbox.ErrState)
		h.assign(id, marco)
		_, err = h.ledger.Assign(h.Context(), inbox.AssignCmd{Conversation: cid, Agent: giulia})
		want("assign what another has", err, inbox.ErrTaken)
		if got := fmt.Sprint(err); got != "assign conversation "+id+": inbox: taken by marco" {
			t.Error(got)
		}
		_, err = h.place(id, "sales")
		want("place what is assigned", err, inbox.ErrState)
		want("offer what is assigned", h.ledger.Offered(h.Context(), cid, inbox.Decision{Offer: "o"}), inbox.ErrState)
		h.ok(h.ledger.Unmatched(h.Context(), map[inbox.ConversationID]inbox.Decision{cid: {Reason: "nobody"}, "nothing": {Reason: "nobody"}}))
		if typ, _ := h.last(id); typ != journal.Assigned {
			t.Errorf("unmatched but assigned: %s", typ)
		}
		want("pass on what another has", transfer(giulia, false), inbox.ErrNotYours)
		_, err = h.ledger.Close(h.Context(), inbox.CloseCmd{Conversation: cid, Actor: inbox.ActorOf(giulia)})
		want("close what another has", err, inbox.ErrNotYours)
		_, err = h.ledger.Transfer(h.Context(), inbox.TransferCmd{Conversation: cid, Actor: inbox.ActorOf(marco)})
		want("pass on to nobody", err, inbox.ErrState)
		h.ok(transfer(giulia, true))
		h.close(id)
		want("pass on what is closed", transfer(marco, true), inbox.ErrClosed)
		_, err = h.ledger.Assign(h.Context(), inbox.AssignCmd{Conversation: cid, Agent: giulia})
		want("assign what is closed", err, inbox.ErrClosed)
		_, err = h.place(id, "sales")
		want("place what is closed", err, inbox.ErrClosed)
		_, err = h.ledger.Conversation(h.Context(), "nothing")
		want("read what is not there", err, inbox.ErrNotFound)
		_, err = h.ledger.Message(h.Context(), "nothing")
		want("read what is not there", err, inbox.ErrNotFound)
	})
}

// Of many conversations each is told once why it waits, and again when the reasons have changed.
func TestUnmatchedTogether(t *testing.T) {
	houses(t, func(h *house) {
		why := map[inbox.ConversationID]inbox.Decision{}
		for n := range 5 {
			id := h.accept(h.from(n, "ciao")).Conversation
			_, err := h.place(id, "sales")
			h.ok(err)
			why[inbox.ConversationID(id)] = inbox.Decision{Reason: "nobody", Excluded: []inbox.ExcludedAgents{{Code: "AWAY", Agents: []string{"Marco"}, Count: n}}}
		}
		want := map[inbox.ConversationID]int{}
		note := func() {
			h.ok(h.ledger.Unmatched(h.Context(), why))
			for id, d := range why {
				types, all := h.changes(string(id))
				if n := len(types); n != want[id] || types[n-1] != journal.Unmatched || all[n-1].Decision.Excluded[0].Count != d.Excluded[0].Count {
					t.Errorf("%v, want %d", types, want[id])
				}
			}
		}
		for id := range why {
			want[id] = 4 // opened, received, queued, unmatched
		}
		note()
		for id, d := range why {
			d.WaitSeconds++
			if why[id] = d; d.Excluded[0].Count == 3 {
				d.Excluded = []inbox.ExcludedAgents{{Code: "AWAY", Agents: []string{"Lea"}, Count: 3}}
				why[id], want[id] = d, 5
			}
		}
		note()
	})
}

// 16 agents take one conversation at once: one gets it, and the others hear who.
func TestOneOwner(t *testing.T) {
	houses(t, func(h *house) {
		id := h.accept(h.text("ciao")).Conversation
		var group sync.WaitGroup
		winners := make(chan inbox.AgentID, 16)
		for n := range 16 {
			group.Go(func() {
				agent := inbox.AgentID(fmt.Sprint("agent", n))
				_, err := h.ledger.Assign(h.Context(), inbox.AssignCmd{Conversation: inbox.ConversationID(id), Agent: agent})
				switch {
				case err == nil:
					winners <- agent
				case !isRefused(err, inbox.ErrTaken):
					t.Error(err)
				}
			})
		}
		group.Wait()
		close(winners)
		winner := <-winners
		if _, more := <-winners; more || h.conversation(id).Assignee != winner {
			t.Fatal("two owners")
		}
	})
}

// Open lists what is not closed, over more than one page, and stops at the first error.
func TestOpenListsWhatIsNotClosed(t *testing.T) {
	houses(t, func(h *house) {
		const n = 5
		for i := range n {
			in := h.text("ciao")
			in.From.Value = fmt.Sprintf("+39333000000%d", i)
			id := h.accept(in).Conversation
			if i == 0 {
				h.close(id)
			}
		}
		seen := 0
		h.ok(h.ledger.Open(h.Context(), func(v inbox.Conversation) error {
			seen++
			if v.State == inbox.Closed {
				t.Error("closed")
			}
			return nil
		}))
		if seen != n-1 {
			t.Fatal(seen)
		}
		if err := h.ledger.Open(h.Context(), func(inbox.Conversation) error { return inbox.ErrState }); !isRefused(err, inbox.ErrState) {
			t.Fatal(err)
		}
	})
}

// What is placed only while it is new stays where it was placed meanwhile (S5).
func TestS5OnlyNewIsPlaced(t *testing.T) {
	houses(t, func(h *house) {
		id := inbox.ConversationID(h.accept(h.text("ciao")).Conversation)
		cmd := inbox.PlaceCmd{Conversation: id, Queue: "sales", Priority: 50, OnlyNew: true}
		_, err := h.ledger.Place(h.Context(), cmd)
		h.ok(err)
		cmd.Queue = "help"
		if _, err = h.ledger.Place(h.Context(), cmd); !errors.Is(err, inbox.ErrState) {
			t.Fatal(err)
		}
		if v := h.conversation(string(id)); v.Queue != "sales" {
			t.Fatalf("%+v", v)
		}
		h.close(string(id))
		if _, err = h.ledger.Place(h.Context(), cmd); !errors.Is(err, inbox.ErrState) {
			t.Fatal(err)
		}
	})
}

// A conversation that is reopened before it was ever placed waits since then, whenever it is placed.
func TestReopenedWaitsSinceItWasReopened(t *testing.T) {
	houses(t, func(h *house) {
		id := h.accept(h.text("ciao")).Conversation
		h.close(id)
		h.pass(time.Hour)
		h.accept(h.text("again"))
		reopened := h.at
		h.pass(time.Hour)
		if v, err := h.place(id, "sales"); err != nil || !v.QueuedAt.Equal(reopened) {
			t.Fatalf("%+v %v", v, err)
		}
	})
}
