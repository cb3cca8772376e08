package inbox_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"sportello/channels"
	"sportello/inbox"
	"sportello/inbox/customer"
	"sportello/inbox/journal"
)

func mailbox(value string) channels.Address {
	return channels.Address{Kind: channels.Email, Value: value}
}

func values(all []channels.Address) string {
	var out []string
	for _, a := range all {
		out = append(out, a.Value)
	}
	return strings.Join(out, " ")
}

// REQ-OUT1: recipients and subject are frozen when the reply is written; what is written afterwards changes nothing.
func TestREQOUT1RecipientsAreFrozen(t *testing.T) {
	houses(t, func(h *house) {
		in := h.mail("help")
		in.Cc = []channels.Address{mailbox("boss@example.it"), mailbox("support+abc@shop.example")}
		id, _ := h.begun(in)
		m, err := h.answer(id, in, inbox.ReplyCmd{SeenSeq: 9, To: []channels.Address{mailbox("anna@example.it")},
			Cc: []channels.Address{mailbox("boss@example.it")}, Bcc: []channels.Address{mailbox("file@example.it")},
			Confirmed: []string{"file@example.it"}, Subject: "Your order\r\nBcc: evil@example.org"})
		h.ok(err)
		_, err = h.ledger.Note(h.Context(), inbox.NoteCmd{Conversation: inbox.ConversationID(id), Agent: giulia, Text: "to: all@example.org"})
		h.ok(err)
		e := h.rowOf(m).Envelope
		if values(e.To) != "anna@example.it" || values(e.Cc) != "boss@example.it" || values(e.Bcc) != "file@example.it" {
			t.Fatalf("%+v", e)
		}
		if !strings.HasPrefix(e.Subject, "Your order Bcc: evil@example.org [#") || strings.ContainsAny(e.Subject, "\r\n") {
			t.Fatalf("%q", e.Subject)
		}
		kept := h.message(m.ID)
		if values(kept.Cc) != "boss@example.it" || values(kept.Details.Bcc) != "file@example.it" || kept.Subject != e.Subject {
			t.Fatalf("%+v", kept)
		}
	})
}

// REQ-OUT2: nobody gets a mail of a conversation he was never on, unless that very address is confirmed; never ourselves.
func TestREQOUT2StrangersNeedConfirmation(t *testing.T) {
	houses(t, func(h *house) {
		other := h.mail("I am Carla")
		other.From = mailbox("carla@example.org")
		h.accept(other) // another customer's conversation: her address is known to the house, and not to this conversation
		in := h.mail("help")
		in.Cc = []channels.Address{mailbox("boss@example.it")}
		id, _ := h.begun(in)
		send := func(confirmed ...string) error {
			_, err := h.answer(id, in, inbox.ReplyCmd{SeenSeq: 9, To: []channels.Address{mailbox("anna@example.it")},
				Cc: []channels.Address{mailbox("boss@example.it"), mailbox("carla@example.org")}, Confirmed: confirmed})
			return err
		}
		for _, confirmed := range [][]string{nil, {"boss@example.it"}, {"carla@example.com"}} {
			var strange *inbox.NewRecipients
			if err := send(confirmed...); !errors.As(err, &strange) || !slices.Equal(strange.Addresses, []string{"carla@example.org"}) {
				t.Fatalf("confirmed %v: %v", confirmed, err)
			}
		}
		if len(h.messages(id)) != 1 {
			t.Fatal("a refused reply was written")
		}
		h.ok(send("carla@example.org"))
		for _, own := range []string{"support@shop.example", "sales+x@shop.example"} {
			_, err := h.answer(id, in, inbox.ReplyCmd{SeenSeq: 99, To: []channels.Address{mailbox(own)}, Confirmed: []string{own}})
			if !isRefused(err, inbox.ErrRecipient) {
				t.Error(own, err)
			}
		}
		if err := send(); err != nil { // she is on it now, by that confirmed copy
			t.Fatal(err)
		}
	})
}

// Whoever has forbidden it, or whose address is dead, gets no copy either; the author is told who.
func TestForbiddenCopyIsRefused(t *testing.T) {
	houses(t, func(h *house) {
		other := h.mail("I am Carla")
		other.From = mailbox("carla@example.org")
		carla := h.conversation(h.accept(other).Conversation).Customer
		in := h.mail("help")
		in.Cc = []channels.Address{mailbox("carla@example.org")}
		id, _ := h.begun(in)
		cmd := inbox.ReplyCmd{SeenSeq: 99, To: []channels.Address{mailbox("anna@example.it")}, Cc: []channels.Address{mailbox("carla@example.org")}}
		m, err := h.answer(id, in, cmd)
		h.ok(err)
		h.ok(h.book.Consent(h.Context(), nil, carla, customer.Consent{Kind: channels.Email, Source: "test", Actor: "test"}))
		var forbidden *inbox.Forbidden
		if _, err := h.answer(id, in, cmd); !errors.As(err, &forbidden) || forbidden.Codes["carla@example.org"] != customer.CodeConsentWithdrawn {
			t.Fatal(err)
		}
		codes, err := h.ledger.Objections(h.Context(), h.rowOf(m)) // what the gate asks for the one that waits
		if err != nil || codes["carla@example.org"] != customer.CodeConsentWithdrawn {
			t.Fatal(codes, err)
		}
	})
}

// An answer goes where the customer's last mail wants it; everybody else he wrote to is offered, we ourselves never.
func TestEnvelopeIsReplyAllWithoutUs(t *testing.T) {
	houses(t, func(h *house) {
		in := h.mail("help")
		in.To = append(in.To, mailbox("partner@example.org"))
		in.Cc = []channels.Address{mailbox("boss@example.it"), mailbox("sales@shop.example"), mailbox("anna.private@example.it"), {}}
		in.Details.ReplyTo = []channels.Address{mailbox("anna.private@example.it")}
		id, _ := h.begun(in)
		h.mustAnswer(id, in)
		e, err := h.ledger.Envelope(h.Context(), inbox.ConversationID(id), "mail")
		h.ok(err)
		if values(e.To) != "anna.private@example.it" || values(e.Cc) != "partner@example.org boss@example.it" {
			t.Fatalf("%+v", e)
		}
		if !strings.HasPrefix(e.Subject, "Re: Order 17 [#") || !slices.Contains(e.Known, "boss@example.it") || slices.Contains(e.Known, "support@shop.example") {
			t.Fatalf("%+v", e)
		}
	})
}

// A message that was taken back is in no References of later mails: nobody has it.
func TestCanceledMailIsNotReferredTo(t *testing.T) {
	houses(t, func(h *house) {
		h.hold(10e9)
		id, in := h.begun(h.mail("help"))
		m := h.mustAnswer(id, in)
		_, err := h.ledger.Cancel(h.Context(), inbox.ConversationID(id), m.ID, marco, false)
		h.ok(err)
		for _, ref := range h.rowOf(h.mustAnswer(id, in)).Envelope.Thread.References {
			if strings.HasPrefix(ref, h.rowOf(m).ID) {
				t.Fatal("refers to a mail that never left")
			}
		}
		types, _ := h.changes(id)
		if !slices.Contains(types, journal.Delivery) {
			t.Fatal(types)
		}
	})
}
