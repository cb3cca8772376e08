package inbox_test

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"sportello/channels"
	"sportello/inbox"
	"sportello/inbox/customer"
	"sportello/inbox/journal"
)

var sale = inbox.Campaign{Name: "saldi", List: "news", Account: "mail", Subject: "Saldi", Digest: "d1", Sender: "Shop News",
	ListID: "news.shop.example", Purpose: customer.Marketing}

// subscriber is a customer who has agreed to the list.
func (h *house) subscriber(address string) customer.ID {
	h.Helper()
	in := h.mail("x")
	in.From.Value = address
	done, err := h.ledger.Accept(h.Context(), in)
	h.ok(err)
	c, err := h.ledger.Conversation(h.Context(), inbox.ConversationID(done.Conversation))
	h.ok(err)
	h.ok(h.book.Consent(h.Context(), nil, c.Customer, customer.Consent{Kind: channels.Email, List: "news", Granted: true, Source: "page", Actor: "customer", At: h.now()}))
	h.pass(time.Second)
	return c.Customer
}

func letterTo(id customer.ID, address string) inbox.Letter {
	return inbox.Letter{Customer: id, Address: address, Subject: "Saldi", Text: "Ciao", Unsubscribe: "https://help.shop.example/u/x"}
}

// mailed begins the campaign with one letter, and returns its row.
func (h *house) mailed(id customer.ID, address string) inbox.Row {
	h.Helper()
	c, err := h.ledger.BeginCampaign(h.Context(), sale)
	h.ok(err)
	n, err := h.ledger.Mail(h.Context(), c, []inbox.Letter{letterTo(id, address)})
	h.ok(err)
	for _, r := range h.leased() {
		if len(n) == 1 && r.Class == inbox.ClassBulk && r.Customer == id {
			return r
		}
	}
	h.Fatalf("%d queued, no row", len(n))
	return inbox.Row{}
}

// E-53: each person gets a campaign once, however often and by however many it is begun; the envelope says everything that sending needs.
func TestE53CampaignOnceToEachPerson(t *testing.T) {
	houses(t, func(h *house) {
		anna, bruno := h.subscriber("anna@example.it"), h.subscriber("bruno@example.it")
		c, err := h.ledger.BeginCampaign(h.Context(), sale)
		h.ok(err)
		all := []inbox.Letter{letterTo(anna, "anna@example.it"), letterTo(bruno, "bruno@example.it"), letterTo(anna, "anna2@example.it")}
		var group sync.WaitGroup
		var mu sync.Mutex
		queued := 0
		for range 4 {
			group.Go(func() {
				n, err := h.ledger.Mail(h.Context(), c, all)
				if err != nil {
					t.Error(err)
				}
				mu.Lock()
				defer mu.Unlock()
				queued += len(n)
			})
		}
		group.Wait()
		rows := h.leased()
		if queued != 2 || len(rows) != 2 {
			t.Fatal(queued, len(rows))
		}
		for _, r := range rows {
			e := r.Envelope
			if r.Class != inbox.ClassBulk || r.Purpose != customer.Marketing || !r.Pinned || e.Auto != channels.AutoList || e.List != "news" || e.Campaign != "saldi" ||
				e.ListID != "news.shop.example" || e.From.Name != "Shop News" || e.Subject != "Saldi" || e.Thread.Token == "" ||
				e.Unsubscribe.URL == "" || !strings.HasPrefix(e.Unsubscribe.Mail, "support+") || strings.Contains(e.Unsubscribe.Mail, e.Thread.Token) {
				t.Errorf("%+v", r)
			}
			v, err := h.ledger.Conversation(h.Context(), r.Conversation)
			if err != nil || v.State != inbox.Closed || v.Disposition != "campaign" || !v.WaitingSince.IsZero() {
				t.Errorf("%+v %v", v, err)
			}
			if types, _ := h.changes(string(r.Conversation)); len(types) != 2 || types[0] != journal.Opened || types[1] != journal.Replied {
				t.Error(types)
			}
		}
		other := sale
		other.Digest = "d2"
		if _, err := h.ledger.BeginCampaign(h.Context(), other); !errors.Is(err, inbox.ErrOtherCampaign) {
			t.Error(err)
		}
	})
}

