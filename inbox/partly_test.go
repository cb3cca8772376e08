package inbox_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"sportello/channels"
	"sportello/inbox"
	"sportello/inbox/customer"
)

// several is a mail of Marco to Anna, with Bob and Carla in copy and Dora unseen, and its row, begun.
func (h *house) several() (string, inbox.Message, inbox.Row) {
	h.Helper()
	in := h.mail("help")
	in.Cc = []channels.Address{mailbox("bob@example.it"), mailbox("carla@example.it")}
	id, _ := h.begun(in)
	m, err := h.answer(id, in, inbox.ReplyCmd{SeenSeq: 1 << 30, To: []channels.Address{mailbox("anna@example.it")}, Cc: in.Cc,
		Bcc: []channels.Address{mailbox("dora@example.it")}, Confirmed: []string{"dora@example.it"}})
	h.ok(err)
	return id, m, h.begin()
}

// said is what became of each recipient of a message: "bob@example.it failed bad_address".
func said(m inbox.Message) string {
	var all []string
	for _, r := range m.Details.Reports {
		local, _, _ := strings.Cut(r.Recipient, "@")
		all = append(all, strings.TrimSpace(local+" "+r.Action+" "+r.Code))
	}
	slices.Sort(all)
	return strings.Join(all, ", ")
}

func notSent(of map[string]*channels.Fault) channels.Sent {
	sent := channels.Sent{External: "x", State: channels.StateSent}
	for who, f := range of {
		sent.Failed = append(sent.Failed, channels.NotSent{Recipient: who + "@example.it", Fault: f})
	}
	return sent
}

// E-49: of several recipients each has his own outcome. Who has the mail does not get it again; who was refused is failed with his own fault;
// who was put off gets it later, alone, under the same Message-ID. The agent sees it on the very message.
func TestE49EachRecipientHasHisOutcome(t *testing.T) {
	houses(t, func(h *house) {
		id, m, row := h.several()
		soon := h.at.Add(time.Minute)
		h.ok(h.outbox.Partly(h.Context(), row, notSent(map[string]*channels.Fault{"bob": permanent, "carla": temporary}), soon))
		got := h.message(m.ID)
		if want := "anna relayed, bob failed bad_address, carla delayed network, dora relayed"; got.State != channels.StateSent || got.Fault != nil || said(got) != want {
			t.Fatal(got.State, got.Fault, said(got))
		}
		if _, ch := h.last(id); ch.Delivery == nil || ch.Delivery.State != channels.StateSent || len(ch.Delivery.Reports) != 4 {
			t.Fatalf("told %+v", ch.Delivery)
		}
		if rows := h.leased(); len(rows) != 0 {
			t.Fatal("it goes again at once")
		}
		if codes, err := h.ledger.Objections(h.Context(), h.row(row.ID)); err != nil || len(codes) != 0 {
			t.Fatal("who has been refused for ever is asked about again", codes, err)
		}
		h.pass(2 * time.Minute)
		again := h.begin()
		if p := again.Envelope.Pending(); len(p) != 1 || p[0] != "carla@example.it" || again.Envelope.Thread.MessageID != row.Envelope.Thread.MessageID || !again.Reached() {
			t.Fatal(p, again.Envelope.Thread.MessageID)
		}
		if h.message(m.ID).State != channels.StateSent {
			t.Fatal("the message went back")
		}
		h.ok(h.outbox.Sent(h.Context(), again, channels.Sent{External: "x"}))
		got = h.message(m.ID)
		if want := "anna relayed, bob failed bad_address, carla relayed, dora relayed"; got.State != channels.StateSent || said(got) != want || h.row(row.ID).State != channels.StateSent {
			t.Fatal(got.State, said(got), h.row(row.ID).State)
		}
		if got := h.attempts(row.ID); !slices.Equal(got, []string{"sent", "sent"}) {
			t.Fatal(got)
		}
		codes, err := h.book.Objections(h.Context(), h.d, channels.Email, "mail", customer.Service, "", []channels.Address{mailbox("bob@example.it"), mailbox("carla@example.it")})
		if err != nil || len(codes) != 1 || codes["bob@example.it"] != customer.CodeSuppressed {
			t.Error("an address that was refused for ever is used again, although nobody's", codes, err)
		}
	})
}

