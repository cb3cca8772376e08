package dispatch

import (
	"database/sql"
	"testing"

	"github.com/google/uuid"

	"sportello/channels"
	"sportello/inbox"
	"sportello/inbox/customer"
	"sportello/inbox/journal"
)

// REQ-LP2: whatever writes a mail, it leaves by the one gate: nothing goes to an address that a bounce has killed, be it an answer, an
// acknowledgement or a campaign's mail, and what bounces is answered by nothing.
func TestREQLP2NothingGoesToADeadAddress(t *testing.T) {
	houses(t, func(t *testing.T, h *house) {
		j := journal.New(h.db)
		h.ledger = inbox.NewLedger(h.db, j, h.book, inbox.Config{TokenKey: make([]byte, 32), Accounts: []inbox.Account{
			{ID: "posta", Kind: channels.Email, Address: "aiuto@ditta.example", Domain: "ditta.example",
				Ack: &inbox.Ack{Locale: "it", Texts: map[string]inbox.AckText{"it": {Text: "Ricevuto"}}}}}}, h.clock.Now)
		h.outbox = inbox.NewOutbox(h.db, j, h.ledger, h.clock.Now)
		p := h.writes(channels.Email) // acknowledged
		h.answers(p, channels.Email, true, "pinned")
		h.answers(p, channels.Email, false, "free")
		if err := h.book.Consent(h.ctx, nil, p.customer, customer.Consent{Kind: channels.Email, Purpose: customer.Marketing, Granted: true, Source: "agent", Actor: "agent:anna"}); err != nil {
			t.Fatal(err)
		}
		c, err := h.ledger.BeginCampaign(h.ctx, inbox.Campaign{Name: "spring", List: "news", Account: "posta", Digest: "x"})
		if err != nil {
			t.Fatal(err)
		}
		c.Purpose = customer.Marketing
		if _, err := h.ledger.Mail(h.ctx, c, []inbox.Letter{{Customer: p.customer, Address: p.address[channels.Email], Subject: "News", Text: "campaign"}}); err != nil {
			t.Fatal(err)
		}
		waits := func() (n int) {
			t.Helper()
			if err := h.db.QueryRowContext(h.ctx, `SELECT count(*) FROM outbox WHERE state = 'queued'`).Scan(&n); err != nil {
				t.Fatal(err)
			}
			return n
		}
		if n := waits(); n != 4 {
			t.Fatalf("%d mails wait, want an acknowledgement, two answers and a campaign's", n)
		}
		if err := h.db.Tx(h.ctx, func(tx *sql.Tx) error {
			return h.book.Suppress(h.ctx, tx, channels.Email, p.address[channels.Email], "m", channels.CodeBadAddress, h.clock.Now())
		}); err != nil {
			t.Fatal(err)
		}
		bounce := channels.Inbound{Account: "posta", Kind: channels.Email, External: uuid.NewString(), Auto: channels.AutoBounce, Text: "User unknown",
			From: channels.Address{Kind: channels.Email, Value: "mailer-daemon@example.it"}, ReceivedAt: h.clock.Now()}
		if _, err := h.ledger.Accept(h.ctx, bounce); err != nil {
			t.Fatal(err)
		}
		if n := waits(); n != 4 {
			t.Fatalf("%d mails wait: a bounce is answered", n)
		}
		stop := h.dispatch("one")
		rows, err := h.db.QueryContext(h.ctx, `SELECT message_id FROM outbox`)
		if err != nil {
			t.Fatal(err)
		}
		var ids []inbox.MessageID
		for rows.Next() {
			var id inbox.MessageID
			if err := rows.Scan(&id); err != nil {
				t.Fatal(err)
			}
			ids = append(ids, id)
		}
		if err := rows.Close(); err != nil {
			t.Fatal(err)
		}
		for _, id := range ids {
			h.untilState(id, channels.StateFailed)
		}
		stop()
		if calls, _ := h.mail.count(); calls != 0 || len(ids) != 4 {
			t.Errorf("%d of %d mails went to a dead address: %v", calls, len(ids), h.mail.texts())
		}
	})
}
