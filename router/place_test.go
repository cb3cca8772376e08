package router

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"sportello/channels"
	"sportello/inbox"
	"sportello/inbox/customer"
	"sportello/inbox/db"
	"sportello/inbox/inboxtest"
	"sportello/inbox/journal"
	"sportello/router/roster"
)

// placed is a record whose ledger places by the rules, without a router and a live inbox.
func placed(t *testing.T, d *db.DB) (*house, []Rule) {
	h := &house{T: t, clock: &inboxtest.Clock{}, db: d, journal: journal.New(d), ctx: context.Background()}
	h.ledger = inbox.NewLedger(d, h.journal, customer.NewBook(d, h.journal, h.clock.Now), inbox.Config{
		Accounts: []inbox.Account{{ID: "sito", Kind: channels.Chat}, {ID: "posta", Kind: channels.Email, Address: "aiuto@ditta.example", Domain: "ditta.example"}},
		TokenKey: make([]byte, 32), Placer: NewPlacer(nil, h.clock.Now, quiet()),
	}, h.clock.Now)
	h.rules = NewRules(d, h.journal, h.clock.Now)
	book := roster.New(d, h.clock.Now)
	for _, q := range queues {
		if _, err := book.AddQueue(h.ctx, roster.Queue{ID: q, Name: string(q)}); err != nil {
			t.Fatal(err)
		}
	}
	skills := []inbox.Requirement{{Skill: "italiano", Level: 3}}
	return h, []Rule{{Name: "posta", When: `channel == "email" and text contains "Buon"`, Queue: "vendite", Priority: 30, Skills: skills}, last("assistenza")}
}

// A conversation is placed in the transaction that begins it, by the rules in force, and its journal says why.
func TestConversationsArePlacedAsTheyBegin(t *testing.T) {
	inboxtest.Databases(t, func(t *testing.T, d *db.DB) {
		h, rules := placed(t, d)
		if c := h.conversation(h.writes(channels.Email)); c.State != inbox.New || c.Queue != "" {
			t.Fatalf("placed without rules: %+v", c)
		}
		set, err := h.rules.Publish(h.ctx, 0, rules, "anna", "")
		if err != nil {
			t.Fatal(err)
		}
		for kind, queue := range map[channels.Kind]inbox.QueueID{channels.Email: "vendite", channels.Chat: "assistenza"} {
			id := h.writes(kind)
			c := h.conversation(id)
			if c.State != inbox.Waiting || c.Queue != queue || c.RulesVersion != set.Version || !c.QueuedAt.Equal(c.CreatedAt) ||
				kind == channels.Email && (c.Priority != 30 || len(c.Skills) != 1) {
				t.Errorf("%s: %+v", kind, c)
			}
			events := h.events(id, journal.Opened, journal.Received, journal.Queued)
			if len(events) != 3 || events[2].Type != journal.Queued || events[2].Actor != journal.Actor(fmt.Sprintf("rules:%d", set.Version)) ||
				events[2].Decision.Queue != queue || events[2].Decision.Reason != ReasonRule || events[2].Change.Conversation.Queue != queue {
				t.Errorf("%s: %+v", kind, events)
			}
		}
	})
}

// M01: rules are in force for the next conversation once they are published, whichever program published them; what waits is not moved.
func TestM01PublishedRulesPlaceTheNext(t *testing.T) {
	inboxtest.Databases(t, func(t *testing.T, d *db.DB) {
		h, rules := placed(t, d)
		if _, err := h.rules.Publish(h.ctx, 0, rules, "anna", ""); err != nil {
			t.Fatal(err)
		}
		old := h.writes(channels.Email)
		if _, err := NewRules(d, journal.New(d), h.clock.Now).Publish(h.ctx, 1, []Rule{last("assistenza")}, "bruno", ""); err != nil {
			t.Fatal(err)
		}
		if c := h.conversation(h.writes(channels.Email)); c.Queue != "assistenza" || c.RulesVersion != 2 {
			t.Errorf("placed by rules of before: %+v", c)
		}
		if c := h.conversation(old); c.Queue != "vendite" || c.RulesVersion != 1 {
			t.Errorf("moved: %+v", c)
		}
	})
}

// Many that begin at once, while rules are published, are each placed once by the version that they name.
func TestM01ManyBeginWhileRulesArePublished(t *testing.T) {
	inboxtest.Databases(t, func(t *testing.T, d *db.DB) {
		h, rules := placed(t, d)
		if _, err := h.rules.Publish(h.ctx, 0, rules, "anna", ""); err != nil {
			t.Fatal(err)
		}
		ids := make([]inbox.ConversationID, 60)
		var writing sync.WaitGroup
		for i := range ids {
			writing.Go(func() { ids[i] = h.writes(channels.Email) })
		}
		_, err := h.rules.Publish(h.ctx, 1, []Rule{last("assistenza")}, "anna", "")
		writing.Wait()
		if err != nil {
			t.Fatal(err)
		}
		for _, id := range ids {
			c, want := h.conversation(id), inbox.QueueID("vendite")
			if c.RulesVersion == 2 {
				want = "assistenza"
			}
			if c.State != inbox.Waiting || c.Queue != want || len(h.events(id, journal.Queued)) != 1 {
				t.Errorf("%+v", c)
			}
		}
	})
}

// Rules that cannot be read keep no message from being taken.
func TestUnreadableRulesHoldNothingUp(t *testing.T) {
	inboxtest.Databases(t, func(t *testing.T, d *db.DB) {
		h, rules := placed(t, d)
		if _, err := h.rules.Publish(h.ctx, 0, rules, "anna", ""); err != nil {
			t.Fatal(err)
		}
		if _, err := d.ExecContext(h.ctx, `INSERT INTO rule_set (version, rules, author, message, at) VALUES (2, '?', 'anna', '', 1)`); err != nil {
			t.Fatal(err)
		}
		for _, kind := range []channels.Kind{channels.Email, channels.Chat} {
			if c := h.conversation(h.writes(kind)); c.State != inbox.New {
				t.Errorf("%+v", c)
			}
		}
	})
}