// E-49: the message is judged by its first recipient, whatever the others got, and the others get it whatever became of the first.
func TestE49FirstRecipientJudgesTheMessage(t *testing.T) {
	houses(t, func(h *house) {
		soon := h.at.Add(time.Minute)
		_, m, row := h.several()
		h.ok(h.outbox.Partly(h.Context(), row, notSent(map[string]*channels.Fault{"anna": permanent, "bob": temporary}), soon))
		got := h.message(m.ID)
		if got.State != channels.StateFailed || got.Fault == nil || got.Fault.Code != channels.CodeBadAddress || h.row(row.ID).State != channels.StateQueued {
			t.Fatal(got.State, got.Fault, h.row(row.ID).State)
		}
		h.pass(2 * time.Minute)
		again := h.begin()
		if p := again.Envelope.Pending(); len(p) != 1 || p[0] != "bob@example.it" {
			t.Fatal(p)
		}
		h.ok(h.outbox.Failed(h.Context(), again, temporary, time.Time{})) // given up
		got = h.message(m.ID)
		if want := "anna failed bad_address, bob failed network, carla relayed, dora relayed"; got.State != channels.StateFailed || said(got) != want || h.row(row.ID).State != channels.StateFailed {
			t.Fatal(got.State, said(got), h.row(row.ID).State)
		}

		_, m, row = h.several()
		h.ok(h.outbox.Partly(h.Context(), row, notSent(map[string]*channels.Fault{"anna": temporary}), h.at.Add(time.Minute)))
		if got := h.message(m.ID); got.State != channels.StateQueued || got.Fault == nil || h.row(row.ID).Reached() {
			t.Fatal(got.State, got.Fault)
		}
	})
}

// A crash between the server's answers and their settlement leaves the outcome unknown, for those only who had none before.
func TestE49CrashBetweenPartialTakingAndSettlement(t *testing.T) {
	houses(t, func(h *house) {
		_, m, row := h.several()
		h.ok(h.outbox.Partly(h.Context(), row, notSent(map[string]*channels.Fault{"bob": temporary, "carla": temporary}), h.at.Add(time.Minute)))
		h.pass(2 * time.Minute)
		h.begin() // and its program dies
		h.pass(2 * time.Minute)
		if n, err := h.outbox.Recover(h.Context()); n != 1 || err != nil {
			t.Fatal(n, err)
		}
		got := h.message(m.ID)
		if want := "anna relayed, bob unknown timeout, carla unknown timeout, dora relayed"; got.State != channels.StateSent || said(got) != want {
			t.Fatal(got.State, said(got))
		}
		again := h.begin()
		if p := again.Envelope.Pending(); !slices.Equal(p, []string{"bob@example.it", "carla@example.it"}) {
			t.Fatal(p)
		}

		_, m, row = h.several() // nothing was settled: all get it again, as any mail
		h.pass(2 * time.Minute)
		if n, err := h.outbox.Recover(h.Context()); n != 2 || err != nil {
			t.Fatal(n, err)
		}
		if p := h.row(row.ID).Envelope.Pending(); len(p) != 4 || h.message(m.ID).Fault == nil {
			t.Fatal(p)
		}
	})
}

// What a report says meanwhile of the first recipient does not keep the others from getting the mail.
func TestE49ReportBetweenAttempts(t *testing.T) {
	houses(t, func(h *house) {
		for _, early := range []bool{true, false} {
			_, m, row := h.several()
			delivered := channels.Receipt{Account: "mail", Kind: channels.Email, MessageID: row.Envelope.Thread.MessageID, Recipient: "anna@example.it", State: channels.StateDelivered}
			if early {
				h.ok(h.ledger.Settle(h.Context(), delivered))
			}
			h.ok(h.outbox.Partly(h.Context(), row, notSent(map[string]*channels.Fault{"bob": temporary}), h.at.Add(time.Minute)))
			if !early {
				h.ok(h.ledger.Settle(h.Context(), delivered))
			}
			h.pass(2 * time.Minute)
			again := h.begin()
			if p := again.Envelope.Pending(); len(p) != 1 || h.message(m.ID).State != channels.StateDelivered {
				t.Fatal(p, h.message(m.ID).State)
			}
			h.ok(h.outbox.Sent(h.Context(), again, channels.Sent{}))
			if h.row(row.ID).State != channels.StateDelivered || h.message(m.ID).State != channels.StateDelivered {
				t.Fatal(h.row(row.ID).State, h.message(m.ID).State)
			}
		}
	})
}

