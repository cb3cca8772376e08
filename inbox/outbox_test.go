package inbox_test

import (
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"sportello/channels"
	"sportello/inbox"
	"sportello/inbox/customer"
	"sportello/inbox/journal"
)

var (
	temporary = &channels.Fault{Class: channels.Temporary, Code: channels.CodeNetwork}
	permanent = &channels.Fault{Class: channels.Permanent, Code: channels.CodeBadAddress, Provider: "550 5.1.1", Suppress: true}
	uncertain = &channels.Fault{Class: channels.Uncertain, Code: channels.CodeTimeout}
)

// A row is leased once, begun, sent, and gone.
func TestRowIsLeasedBegunAndSent(t *testing.T) {
	houses(t, func(h *house) {
		id, in := h.begun(h.mail("one"))
		m := h.mustAnswer(id, in)
		row := h.begin()
		if row.Attempts != 1 || row.Envelope.Attempt != 1 || len(h.leased()) != 0 || h.message(m.ID).State != channels.StateSending {
			t.Fatalf("%+v", row)
		}
		h.ok(h.outbox.Sent(h.Context(), row, channels.Sent{External: "x1", State: channels.StateQueued}))
		h.ok(h.outbox.Sent(h.Context(), row, channels.Sent{External: "x1"}))
		typ, ch := h.last(id)
		if h.message(m.ID).State != channels.StateSent || h.row(row.ID).State != channels.StateSent || typ != journal.Delivery ||
			ch.Delivery.State != channels.StateSent || ch.Delivery.Message != m.ID || ch.Delivery.Seq != m.Seq {
			t.Fatal(typ, ch)
		}
		if types, _ := h.changes(id); len(types) != 5 {
			t.Fatal("sent twice was told twice", types)
		}
		_, c, err := h.ledger.ReachContext(h.Context(), inbox.ConversationID(id))
		if err != nil || !c.Identities[0].LastOutAt.Equal(h.at) {
			t.Fatal(c, err)
		}
		if next, err := h.outbox.NextDue(h.Context()); err != nil || !next.IsZero() {
			t.Fatal(next, err)
		}
	})
}

// Many dispatchers lease at once: each row goes to one.
func TestRowGoesToOneHolder(t *testing.T) {
	houses(t, func(h *house) {
		const n = 12
		for range n {
			id, in := h.begun(h.mail("one"))
			h.mustAnswer(id, in)
		}
		var group sync.WaitGroup
		ids := make(chan string, 10*n)
		for holder := range 8 {
			group.Go(func() {
				rows, err := h.outbox.Lease(h.Context(), string(rune('a'+holder)), 5, time.Minute)
				if err != nil {
					t.Error(err)
				}
				for _, r := range rows {
					ids <- r.ID
				}
			})
		}
		group.Wait()
		close(ids)
		seen := map[string]bool{}
		for id := range ids {
			if seen[id] {
				t.Fatal("leased twice")
			}
			seen[id] = true
		}
		for _, r := range h.leased() {
			seen[r.ID] = true
		}
		if len(seen) != n {
			t.Fatal(len(seen))
		}
	})
}

// Of one conversation and channel, one row leaves after the other; another conversation does not wait for it.
func TestOrderWithinAConversation(t *testing.T) {
	houses(t, func(h *house) {
		id, in := h.begun(h.text("one"))
		other, otherIn := h.begun(h.mail("one"))
		first := h.mustAnswer(id, in)
		second := h.mustAnswer(id, in)
		h.mustAnswer(other, otherIn)
		rows := h.leased()
		if len(rows) != 2 || !slices.ContainsFunc(rows, func(r inbox.Row) bool { return r.Message == first.ID }) {
			t.Fatalf("%d rows", len(rows))
		}
		for _, r := range rows {
			r, err := h.outbox.Begin(h.Context(), r)
			h.ok(err)
			if r.Message == first.ID {
				if len(h.leased()) != 0 {
					t.Fatal("the second left while the first was being sent")
				}
			}
			h.ok(h.outbox.Sent(h.Context(), r, channels.Sent{}))
		}
		if rows = h.leased(); len(rows) != 1 || rows[0].Message != second.ID {
			t.Fatal("the second does not leave")
		}
	})
}

