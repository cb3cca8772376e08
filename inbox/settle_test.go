package inbox_test

import (
	"encoding/json"
	"testing"
	"time"

	"sportello/channels"
	"sportello/inbox"
	"sportello/inbox/customer"
	"sportello/inbox/journal"
)

func (h *house) sent(in channels.Inbound, external string) (string, inbox.Message, inbox.Row) {
	h.Helper()
	id, _ := h.begun(in)
	m := h.mustAnswer(id, in)
	row := h.begin()
	h.ok(h.outbox.Sent(h.Context(), row, channels.Sent{External: external}))
	return id, m, row
}

// M-12: receipts by any name move the message on, never back; a repeated one tells nobody.
func TestM12ReceiptsMoveForward(t *testing.T) {
	houses(t, func(h *house) {
		id, m, row := h.sent(h.text("one"), "SM1")
		for _, r := range []channels.Receipt{
			{Account: "text", External: "SM1", State: channels.StateDelivered},
			{Account: "text", OutboxID: row.ID, State: channels.StateSent},
			{Account: "text", External: "SM1", State: channels.StateDelivered},
			{Account: "text", OutboxID: row.ID, State: channels.StateRead},
		} {
			h.ok(h.ledger.Settle(h.Context(), r))
		}
		types, _ := h.changes(id)
		if h.message(m.ID).State != channels.StateRead || h.row(row.ID).State != channels.StateRead || len(types) != 7 {
			t.Fatal(h.message(m.ID).State, types)
		}
	})
}

// E-33: a bounce names our mail by its Message-ID; the agent sees it on the very message, and the address is not used again.
func TestE33BounceFailsTheMessage(t *testing.T) {
	houses(t, func(h *house) {
		id, m, row := h.sent(h.mail("one"), "")
		h.ok(h.ledger.Settle(h.Context(), channels.Receipt{
			Account: "mail", Kind: channels.Email, MessageID: row.Envelope.Thread.MessageID, Recipient: "anna@example.it", State: channels.StateFailed, Fault: permanent,
		}))
		got := h.message(m.ID)
		if typ, ch := h.last(id); got.State != channels.StateFailed || got.Fault.Provider != "550 5.1.1" || typ != journal.Delivery || ch.Delivery.Fault.Code != channels.CodeBadAddress {
			t.Fatal(typ, ch, got)
		}
		_, c, err := h.ledger.ReachContext(h.Context(), inbox.ConversationID(id))
		if err != nil || c.Identities[0].SuppressedAt.IsZero() {
			t.Fatal(c.Identities, err)
		}
	})
}

// A failure for somebody in copy is not the customer's. One for an address that nobody wrote to is: his mail is forwarded there.
func TestFailureOfACopyIsNotTheCustomers(t *testing.T) {
	houses(t, func(h *house) {
		_, m, row := h.sent(h.mail("one"), "")
		row.Envelope.Cc = []channels.Address{{Kind: channels.Email, Value: "friend@example.it"}}
		envelope, err := json.Marshal(row.Envelope)
		h.ok(err)
		_, err = h.d.ExecContext(h.Context(), `UPDATE outbox SET envelope = $2 WHERE id = $1`, row.ID, string(envelope))
		h.ok(err)
		h.ok(h.ledger.Settle(h.Context(), channels.Receipt{
			Account: "mail", MessageID: row.Envelope.Thread.MessageID, Recipient: "friend@example.it", State: channels.StateFailed, Fault: permanent,
		}))
		if h.message(m.ID).State != channels.StateSent {
			t.Fatal(h.message(m.ID).State)
		}
		h.ok(h.ledger.Settle(h.Context(), channels.Receipt{
			Account: "mail", MessageID: row.Envelope.Thread.MessageID, Recipient: "anna@elsewhere.example", State: channels.StateFailed, Fault: permanent,
		}))
		_, c, err := h.ledger.ReachContext(h.Context(), row.Conversation)
		if err != nil || h.message(m.ID).State != channels.StateFailed || !c.Identities[0].SuppressedAt.IsZero() {
			t.Fatal(h.message(m.ID).State, c.Identities, err)
		}
	})
}

