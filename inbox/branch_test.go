package inbox_test

import (
	"errors"
	"sync"
	"testing"

	"sportello/channels"
	"sportello/inbox"
	"sportello/inbox/journal"
)

// original is a mail of Carla that somebody passes on.
func (h *house) original() channels.Inbound {
	return channels.Inbound{
		Kind: channels.Email, From: channels.Address{Kind: channels.Email, Value: "carla@example.org", Name: "Carla"}, Subject: "Order 9", Text: "Where is it?",
		HTML: "<p>Where is it?</p>", Parts: []channels.Part{{Name: "a.pdf", Type: "application/pdf", Size: 3, Blob: "b1"}}, SentAt: h.now(),
		Thread: channels.Thread{MessageID: "carla1@example.org"}, Proof: channels.ProofVerified, Auto: channels.AutoBounce,
		Claims: []channels.Claim{{Address: channels.Address{Kind: channels.Email, Value: "anna@example.it"}, Proof: channels.ProofVerified}},
	}
}

// E-25: an agent begins a conversation with the sender of a mail that was passed on. It is begun once, both conversations name each
// other, and nothing of it is believed or answered by itself.
func TestE25ConversationWithTheOriginalSender(t *testing.T) {
	houses(t, func(h *house) {
		a := h.accept(h.mail("please see below"))
		cmd := inbox.BranchCmd{Message: inbox.MessageID(a.Message), Original: h.original(), Agent: marco}
		var all sync.WaitGroup
		begun := make([]inbox.Conversation, 8)
		for i := range begun {
			all.Go(func() {
				var err error
				if begun[i], err = h.ledger.Branch(h.Context(), cmd); err != nil {
					h.Error(err)
				}
			})
		}
		all.Wait()
		v := h.conversation(string(begun[0].ID))
		for _, b := range begun {
			if b.ID != v.ID {
				t.Fatalf("begun twice: %s and %s", v.ID, b.ID)
			}
		}
		old := h.conversation(a.Conversation)
		if v.CustomerName != "Carla" || v.Customer == old.Customer || v.Previous != old.ID || v.Subject != "Order 9" || v.State != inbox.New || v.WaitingSince.IsZero() {
			t.Errorf("%+v", v)
		}
		ms := h.messages(string(v.ID))
		if len(ms) != 1 || ms[0].Text != "Where is it?" || !ms[0].HasHTML || len(ms[0].Parts) != 1 || ms[0].Proof != channels.ProofNone || ms[0].Auto != "" ||
			ms[0].From.Value != "carla@example.org" || ms[0].Account != "mail" || !ms[0].SentAt.Equal(h.now()) {
			t.Fatalf("%+v", ms)
		}
		typ, ch := h.last(a.Conversation)
		if typ != journal.Branched || ch.Related == nil || *ch.Related != (inbox.Related{ID: v.ID, Number: v.Number, Of: inbox.MessageID(a.Message)}) {
			t.Errorf("%s %+v", typ, ch)
		}
		if types, _ := h.changes(a.Conversation); len(types) != 3 {
			t.Errorf("the old conversation has %v", types)
		}
		if rows := h.leased(); len(rows) != 0 {
			t.Errorf("something leaves: %+v", rows)
		}
		answer := h.mail("thanks")
		answer.From, answer.Thread.InReplyTo = ms[0].From, []string{"carla1@example.org"}
		if got := h.accept(answer); got.Conversation != string(v.ID) {
			t.Error("what she writes next goes elsewhere")
		}
	})
}

// E-25: what is no mail of a customer, and a sender whom nobody can write to, begin nothing.
func TestE25NothingToBegin(t *testing.T) {
	houses(t, func(h *house) {
		id, in := h.begun(h.mail("one"))
		reply := h.mustAnswer(id, in)
		text := h.accept(h.text("hello"))
		first := h.messages(id)[0].ID
		for _, c := range []struct {
			of   inbox.MessageID
			from string
			want error
		}{
			{first, "", inbox.ErrRecipient}, {first, "sales@shop.example", inbox.ErrRecipient}, {reply.ID, "carla@example.org", inbox.ErrState},
			{inbox.MessageID(text.Message), "carla@example.org", inbox.ErrState}, {"00000000-0000-0000-0000-000000000000", "carla@example.org", inbox.ErrNotFound},
		} {
			before := h.conversation(id).LastSeq
			cmd := inbox.BranchCmd{Message: c.of, Original: h.original(), Agent: marco}
			cmd.Original.From.Value = c.from
			if v, err := h.ledger.Branch(h.Context(), cmd); !errors.Is(err, c.want) || h.conversation(id).LastSeq != before {
				t.Errorf("%+v: %+v %v", c, v, err)
			}
		}
	})
}