// Who sends is called when a row has left and another may have waited for it, and not when none did.
func TestOutboxRingsForWhatWaited(t *testing.T) {
	houses(t, func(h *house) {
		id, in := h.begun(h.text("one"))
		h.mustAnswer(id, in)
		h.mustAnswer(id, in)
		for _, waits := range []bool{true, false} {
			row, rung := h.begin(), false
			changed := h.outbox.Changed()
			h.ok(h.outbox.Sent(h.Context(), row, channels.Sent{}))
			select {
			case <-changed:
				rung = true
			default:
			}
			if rung != waits {
				t.Fatalf("rung %v, want %v", rung, waits)
			}
		}
	})
}

// A row that was put off does not hold back those behind it, and comes again at its time.
func TestPutOffRowHoldsNobodyBack(t *testing.T) {
	houses(t, func(h *house) {
		id, in := h.begun(h.text("one"))
		first := h.mustAnswer(id, in)
		row := h.begin()
		h.ok(h.outbox.Failed(h.Context(), row, temporary, h.at.Add(time.Minute)))
		second := h.mustAnswer(id, in)
		if rows := h.leased(); len(rows) != 1 || rows[0].Message != second.ID {
			t.Fatal(rows)
		}
		if next, err := h.outbox.NextDue(h.Context()); err != nil || !next.Equal(h.at.Add(time.Minute)) {
			t.Fatal(next, err)
		}
		h.pass(2 * time.Minute)
		if rows := h.leased(); len(rows) != 1 || rows[0].Message != first.ID || rows[0].Attempts != 1 {
			t.Fatal(rows)
		}
	})
}

// Replies leave before automatic messages, and those before bulk.
func TestRepliesLeaveBeforeBulk(t *testing.T) {
	houses(t, func(h *house) {
		for _, class := range []string{"bulk", "auto", "reply"} {
			id, in := h.begun(h.mail(class))
			row := h.rowOf(h.mustAnswer(id, in))
			if _, err := h.d.Exec(`UPDATE outbox SET class = $1 WHERE id = $2`, class, row.ID); err != nil {
				t.Fatal(err)
			}
			h.pass(time.Second)
		}
		for _, want := range []inbox.Class{inbox.ClassReply, inbox.ClassAuto, inbox.ClassBulk} {
			rows, err := h.outbox.Lease(h.Context(), "node1", 1, time.Minute)
			if err != nil || len(rows) != 1 || rows[0].Class != want {
				t.Fatal(want, rows, err)
			}
		}
	})
}

// A lease that ran out is taken by somebody else, and the first holder may not begin any more.
func TestLeaseRunsOut(t *testing.T) {
	houses(t, func(h *house) {
		id, in := h.begun(h.text("one"))
		h.mustAnswer(id, in)
		old := h.leased()[0]
		h.pass(2 * time.Minute)
		if _, err := h.outbox.Begin(h.Context(), old); !isRefused(err, inbox.ErrLeaseLost) {
			t.Fatal(err)
		}
		rows, err := h.outbox.Lease(h.Context(), "node2", 10, time.Minute)
		if err != nil || len(rows) != 1 {
			t.Fatal(rows, err)
		}
		for _, err := range []error{
			h.outbox.Hold(h.Context(), old, customer.Verdict{Chosen: -1}, h.at), h.outbox.Refuse(h.Context(), old, customer.Verdict{Chosen: -1}),
		} {
			if !isRefused(err, inbox.ErrLeaseLost) {
				t.Fatal(err)
			}
		}
		if _, err := h.outbox.Redirect(h.Context(), old, customer.Option{Kind: channels.SMS, Account: "text", Address: "+393331234567"}, customer.Verdict{}); !isRefused(err, inbox.ErrLeaseLost) {
			t.Fatal(err)
		}
		if _, err := h.outbox.Begin(h.Context(), rows[0]); err != nil {
			t.Fatal(err)
		}
	})
}