// E-33: whoever got a mail of ours can write a report about it. It kills no address that the mail was not sent to; where mail is passed
// on to, the failures count against the address that passes it on, and kill it in the end.
func TestE33ReportKillsNoOtherAddress(t *testing.T) {
	houses(t, func(h *house) {
		victim := h.mail("other")
		victim.From.Value = "victim@example.org"
		other, _ := h.begun(victim)
		dead := func(conversation inbox.ConversationID) bool {
			_, c, err := h.ledger.ReachContext(h.Context(), conversation)
			h.ok(err)
			return !c.Identities[0].SuppressedAt.IsZero()
		}
		in := h.mail("one")
		id, _ := h.begun(in)
		for n := range 3 {
			h.pass(time.Minute)
			m := h.mustAnswer(id, in)
			row := h.begin()
			h.ok(h.outbox.Sent(h.Context(), row, channels.Sent{}))
			h.ok(h.ledger.Settle(h.Context(), channels.Receipt{Account: "mail", Kind: channels.Email, MessageID: row.Envelope.Thread.MessageID,
				Recipient: "victim@example.org", State: channels.StateFailed, Fault: permanent}))
			if h.message(m.ID).State != channels.StateFailed || dead(inbox.ConversationID(other)) {
				t.Fatal(n, h.message(m.ID).State)
			}
			if got := dead(row.Conversation); got != (n == 2) {
				t.Fatal(n, "the address that passes mail on is dead:", got)
			}
		}
		_, _, row := h.several()
		h.ok(h.outbox.Sent(h.Context(), row, channels.Sent{}))
		h.ok(h.ledger.Settle(h.Context(), channels.Receipt{Account: "mail", Kind: channels.Email, MessageID: row.Envelope.Thread.MessageID,
			Recipient: "nobody@example.net", State: channels.StateFailed, Fault: permanent}))
		codes, err := h.book.Objections(h.Context(), h.d, channels.Email, "mail", customer.Service, "", []channels.Address{mailbox("nobody@example.net")})
		if err != nil || len(codes) != 0 {
			t.Fatal("an address that nobody wrote to is dead", codes, err)
		}
	})
}

// M-13: a receipt that comes before we know the provider's id waits for it.
func TestM13EarlyReceiptIsParked(t *testing.T) {
	houses(t, func(h *house) {
		h.ok(h.ledger.Settle(h.Context(), channels.Receipt{Account: "text", External: "SM9", State: channels.StateSent}))
		h.ok(h.ledger.Settle(h.Context(), channels.Receipt{Account: "text", External: "SM9", State: channels.StateDelivered}))
		h.ok(h.ledger.Settle(h.Context(), channels.Receipt{Account: "text", External: "SM8", State: channels.StateDelivered}))
		_, m, _ := h.sent(h.text("one"), "SM9")
		if h.message(m.ID).State != channels.StateDelivered {
			t.Fatal(h.message(m.ID).State)
		}
		parked := func() (n int) { h.ok(h.d.QueryRow(`SELECT count(*) FROM parked_receipt`).Scan(&n)); return n }
		if parked() != 1 {
			t.Fatal(parked())
		}
		h.pass(31 * 24 * time.Hour)
		if _, err := h.outbox.Recover(h.Context()); err != nil || parked() != 0 {
			t.Fatal(parked(), err)
		}
	})
}

// A receipt that overtakes the end of our own call settles the row; what we say later does not go back behind it.
func TestReceiptDuringTheCall(t *testing.T) {
	houses(t, func(h *house) {
		id, in := h.begun(h.text("one"))
		m := h.mustAnswer(id, in)
		row := h.begin()
		h.ok(h.ledger.Settle(h.Context(), channels.Receipt{Account: "text", OutboxID: row.ID, External: "SM1", State: channels.StateDelivered}))
		h.ok(h.outbox.Failed(h.Context(), row, uncertain, h.at))
		h.ok(h.outbox.Sent(h.Context(), row, channels.Sent{External: "SM1"}))
		if h.message(m.ID).State != channels.StateDelivered || h.row(row.ID).State != channels.StateDelivered || len(h.leased()) != 0 {
			t.Fatal(h.message(m.ID).State, h.row(row.ID).State)
		}
	})
}

// An unknown outcome is settled by a late receipt.
func TestUnknownIsSettledLater(t *testing.T) {
	houses(t, func(h *house) {
		id, in := h.begun(h.text("one"))
		m := h.mustAnswer(id, in)
		row := h.begin()
		h.ok(h.outbox.Failed(h.Context(), row, uncertain, time.Time{}))
		h.ok(h.ledger.Settle(h.Context(), channels.Receipt{Account: "text", OutboxID: row.ID, State: channels.StateSent}))
		if got := h.message(m.ID); got.State != channels.StateSent || got.Fault != nil {
			t.Fatalf("%+v", got)
		}
	})
}

// M-14, M-15: an opt-out at the provider is an opt-out in our ledger, whether it comes as an answer or as a later receipt.
func TestM15OptOutAtTheProvider(t *testing.T) {
	houses(t, func(h *house) {
		id, _, row := h.sent(h.text("one"), "SM1")
		f := &channels.Fault{Class: channels.Permanent, Code: channels.CodeOptedOut, Provider: "21610"}
		h.ok(h.ledger.Settle(h.Context(), channels.Receipt{Account: "text", OutboxID: row.ID, State: channels.StateFailed, Fault: f}))
		_, c, err := h.ledger.ReachContext(h.Context(), inbox.ConversationID(id))
		h.ok(err)
		if len(c.Consents) != 1 || c.Consents[0].Granted || c.Consents[0].Source != "provider" || c.Consents[0].Account != "text" || c.Consents[0].Address != "+393331234567" {
			t.Fatalf("%+v", c.Consents)
		}
	})
}