// E-33: a bounce of somebody in copy, also of one whom nobody sees, is shown on the very message, which has been sent all the same.
func TestE33BounceOfACopyIsShownOnTheMessage(t *testing.T) {
	houses(t, func(h *house) {
		id, m, row := h.several()
		h.ok(h.outbox.Sent(h.Context(), row, channels.Sent{}))
		settle := func(who string, state channels.State, f *channels.Fault) {
			h.ok(h.ledger.Settle(h.Context(), channels.Receipt{Account: "mail", Kind: channels.Email, MessageID: row.Envelope.Thread.MessageID,
				Recipient: who, State: state, Fault: f}))
		}
		settle("dora@example.it", channels.StateFailed, permanent)
		settle("bob@example.it", channels.StateFailed, permanent)
		settle("bob@example.it", channels.StateFailed, permanent)
		if got := h.message(m.ID); got.State != channels.StateSent || said(got) != "bob failed bad_address, dora failed bad_address" || got.Details.Reports[0].Status != "5.1.1" {
			t.Fatal(got.State, said(got))
		}
		settle("", channels.StateFailed, &channels.Fault{Class: channels.Permanent, Code: channels.CodeProvider}) // one of them, nobody says which
		settle("anna@example.it", channels.StateFailed, permanent)
		got := h.message(m.ID)
		if want := "anna failed bad_address, bob failed bad_address, dora failed bad_address, failed provider"; got.State != channels.StateFailed || said(got) != want {
			t.Fatal(got.State, said(got))
		}
		if _, ch := h.last(id); ch.Delivery == nil || len(ch.Delivery.Reports) != 4 {
			t.Fatalf("told %+v", ch.Delivery)
		}
	})
}

// E-34: who got a mail may say that it was read; nobody else may, and nothing goes back.
func TestE34ReadingIsBelievedOfARecipient(t *testing.T) {
	houses(t, func(h *house) {
		_, m, row := h.several()
		h.ok(h.outbox.Sent(h.Context(), row, channels.Sent{}))
		settle := func(who string, state channels.State) {
			h.ok(h.ledger.Settle(h.Context(), channels.Receipt{Account: "mail", Kind: channels.Email, MessageID: row.Envelope.Thread.MessageID, Recipient: who, State: state}))
		}
		settle("mallory@example.org", channels.StateRead)
		settle("", channels.StateRead)
		settle("bob@example.it", channels.StateRead)
		if got := h.message(m.ID); got.State != channels.StateSent || said(got) != "bob displayed" {
			t.Fatal(got.State, said(got))
		}
		settle("Anna@Example.it", channels.StateRead)
		settle("anna@example.it", channels.StateDelivered)
		if got := h.message(m.ID); got.State != channels.StateRead || h.row(row.ID).State != channels.StateRead {
			t.Fatal(got.State, h.row(row.ID).State)
		}
	})
}

// The rest of a mail that its first recipient has is refused by itself, when somebody has said meanwhile that he wants none.
func TestE49RestIsRefusedByItself(t *testing.T) {
	houses(t, func(h *house) {
		_, m, row := h.several()
		h.ok(h.outbox.Partly(h.Context(), row, notSent(map[string]*channels.Fault{"bob": temporary}), h.at.Add(time.Minute)))
		h.pass(2 * time.Minute)
		rows := h.leased()
		if len(rows) != 1 {
			t.Fatal(len(rows))
		}
		verdict := h.row(row.ID).Verdict
		verdict.Chosen, verdict.Code = -1, "SUPPRESSED"
		h.ok(h.outbox.Refuse(h.Context(), rows[0], verdict))
		got := h.message(m.ID)
		if want := "anna relayed, bob failed unreachable, carla relayed, dora relayed"; got.State != channels.StateSent || said(got) != want || h.row(row.ID).State != channels.StateSent {
			t.Fatal(got.State, said(got), h.row(row.ID).State)
		}
	})
}