// Each class of fault has its outcome on each channel.
func TestOutcomeOfAFault(t *testing.T) {
	houses(t, func(h *house) {
		soon := h.at.Add(time.Minute)
		for name, c := range map[string]struct {
			in    channels.Inbound
			fault *channels.Fault
			retry time.Time
			want  channels.State
		}{
			"temporary":               {h.text("1"), temporary, soon, channels.StateQueued},
			"temporary, given up":     {h.mail("2"), temporary, time.Time{}, channels.StateFailed},
			"permanent":               {h.mail("3"), permanent, soon, channels.StateFailed},
			"uncertain text message":  {h.text("4"), uncertain, soon, channels.StateUnknown},
			"uncertain mail":          {h.mail("5"), uncertain, soon, channels.StateQueued},
			"uncertain mail, give up": {h.mail("6"), uncertain, time.Time{}, channels.StateUnknown},
			"uncertain chat line":     {h.chat("7"), uncertain, soon, channels.StateQueued},
		} {
			id := h.accept(c.in).Conversation
			h.assign(id, marco)
			m := h.mustAnswer(id, c.in)
			row := h.begin()
			h.ok(h.outbox.Failed(h.Context(), row, c.fault, c.retry))
			typ, ch := h.last(id)
			if got := h.message(m.ID); got.State != c.want || got.Fault == nil || got.Fault.Code != c.fault.Code || typ != journal.Delivery || ch.Delivery.State != c.want {
				t.Errorf("%s: %s, told %s %+v", name, got.State, typ, ch.Delivery)
			}
			if r := h.row(row.ID); r.State != c.want || c.want == channels.StateQueued && !r.DueAt.Equal(soon) {
				t.Errorf("%s: row %s due %s", name, r.State, r.DueAt)
			}
			_, who, err := h.ledger.ReachContext(h.Context(), inbox.ConversationID(id))
			if err != nil || c.fault.Suppress == who.Identities[0].SuppressedAt.IsZero() {
				t.Errorf("%s: suppressed %v, %v", name, who.Identities[0].SuppressedAt, err)
			}
			if got := h.attempts(row.ID); len(got) != 1 || got[0] != string(c.fault.Class) {
				t.Errorf("%s: attempts %v", name, got)
			}
		}
	})
}

func (h *house) attempts(row string) (outcomes []string) {
	h.Helper()
	rows, err := h.d.Query(`SELECT outcome FROM attempt WHERE outbox_id = $1 ORDER BY n`, row)
	h.ok(err)
	defer rows.Close() //nolint:errcheck // rows.Err says what matters
	for rows.Next() {
		var s string
		h.ok(rows.Scan(&s))
		outcomes = append(outcomes, s)
	}
	h.ok(rows.Err())
	return outcomes
}

// A row that cannot be read holds up nobody: it is a failure that its author sees, and what is heard of it later still counts.
func TestUnreadableRowIsSetAside(t *testing.T) {
	houses(t, func(h *house) {
		damage := func(m inbox.Message, column, state string) {
			h.Helper()
			_, err := h.d.ExecContext(h.Context(), `UPDATE outbox SET `+column+` = '{"', state = $2, leased_until = 1 WHERE message_id = $1`, string(m.ID), state)
			h.ok(err)
		}
		var damaged []inbox.Message
		for i, column := range []string{"envelope", "verdict", "fault"} {
			id, in := h.begun(h.from(i, "one"))
			m := h.mustAnswer(id, in)
			damage(m, column, "queued")
			damaged = append(damaged, m)
		}
		id, in := h.begun(h.from(3, "two"))
		whole := h.mustAnswer(id, in)
		if rows := h.leased(); len(rows) != 1 || rows[0].Message != whole.ID {
			t.Fatalf("%+v", rows)
		}
		id, in = h.begun(h.from(4, "cut off"))
		cut := h.mustAnswer(id, in)
		h.begin()
		damage(cut, "envelope", "sending")
		if n, err := h.outbox.Recover(h.Context()); n != 1 || err != nil {
			t.Fatal(n, err)
		}
		for _, m := range append(damaged, cut) {
			got := h.message(m.ID)
			if got.State != channels.StateFailed || got.Fault == nil || got.Fault.Code != channels.CodeUnreadable {
				t.Errorf("%+v", got)
			}
			if _, ch := h.last(string(m.Conversation)); ch.Delivery == nil || ch.Delivery.State != channels.StateFailed {
				t.Errorf("%+v", ch)
			}
		}
		if rows := h.leased(); len(rows) != 0 {
			t.Fatalf("%+v", rows)
		}
		r := channels.Receipt{Account: cut.Account, Kind: channels.Chat, OutboxID: h.outboxOf(cut.ID), State: channels.StateDelivered, At: h.now()}
		h.ok(h.ledger.Settle(h.Context(), r))
		if got := h.message(cut.ID).State; got != channels.StateDelivered {
			t.Fatal(got)
		}
	})
}