// The chat visitor sees his own lines and what was sent to him, never notes, other channels, or what has not passed the gate.
func TestTalkShowsWhatTheVisitorMaySee(t *testing.T) {
	houses(t, func(h *house) {
		talk, err := h.ledger.Talk(h.Context(), "site", visitor, "", 0)
		if err != nil || talk.Epoch != "" || len(talk.Lines) != 0 {
			t.Fatal(talk, err)
		}
		in := h.chat("ciao")
		id, _ := h.begun(in)
		_, err = h.ledger.Note(h.Context(), inbox.NoteCmd{Conversation: inbox.ConversationID(id), Agent: marco, Text: "secret"})
		h.ok(err)
		h.mustAnswer(id, in)
		if talk, err = h.ledger.Talk(h.Context(), "site", visitor, "", 0); err != nil || len(talk.Lines) != 1 || !talk.Reset || !talk.Open || talk.Epoch != id {
			t.Fatal(talk, err)
		}
		if l := talk.Lines[0]; l.Text != "ciao" || l.ClientID != in.External[len(visitor)+1:] || l.From != "visitor" {
			t.Fatalf("%+v", l)
		}
		row := h.begin()
		if talk, err = h.ledger.Talk(h.Context(), "site", visitor, id, talk.LastSeq); err != nil || len(talk.Lines) != 1 || talk.Reset {
			t.Fatal(talk, err)
		}
		if l := talk.Lines[0]; l.Outbox != row.ID || l.Name != "Marco" || l.State != channels.StateSending || l.From != "agent" {
			t.Fatalf("%+v", l)
		}
		h.ok(h.outbox.Sent(h.Context(), row, channels.Sent{}))
		last := talk.LastSeq
		if talk, err = h.ledger.Talk(h.Context(), "site", visitor, id, last); err != nil || len(talk.Lines) != 0 || talk.LastSeq != last {
			t.Fatal(talk, err)
		}
		if talk, err = h.ledger.Talk(h.Context(), "site", visitor, "another", last); err != nil || !talk.Reset || len(talk.Lines) != 2 || talk.Lines[0].Seq > talk.Lines[1].Seq {
			t.Fatal(talk, err)
		}
		h.close(id)
		if talk, err = h.ledger.Talk(h.Context(), "site", visitor, id, 0); err != nil || talk.Open || len(talk.Lines) != 2 {
			t.Fatal(talk, err)
		}
		if talk, err = h.ledger.Talk(h.Context(), "site", "ffffffffffffffffffffffffffffffff", id, 0); err != nil || len(talk.Lines) != 0 || talk.Epoch != "" {
			t.Fatal("another visitor's talk", talk, err)
		}
	})
}

// A reply that waits at the gate while the visitor writes on is not passed over: his position stays before it.
func TestTalkPassesNothingOver(t *testing.T) {
	houses(t, func(h *house) {
		in := h.chat("one")
		id, _ := h.begun(in)
		m := h.mustAnswer(id, in)
		later := h.accept(h.chat("two"))
		talk, err := h.ledger.Talk(h.Context(), "site", visitor, "", 0)
		if err != nil || len(talk.Lines) != 2 || talk.LastSeq != m.Seq-1 {
			t.Fatal(talk, err)
		}
		h.ok(h.outbox.Sent(h.Context(), h.begin(), channels.Sent{}))
		talk, err = h.ledger.Talk(h.Context(), "site", visitor, id, talk.LastSeq)
		if err != nil || len(talk.Lines) != 2 || talk.Lines[0].ID != string(m.ID) || talk.LastSeq != later.Seq {
			t.Fatal(talk, err)
		}
	})
}

// Of one account of ours, and of the one conversation: what Reach is asked about.
func TestAccountsFollowTheCustomer(t *testing.T) {
	houses(t, func(h *house) {
		in := h.mail("to sales")
		in.Account = "mail2"
		id := h.accept(in).Conversation
		of, c, err := h.ledger.ReachContext(h.Context(), inbox.ConversationID(id))
		h.ok(err)
		got := h.ledger.Accounts(of, c)
		if of.LastFrom != "anna@example.it" || of.LastKind != channels.Email || got[channels.Email].ID != "mail2" || got[channels.SMS].ID != "text" {
			t.Fatal(of, got)
		}
		of.Kind, of.Account = "", ""
		if got = h.ledger.Accounts(of, c); got[channels.Email].ID != "mail2" {
			t.Fatal("the account he last wrote to", got)
		}
		c.Identities = nil
		if h.ledger.Accounts(of, c)[channels.Email].ID != "mail" {
			t.Fatal("the first one")
		}
	})
}