// E-53: an answer to a campaign's mail opens its conversation; what a machine answers does not.
func TestE53AnswerToACampaignOpensIt(t *testing.T) {
	houses(t, func(h *house) {
		row := h.mailed(h.subscriber("anna@example.it"), "anna@example.it")
		answer := func(auto channels.Auto) inbox.Conversation {
			in := h.mail("Quanto costa?")
			in.From.Value, in.Auto, in.Thread.InReplyTo, in.Thread.Token = "anna@example.it", auto, []string{row.Envelope.Thread.MessageID}, row.Envelope.Thread.Token
			done, err := h.ledger.Accept(h.Context(), in)
			h.ok(err)
			c, err := h.ledger.Conversation(h.Context(), inbox.ConversationID(done.Conversation))
			h.ok(err)
			return c
		}
		if c := answer(channels.AutoReply); c.ID != row.Conversation || c.State != inbox.Closed {
			t.Errorf("a machine: %+v", c)
		}
		if c := answer(channels.AutoNone); c.ID != row.Conversation || c.State == inbox.Closed || c.WaitingSince.IsZero() {
			t.Errorf("a person: %+v", c)
		}
	})
}

// E-53: a mail to the address of unsubscribing ends the list at once, with itself as the proof, is answered by nobody and opens nothing.
// A machine's ends nothing; neither does a token that was signed for answers, or none.
func TestE53MailUnsubscribes(t *testing.T) {
	houses(t, func(h *house) {
		h.cfg.Accounts[0].Ack = &inbox.Ack{Locale: "it", Texts: map[string]inbox.AckText{"it": {Text: "Grazie"}}}
		h.open()
		anna := h.subscriber("anna@example.it")
		row := h.mailed(anna, "anna@example.it")
		token, _, _ := strings.Cut(strings.TrimPrefix(row.Envelope.Unsubscribe.Mail, "support+"), "@")
		before := len(h.leased())
		send := func(token string, auto channels.Auto) channels.Accepted {
			in := h.mail("unsubscribe")
			in.From.Value, in.Auto, in.Thread.Token = "forwarded@example.org", auto, token
			done, err := h.ledger.Accept(h.Context(), in)
			h.ok(err)
			h.pass(time.Second)
			return done
		}
		left := func() *customer.Consent {
			c, err := h.book.Read(h.Context(), anna)
			h.ok(err)
			s := c.Subscription("news", customer.Marketing)
			if s.Subscribed {
				return nil
			}
			return s.Because
		}
		for _, auto := range []channels.Auto{channels.AutoReply, channels.AutoGenerated, channels.AutoBounce, channels.AutoReceipt, channels.AutoList} {
			if done := send(token, auto); left() != nil || done.Conversation != string(row.Conversation) {
				t.Fatalf("%s: %+v", auto, left())
			}
		}
		if send(row.Envelope.Thread.Token+"x", channels.AutoReply); left() != nil {
			t.Fatal("a broken token")
		}
		done := send(strings.ToUpper(token), channels.AutoNone)
		c := left()
		if c == nil || c.SourceID != done.Message || c.Source != "message" || c.List != "news" || c.Actor != "customer:"+string(anna) {
			t.Fatalf("%+v", c)
		}
		v, err := h.ledger.Conversation(h.Context(), row.Conversation)
		if err != nil || done.Conversation != string(v.ID) || v.State != inbox.Closed || !v.WaitingSince.IsZero() {
			t.Errorf("%+v %v", v, err)
		}
		if m, err := h.ledger.Message(h.Context(), inbox.MessageID(done.Message)); err != nil || m.Auto != channels.AutoOptOut || m.Details.Matched != "unsubscribe" {
			t.Errorf("%+v %v", m, err)
		}
		rows := 0
		h.ok(h.d.QueryRow(`SELECT count(*) FROM outbox WHERE class = 'auto' AND conversation_id = $1`, string(v.ID)).Scan(&rows))
		if rows != 0 || before != 0 {
			t.Error("answered by a machine", rows, before)
		}
	})
}