// The same fault again and again is told once.
func TestRepeatedFaultIsToldOnce(t *testing.T) {
	houses(t, func(h *house) {
		id, in := h.begun(h.text("one"))
		h.mustAnswer(id, in)
		for range 3 {
			h.ok(h.outbox.Failed(h.Context(), h.begin(), temporary, h.at.Add(time.Minute)))
			h.pass(2 * time.Minute)
		}
		types, _ := h.changes(id)
		if n := len(slices.DeleteFunc(types, func(t journal.Type) bool { return t != journal.Delivery })); n != 1 {
			t.Fatalf("told %d times", n)
		}
	})
}

// A holder that vanished in the middle of an attempt: a mail goes again under the same id, a text message is unknown.
func TestVanishedHolder(t *testing.T) {
	houses(t, func(h *house) {
		mail, mailIn := h.begun(h.mail("one"))
		text, textIn := h.begun(h.text("one"))
		h.mustAnswer(mail, mailIn)
		sms := h.mustAnswer(text, textIn)
		var mailRow inbox.Row
		for _, r := range h.leased() {
			r, err := h.outbox.Begin(h.Context(), r)
			h.ok(err)
			if r.Kind == channels.Email {
				mailRow = r
			}
		}
		if n, err := h.outbox.Recover(h.Context()); n != 0 || err != nil {
			t.Fatal("recovered what is being sent", n, err)
		}
		h.pass(2 * time.Minute)
		if n, err := h.outbox.Recover(h.Context()); n != 2 || err != nil {
			t.Fatal(n, err)
		}
		if h.message(sms.ID).State != channels.StateUnknown {
			t.Fatal(h.message(sms.ID).State)
		}
		again := h.begin()
		if again.ID != mailRow.ID || again.Envelope.Thread.MessageID != mailRow.Envelope.Thread.MessageID || again.Attempts != 2 {
			t.Fatalf("%+v", again)
		}
		h.ok(h.outbox.Failed(h.Context(), mailRow, permanent, time.Time{}))
		if h.row(again.ID).State != channels.StateSending {
			t.Fatal("a late word of the vanished holder ended the new attempt")
		}
		h.ok(h.outbox.Sent(h.Context(), again, channels.Sent{}))
	})
}

// The clock goes back by an hour: what was to leave now does not wait for that hour, what is being sent may end, and what was leased by a
// program that is gone is free.
func TestN15ClockGoesBack(t *testing.T) {
	houses(t, func(h *house) {
		for _, text := range []string{"one", "two", "three"} {
			id, in := h.begun(h.mail(text))
			h.mustAnswer(id, in)
		}
		rows := h.leased()
		if len(rows) != 3 {
			t.Fatal(len(rows), "rows")
		}
		sending, err := h.outbox.Begin(h.Context(), rows[0])
		h.ok(err)
		if n, err := h.outbox.Recover(h.Context()); n != 0 || err != nil {
			t.Fatal(n, err)
		}
		h.pass(-time.Hour)
		if n := len(h.leased()); n != 0 {
			t.Fatal(n, "rows are leased before anybody has looked at the clock")
		}
		if n, err := h.outbox.Recover(h.Context()); n != 0 || err != nil {
			t.Fatal("recovered what is being sent", n, err)
		}
		if n := len(h.leased()); n != 2 {
			t.Error(n, "rows can be sent, of 2")
		}
		h.ok(h.outbox.Sent(h.Context(), sending, channels.Sent{}))
		if s := h.row(sending.ID).State; s != channels.StateSent {
			t.Error("what was being sent is", s)
		}
	})
}

