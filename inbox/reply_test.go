package inbox_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"sportello/channels"
	"sportello/inbox"
	"sportello/inbox/customer"
	"sportello/inbox/journal"
)

// A reply is a message, an outbox row with its envelope, and an event.
func TestReplyIsMessageRowAndEvent(t *testing.T) {
	houses(t, func(h *house) {
		id, in := h.begun(h.mail("Where is it?"))
		changed := h.outbox.Changed()
		verdict := customer.Verdict{Code: customer.CodeLastInbound, At: h.at}
		m, err := h.answer(id, in, inbox.ReplyCmd{Text: "On its way", HTML: "<p>On its way</p>", SeenSeq: 9, Pinned: true, Verdict: verdict,
			Parts: []channels.Part{{Name: "label.pdf", Type: "application/pdf", Blob: "x"}}})
		h.ok(err)
		<-changed
		v := h.conversation(id)
		if m.State != channels.StateQueued || m.Seq != v.LastSeq || !v.WaitingSince.IsZero() || !v.LastOutAt.Equal(h.at) || v.Preview != "On its way" {
			t.Fatalf("%+v %+v", m, v)
		}
		typ, ch := h.last(id)
		if typ != journal.Replied || ch.Message == nil || ch.Message.ID != m.ID || ch.Message.Author.ID != string(marco) {
			t.Fatal(typ, ch)
		}
		row := h.rowOf(m)
		e := row.Envelope
		if row.Class != inbox.ClassReply || !row.Pinned || row.Verdict.Code != customer.CodeLastInbound || e.ID != row.ID || e.Message != string(m.ID) ||
			e.Seq != m.Seq || !e.At.Equal(m.At) || e.Conversation != id || e.From != (channels.Address{Kind: channels.Email, Value: "support@shop.example", Name: "Marco"}) ||
			len(e.To) != 1 || e.To[0].Value != "anna@example.it" || e.Text != "On its way" || e.HTML == "" || len(e.Parts) != 1 {
			t.Fatalf("%+v", row)
		}
		if e.Thread.MessageID != row.ID+"@shop.example" || len(e.Thread.InReplyTo) != 1 || e.Thread.InReplyTo[0] != in.Thread.MessageID || e.Thread.Token == "" {
			t.Fatalf("%+v", e.Thread)
		}
	})
}

// E-26: the subject stays the customer's own, References are the first id and the last ones, twenty at most.
func TestE26ThreadHeadersOfOurMails(t *testing.T) {
	houses(t, func(h *house) {
		first := h.mail("0")
		id, _ := h.begun(first)
		previous := first.Thread.MessageID
		for n := range 30 {
			in := h.mail(fmt.Sprint(n))
			in.Subject, in.Thread.InReplyTo = "R: something else", []string{previous}
			if a := h.accept(in); a.Conversation != id {
				t.Fatal("left the thread")
			}
			previous = in.Thread.MessageID
		}
		e := h.rowOf(h.mustAnswer(id, first)).Envelope
		refs := e.Thread.References
		if len(refs) != 20 || refs[0] != first.Thread.MessageID || refs[19] != previous || e.Thread.InReplyTo[0] != previous {
			t.Fatal(refs)
		}
		want := fmt.Sprintf("Re: Order 17 [#%s]", inbox.Tag(h.conversation(id).Number))
		if again := h.rowOf(h.mustAnswer(id, first)).Envelope; e.Subject != want || again.Subject != want || again.Thread.References[19] != e.Thread.MessageID {
			t.Fatal(e.Subject, again.Subject, again.Thread.References)
		}
	})
}

// Text messages and chat lines carry neither subject nor HTML.
func TestPlainChannelsCarryTextOnly(t *testing.T) {
	houses(t, func(h *house) {
		for _, in := range []channels.Inbound{h.text("ciao"), h.chat("ciao")} {
			id, in := h.begun(in)
			m, err := h.answer(id, in, inbox.ReplyCmd{HTML: "<b>x</b>", SeenSeq: 9})
			h.ok(err)
			if e := h.rowOf(m).Envelope; e.Subject != "" || e.HTML != "" || e.Thread.MessageID != "" || e.Kind != in.Kind || e.To[0].Value != in.From.Value {
				t.Errorf("%+v", e)
			}
		}
	})
}

// C-07: the same client id is one reply, also when it comes at the same time.
func TestSameClientIdIsOneReply(t *testing.T) {
	houses(t, func(h *house) {
		id, in := h.begun(h.text("ciao"))
		var group sync.WaitGroup
		seen := make(chan inbox.MessageID, 10)
		for range 10 {
			group.Go(func() {
				m, err := h.answer(id, in, inbox.ReplyCmd{ClientID: "once", SeenSeq: 9})
				if err != nil {
					t.Error(err)
				}
				seen <- m.ID
			})
		}
		group.Wait()
		close(seen)
		ids := map[inbox.MessageID]bool{}
		for m := range seen {
			ids[m] = true
		}
		if len(ids) != 1 || len(h.leased()) != 1 || len(h.messages(id)) != 2 {
			t.Fatal(ids)
		}
		note := inbox.NoteCmd{Conversation: inbox.ConversationID(id), Agent: marco, ClientID: "note", Text: "call him"}
		first, err := h.ledger.Note(h.Context(), note)
		h.ok(err)
		again, err := h.ledger.Note(h.Context(), note)
		if err != nil || first.ID != again.ID {
			t.Fatal(first, again, err)
		}
	})
}

