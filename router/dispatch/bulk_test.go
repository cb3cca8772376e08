package dispatch

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"testing"
	"time"

	"sportello/channels"
	"sportello/inbox"
	"sportello/inbox/customer"
	"sportello/inbox/inboxtest"
)

// campaign queues n mails to people who agreed to the list, and returns their rows' customers in order.
func (h *house) campaign(n int) []person {
	h.Helper()
	c, err := h.ledger.BeginCampaign(h.ctx, inbox.Campaign{Name: "saldi", List: "news", Account: "posta", Subject: "Saldi", Digest: "d",
		ListID: "news.ditta.example", Purpose: customer.Marketing})
	if err != nil {
		h.Fatal(err)
	}
	people, letters := make([]person, n), make([]inbox.Letter, n)
	for i := range people {
		people[i] = h.writes(channels.Email)
		if err := h.book.Consent(h.ctx, nil, people[i].customer, customer.Consent{Kind: channels.Email, List: "news", Granted: true, Source: "page",
			Actor: "customer", At: h.clock.Now()}); err != nil {
			h.Fatal(err)
		}
		letters[i] = inbox.Letter{Customer: people[i].customer, Address: people[i].address[channels.Email], Subject: "Saldi", Text: fmt.Sprint("saldi ", i)}
	}
	if queued, err := h.ledger.Mail(h.ctx, c, letters); err != nil || len(queued) != n {
		h.Fatal(len(queued), err)
	}
	return people
}

// E-53, N3: whatever waits of a campaign is asked about when it leaves. What the customer has forbidden since is refused with the reason,
// by no other channel instead; what must wait for the hour waits.
func TestE53CampaignIsJudgedWhenItLeaves(t *testing.T) {
	houses(t, func(t *testing.T, h *house) {
		people := h.campaign(7)
		now := h.clock.Now()
		ok := func(err error) {
			if err != nil {
				t.Fatal(err)
			}
		}
		leave := customer.Consent{Kind: channels.Email, List: "news", Source: "one_click", Actor: "customer", At: now.Add(time.Second)}
		ok(h.book.Consent(h.ctx, nil, people[1].customer, leave))
		h.stops(people[2], channels.Email)
		ok(h.db.Tx(h.ctx, func(tx *sql.Tx) error {
			return h.book.Suppress(h.ctx, tx, channels.Email, people[3].address[channels.Email], "", "bad_address", now)
		}))
		ok(h.book.SetPreference(h.ctx, people[4].customer, customer.Preference{Channel: channels.SMS}, "agent:anna"))
		ok(h.book.SetQuiet(h.ctx, people[5].customer, 0, 1439, "agent:anna"))
		ok(h.book.Declare(h.ctx, people[6].customer, channels.Address{Kind: channels.SMS, Value: "+393330000000"}, channels.ProofDeclared, "agent:anna"))
		other := leave
		other.List = "altra"
		ok(h.book.Consent(h.ctx, nil, people[6].customer, other))
		h.dispatch("one")
		want := inbox.CampaignStatus{Waiting: 1, Sent: 2, Held: map[customer.Code]int{customer.CodeQuietHours: 1}, Refused: map[customer.Code]int{
			customer.CodeConsentWithdrawn: 2, customer.CodeSuppressed: 1, customer.CodePrefersOther: 1}}
		var got inbox.CampaignStatus
		var err error
		defer func() { t.Logf("%+v", got) }()
		inboxtest.Until(h, "campaign is through", func() bool {
			got, err = h.ledger.CampaignStatus(h.ctx, "saldi")
			return err == nil && fmt.Sprint(got.Waiting, got.Sent, got.Held, got.Refused) == fmt.Sprint(want.Waiting, want.Sent, want.Held, want.Refused)
		})
		if texts := h.mail.texts(); len(texts) != 2 || !slices.Contains(texts, "saldi 0") || !slices.Contains(texts, "saldi 6") || len(h.sms.texts()) != 0 {
			t.Error(texts, h.sms.texts())
		}
	})
}