// A5: a message leaves by another channel than was asked for, with a new envelope, and everybody is told why.
func TestA5Redirect(t *testing.T) {
	houses(t, func(h *house) {
		id, in := h.begun(h.chat("ciao"))
		who := h.conversation(id).Customer
		h.ok(h.book.Declare(h.Context(), who, channels.Address{Kind: channels.Email, Value: "anna@example.it"}, channels.ProofDeclared, "agent:marco"))
		m := h.mustAnswer(id, in)
		row := h.leased()[0]
		v := customer.Verdict{Code: customer.CodeVisitorLeft, Chosen: 1}
		row, err := h.outbox.Redirect(h.Context(), row, customer.Option{Kind: channels.Email, Account: "mail", Address: "anna@example.it"}, v)
		h.ok(err)
		e := row.Envelope
		if row.Kind != channels.Email || e.ID != row.ID || e.To[0].Value != "anna@example.it" || e.From.Value != "support@shop.example" || e.From.Name != "Marco" ||
			e.Text != m.Text || e.Seq != m.Seq || e.Message != string(m.ID) || e.Thread.Token == "" || !strings.HasPrefix(e.Subject, "Shop") {
			t.Fatalf("%+v", e)
		}
		if got := h.message(m.ID); got.Kind != channels.Email || got.AskedKind != channels.Chat || got.To[0].Value != "anna@example.it" {
			t.Fatalf("%+v", got)
		}
		if typ, ch := h.last(id); typ != journal.Redirected || ch.Delivery.Kind != channels.Email || ch.Delivery.Verdict.Code != customer.CodeVisitorLeft {
			t.Fatal(typ, ch)
		}
		row, err = h.outbox.Begin(h.Context(), row)
		h.ok(err)
		h.ok(h.outbox.Sent(h.Context(), row, channels.Sent{}))
		answer := h.mail("thanks")
		answer.Thread.InReplyTo = []string{e.Thread.MessageID}
		if a := h.accept(answer); a.Conversation != id || h.conversation(id).Customer != who {
			t.Fatal("U4: the answer by mail does not come back into the conversation")
		}
	})
}

// M-21: what may not leave now waits, and is told once; what may not leave at all ends, and is told.
func TestHoldAndRefuse(t *testing.T) {
	houses(t, func(h *house) {
		id, in := h.begun(h.text("one"))
		m := h.mustAnswer(id, in)
		until := h.at.Add(10 * time.Minute)
		quiet := customer.Verdict{Chosen: -1, Code: customer.CodeQuietHours}
		for range 2 {
			h.ok(h.outbox.Hold(h.Context(), h.leased()[0], quiet, until))
			if len(h.leased()) != 0 {
				t.Fatal("it is not held")
			}
			h.pass(11 * time.Minute)
			until = h.at.Add(10 * time.Minute)
		}
		types, all := h.changes(id)
		if len(types) != 5 || all[4].Delivery.State != channels.StateQueued || all[4].Delivery.Verdict.Code != customer.CodeQuietHours {
			t.Fatal(types)
		}
		h.ok(h.outbox.Refuse(h.Context(), h.leased()[0], customer.Verdict{Chosen: -1, Code: customer.CodeConsentWithdrawn}))
		got := h.message(m.ID)
		if _, ch := h.last(id); got.State != channels.StateFailed || got.Fault.Code != channels.CodeOptedOut || ch.Delivery.Verdict == nil {
			t.Fatalf("%+v", got)
		}
		h.pass(time.Hour)
		if len(h.leased()) != 0 {
			t.Fatal("refused, and leased again")
		}
	})
}