// A reply whose author has not seen a colleague's message, or a newer mail of the customer, is held until he says so.
func TestReplyIsHeldWhileSomethingIsUnseen(t *testing.T) {
	houses(t, func(h *house) {
		in := h.mail("one")
		id, _ := h.begun(in)
		seen := h.conversation(id).LastSeq
		note, err := h.ledger.Note(h.Context(), inbox.NoteCmd{Conversation: inbox.ConversationID(id), Agent: giulia, Text: "do not refund"})
		h.ok(err)
		held := func(seen int64, force bool) *inbox.Held {
			_, err := h.answer(id, in, inbox.ReplyCmd{SeenSeq: seen, Force: force})
			var held *inbox.Held
			if !errors.As(err, &held) && err != nil {
				t.Fatal(err)
			}
			return held
		}
		if got := held(seen, false); got == nil || got.Reason != "colleague_wrote" || len(got.Messages) != 1 || got.Messages[0].ID != note.ID {
			t.Fatalf("%+v", got)
		}
		more := h.mail("and also")
		more.Thread.InReplyTo = []string{in.Thread.MessageID}
		h.accept(more)
		if got := held(note.Seq, false); got == nil || got.Reason != "customer_wrote" {
			t.Fatalf("%+v", got)
		}
		if got := held(note.Seq, true); got != nil {
			t.Fatalf("%+v", got)
		}
		if got := held(note.Seq+1, false); got != nil {
			t.Fatalf("his own message holds him: %+v", got)
		}
	})
}

// In a chat nobody waits for the customer to stop typing.
func TestChatReplyIsNotHeldByTheCustomer(t *testing.T) {
	houses(t, func(h *house) {
		id, in := h.begun(h.chat("one"))
		seen := h.conversation(id).LastSeq
		h.accept(h.chat("two"))
		if _, err := h.answer(id, in, inbox.ReplyCmd{SeenSeq: seen}); err != nil {
			t.Fatal(err)
		}
	})
}

// What cannot be done is refused by name, and nothing is written.
func TestReplyIsRefused(t *testing.T) {
	houses(t, func(h *house) {
		id, in := h.begun(h.text("ciao"))
		for name, c := range map[string]struct {
			cmd  inbox.ReplyCmd
			want error
		}{
			"somebody else's":           {inbox.ReplyCmd{Agent: giulia}, inbox.ErrNotYours},
			"nothing to say":            {inbox.ReplyCmd{Text: " \n"}, inbox.ErrEmpty},
			"an account that is none":   {inbox.ReplyCmd{Account: "nowhere"}, inbox.ErrNoAccount},
			"an account of another":     {inbox.ReplyCmd{Account: "mail"}, inbox.ErrNoAccount},
			"REQ-OUT2 another's number": {inbox.ReplyCmd{Address: "+393339999999"}, inbox.ErrRecipient},
		} {
			c.cmd.SeenSeq = 1 << 30
			if _, err := h.answer(id, in, c.cmd); !isRefused(err, c.want) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if _, err := h.answer(id, in, inbox.ReplyCmd{Agent: giulia, AsManager: true, SeenSeq: 9}); err != nil {
			t.Error("a manager may", err)
		}
		h.close(id)
		if _, err := h.answer(id, in, inbox.ReplyCmd{SeenSeq: 99}); !isRefused(err, inbox.ErrClosed) {
			t.Error(err)
		}
		if _, err := h.answer("nothing", in, inbox.ReplyCmd{}); !isRefused(err, inbox.ErrNotFound) {
			t.Error(err)
		}
		if got := len(h.leased()); got != 1 {
			t.Errorf("%d rows were written", got)
		}
		var refused inbox.Refused
		if _, err := h.answer(id, in, inbox.ReplyCmd{Agent: giulia}); !errors.As(err, &refused) || refused.Code == "" {
			t.Error(err)
		}
	})
}

// What a message says goes into events cut to nothing; HTML does not, it is fetched by itself.
func TestHTMLIsNotInEvents(t *testing.T) {
	houses(t, func(h *house) {
		in := h.mail("text")
		in.HTML = "<p>secret-markup</p>"
		a := h.accept(in)
		events, err := h.j.Stream(h.Context(), journal.ConversationStream(a.Conversation), 0, 10)
		h.ok(err)
		for _, e := range events {
			if strings.Contains(string(e.Data), "secret-markup") {
				t.Fatal("HTML in an event")
			}
		}
		if m := h.message(inbox.MessageID(a.Message)); m.HTML != in.HTML {
			t.Fatal(m.HTML)
		}
	})
}

// Reads are paged by key.
func TestMessagesArePaged(t *testing.T) {
	houses(t, func(h *house) {
		var id string
		for n := range 7 {
			id = h.accept(h.text(fmt.Sprint(n))).Conversation
			h.pass(time.Duration(n%2) * time.Second)
		}
		who := h.conversation(id).Customer
		var texts []string
		before := journal.Cursor{}
		for range 10 {
			page, next, err := h.ledger.MessagesByCustomer(h.Context(), who, before, 3)
			h.ok(err)
			for _, m := range page {
				texts = append(texts, m.Text)
			}
			if before = next; before.IsZero() {
				break
			}
		}
		if strings.Join(texts, "") != "6543210" {
			t.Fatal(texts)
		}
		page, err := h.ledger.Messages(h.Context(), inbox.ConversationID(id), 3, 2)
		if err != nil || len(page) != 2 || page[0].Text != "2" {
			t.Fatal(page, err)
		}
	})
}