// While a provider is down, thousands of mails are not asked about every few seconds.
func TestE53BulkIsPutOffForLonger(t *testing.T) {
	ask := askOf()
	ask.Purpose, ask.List, ask.Down = customer.Marketing, "news", map[channels.AccountID]time.Time{"posta": noon}
	ask.Customer.Consents = []customer.Consent{{Kind: channels.Email, List: "news", Granted: true, At: noon}}
	row := rowOf(channels.Email, "posta", mail)
	row.Pinned, row.Purpose, row.Class = true, customer.Marketing, inbox.ClassBulk
	if s := plan(row, ask, noon); s.do != hold || s.until != noon.Add(bulkAgain) {
		t.Errorf("%+v", s)
	}
	row.Class = inbox.ClassReply
	if s := plan(row, ask, noon); s.do != hold || s.until != noon.Add(30*time.Second) {
		t.Errorf("%+v", s)
	}
}

// N3: what waits of a campaign that was stopped does not leave, also if an attempt was under way and lost when it was stopped.
func TestE53StoppedCampaignIsRefusedWhenItLeaves(t *testing.T) {
	houses(t, func(t *testing.T, h *house) {
		h.campaign(1)
		rows, err := h.outbox.Lease(h.ctx, "gone", 10, time.Minute)
		if err != nil || len(rows) != 1 {
			t.Fatal(len(rows), err)
		}
		if _, err = h.outbox.Begin(h.ctx, rows[0]); err != nil {
			t.Fatal(err)
		}
		if n, err := h.ledger.StopCampaign(h.ctx, "saldi"); n != 0 || err != nil {
			t.Fatal(n, err)
		}
		h.clock.Move(5 * time.Minute)
		h.dispatch("one")
		inboxtest.Until(h, "refused", func() bool {
			s, err := h.ledger.CampaignStatus(h.ctx, "saldi")
			return err == nil && s.Refused[customer.CodeStopped] == 1
		})
		if len(h.mail.texts()) != 0 {
			t.Error("it left")
		}
	})
}

// E-53: an answer leaves before whatever waits of a campaign, though its account is slow and the campaign was there first.
func TestE53CampaignDoesNotHoldUpAnAnswer(t *testing.T) {
	houses(t, func(t *testing.T, h *house) {
		const bulk = 300 // more than the lanes hold
		h.campaign(bulk)
		asks := h.writes(channels.Email)
		gate := make(chan struct{})
		h.mail.set(func(_ context.Context, out channels.Outbound) error {
			if out.Campaign != "" {
				<-gate
			}
			return nil
		})
		h.dispatch("one")
		calls := func() int { n, _ := h.mail.count(); return n }
		inboxtest.Until(h, "bulk is with its workers", func() bool { return calls() == perAccount/2 })
		for n := range 5 {
			id := h.answers(asks, channels.Email, true, fmt.Sprint("risposta ", n))
			h.untilState(id, channels.StateSent) // none of the campaign's has left
		}
		if texts := h.mail.texts(); len(texts) != 5 {
			t.Errorf("%d left before the last answer: %v", len(texts), texts)
		}
		close(gate)
		inboxtest.Until(h, "all have left", func() bool { return len(h.mail.texts()) == bulk+5 })
	})
}

// E-53: of bulk only a few workers are taken, of an account and of all, and its stock is small; what is urgent is leased all the same.
func TestE53BulkTakesHalfOfTheWorkers(t *testing.T) {
	d := New(nil, nil, nil, nil, Config{Workers: 6}, time.Now, quiet())
	var rows []inbox.Row
	for n := range 40 {
		rows = append(rows, inbox.Row{ID: fmt.Sprint(n), Account: channels.AccountID(fmt.Sprint("conto", n%4)), Class: inbox.ClassBulk})
	}
	d.sort(rows, time.Now().Add(time.Minute))
	if !d.bulkStocked() || d.stocked() || !d.roomy() {
		t.Error("bulk counts as stock")
	}
	l := d.lanes["conto0"]
	for _, c := range []struct{ lane, all int }{{0, 0}, {1, 2}, {2, 2}, {0, 3}} {
		l.bulk, l.flying, d.bulk = c.lane, c.lane, c.all
		if want := c.lane < 2 && c.all < 3; d.ready(l) != want {
			t.Errorf("%+v: ready %v", c, !want)
		}
	}
	d.sort([]inbox.Row{{ID: "r", Account: "conto0", Class: inbox.ClassReply}}, time.Now().Add(time.Minute))
	if l.rows[0].ID != "r" || l.urgent() != 1 || !d.ready(l) {
		t.Error("a reply does not go first")
	}
}