func TestBookmarks(t *testing.T) {
	houses(t, func(h *house) {
		b := inbox.NewBookmarks(h.d, h.now)
		if got, err := b.Load(h.Context(), "mail", "INBOX"); got != "" || err != nil {
			t.Fatal(got, err)
		}
		for _, v := range []string{"1:2", "1:3"} {
			h.ok(b.Save(h.Context(), "mail", "INBOX", v))
			h.ok(b.Save(h.Context(), "mail2", "INBOX", "other"))
			if got, err := b.Load(h.Context(), "mail", "INBOX"); got != v || err != nil {
				t.Fatal(got, err)
			}
		}
	})
}

// What waits for a visitor is due at once when he is back; what waits on other channels, or for others, is not hastened.
func TestDueNow(t *testing.T) {
	houses(t, func(h *house) {
		in, post := h.chat("one"), h.mail("two")
		in.Claims = []channels.Claim{{Address: post.From, Proof: channels.ProofVerified}}
		id, _ := h.begun(in)
		h.mustAnswer(id, in)
		mail, _ := h.begun(post)
		h.mustAnswer(mail, post)
		for _, row := range h.leased() {
			h.ok(h.outbox.Hold(h.Context(), row, customer.Verdict{Chosen: -1}, h.at.Add(time.Hour)))
		}
		changed := h.outbox.Changed()
		for _, want := range []int64{1, 0} {
			if n, err := h.outbox.DueNow(h.Context(), in.From); err != nil || n != want {
				t.Fatalf("%d rows hastened, %v", n, err)
			}
		}
		<-changed
		if rows := h.leased(); len(rows) != 1 || rows[0].Kind != channels.Chat {
			t.Fatalf("%+v", rows)
		}
	})
}

// M-10: rows of unknown outcome are to be asked about some seconds after the attempt, by one program each, then less and less often.
func TestM10UnsettledRowsAreAskedAboutWithBackOff(t *testing.T) {
	houses(t, func(h *house) {
		id, in := h.begun(h.text("one"))
		h.mustAnswer(id, in)
		row, began := h.begin(), h.at
		h.pass(time.Second)
		h.ok(h.outbox.Failed(h.Context(), row, uncertain, time.Time{}))
		ask := func(accounts ...channels.AccountID) []inbox.Unsettled {
			t.Helper()
			rows, err := h.outbox.Unsettled(h.Context(), accounts, 10)
			h.ok(err)
			return rows
		}
		var asked []time.Duration
		for end := began.Add(100 * time.Hour); h.at.Before(end); {
			rows := ask("text")
			if len(rows) == 1 && (rows[0].ID != row.ID || !rows[0].Since.Equal(began)) || len(ask("text")) > 0 {
				t.Fatalf("%+v", rows)
			}
			if len(rows) == 1 {
				asked = append(asked, h.at.Sub(began))
			}
			switch since := h.at.Sub(began); {
			case since < 10*time.Minute:
				h.pass(5 * time.Second)
			case since < 12*time.Hour:
				h.pass(time.Minute)
			default: // from there on once an hour
				h.pass(time.Hour)
			}
		}
		last := asked[len(asked)-1]
		if asked[0] < 10*time.Second || asked[0] > 20*time.Second || len(asked) > 90 || last < 70*time.Hour || last > 73*time.Hour {
			t.Fatalf("%d times: %v", len(asked), asked)
		}
		if rows := ask(); rows != nil {
			t.Fatal(rows)
		}
		for external, want := range map[string]bool{"SM1": false, "SM9": true, "": false} {
			if external == "SM9" {
				h.ok(h.ledger.Settle(h.Context(), channels.Receipt{Account: "text", OutboxID: row.ID, External: external, State: channels.StateSent}))
			}
			if known, err := h.outbox.Knows(h.Context(), "text", external); err != nil || known != want {
				t.Fatal(external, known, err)
			}
		}
	})
}