// E-53: a stopped campaign sends nothing more, not even what somebody holds, and takes nobody more; its status says what became of each.
func TestE53CampaignStops(t *testing.T) {
	houses(t, func(h *house) {
		c, err := h.ledger.BeginCampaign(h.Context(), sale)
		h.ok(err)
		var all []inbox.Letter
		for _, name := range []string{"anna", "bruno", "carla", "dino", "elsa"} {
			all = append(all, letterTo(h.subscriber(name+"@example.it"), name+"@example.it"))
		}
		n, err := h.ledger.Mail(h.Context(), c, all)
		h.ok(err)
		rows := map[customer.ID]inbox.Row{}
		for _, r := range h.leased() {
			if r.Class == inbox.ClassBulk {
				rows[r.Customer] = r
			}
		}
		begin := func(i int) inbox.Row {
			r, err := h.outbox.Begin(h.Context(), rows[all[i].Customer])
			h.ok(err)
			return r
		}
		h.ok(h.outbox.Sent(h.Context(), begin(0), channels.Sent{External: "x0"}))
		sent := begin(1)
		h.ok(h.outbox.Sent(h.Context(), sent, channels.Sent{External: "x1"}))
		h.ok(h.ledger.Settle(h.Context(), channels.Receipt{Account: "mail", Kind: channels.Email, OutboxID: sent.ID, State: channels.StateFailed, Fault: permanent}))
		h.ok(h.outbox.Refuse(h.Context(), rows[all[2].Customer], customer.Verdict{Chosen: -1, Code: customer.CodeConsentWithdrawn}))
		flying := begin(3)
		canceled, err := h.ledger.StopCampaign(h.Context(), "saldi")
		if len(n) != 5 || canceled != 1 || err != nil {
			t.Fatal(n, canceled, err)
		}
		if _, err := h.outbox.Begin(h.Context(), rows[all[4].Customer]); !isRefused(err, inbox.ErrLeaseLost) {
			t.Error("what was canceled may leave", err)
		}
		if codes, err := h.ledger.Objections(h.Context(), flying); err != nil || codes["dino@example.it"] != customer.CodeStopped {
			t.Error(codes, err)
		}
		if _, err := h.ledger.Mail(h.Context(), c, all); !errors.Is(err, inbox.ErrStopped) {
			t.Error(err)
		}
		if _, err := h.ledger.BeginCampaign(h.Context(), sale); !errors.Is(err, inbox.ErrStopped) {
			t.Error(err)
		}
		h.ok(h.book.Consent(h.Context(), nil, all[0].Customer, customer.Consent{Kind: channels.Email, List: "news", Source: "one_click", Actor: "customer", At: h.now()}))
		s, err := h.ledger.CampaignStatus(h.Context(), "saldi")
		if err != nil || s.Receivers != 5 || s.Sent != 1 || s.Bounced[channels.CodeBadAddress] != 1 || s.Refused[customer.CodeConsentWithdrawn] != 1 ||
			s.Waiting != 1 || s.Canceled != 1 || s.Unsubscribed != 1 || s.StoppedAt.IsZero() {
			t.Errorf("%+v %v", s, err)
		}
		if again, err := h.ledger.StopCampaign(h.Context(), "saldi"); again != 0 || err != nil {
			t.Error(again, err)
		}
		if _, err := h.ledger.StopCampaign(h.Context(), "altra"); !errors.Is(err, inbox.ErrNotFound) {
			t.Error(err)
		}
	})
}
