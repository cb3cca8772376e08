package inbox_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"sportello/channels"
	"sportello/inbox"
	"sportello/inbox/customer"
)

// seq is customer.Customer.Seq of a conversation's customer.
func (h *house) seq(id string) int64 {
	h.Helper()
	_, c, err := h.ledger.ReachContext(h.Context(), inbox.ConversationID(id))
	h.ok(err)
	return c.Seq
}

// asked is Reach's verdict that a conversation's customer may be answered where a message came from.
func (h *house) asked(id string, in channels.Inbound) customer.Verdict {
	h.Helper()
	o := customer.Option{Kind: in.Kind, Account: in.Account, Address: in.From.Value, Usable: true}
	return customer.Verdict{Options: []customer.Option{o}, At: h.now(), Seq: h.seq(id)}
}

// next is the row that comes by express, if one does.
func (h *house) next(e *inbox.Express) (inbox.Row, bool) {
	over, cancel := context.WithCancel(h.Context())
	cancel()
	return e.Next(over, h.Context())
}

// A chat line to a customer of whom nothing has changed is begun as it is written, and handed over once.
func TestExpressReplyIsBegunAsItIsWritten(t *testing.T) {
	houses(t, func(h *house) {
		id, in := h.begun(h.chat("one"))
		e := h.outbox.Express("node1", 3*time.Second)
		m, err := h.answer(id, in, inbox.ReplyCmd{SeenSeq: 1 << 30, Verdict: h.asked(id, in)})
		h.ok(err)
		if m.State != channels.StateSending || len(h.leased()) != 0 {
			t.Fatalf("%+v", m)
		}
		row, ok := h.next(e)
		stored := h.row(row.ID)
		if !ok || row.Message != m.ID || row.Envelope.Attempt != 1 || row.Envelope.Text != m.Text || row.Envelope.Seq != m.Seq ||
			stored.State != channels.StateSending || stored.Attempts != 1 || stored.Holder != "node1" || !stored.LeasedUntil.After(h.at) {
			t.Fatalf("%+v\n%+v", row, stored)
		}
		h.ok(h.outbox.Sent(h.Context(), row, channels.Sent{External: "x"}))
		if got := h.attempts(row.ID); len(got) != 1 || got[0] != "sent" || h.message(m.ID).State != channels.StateSent {
			t.Fatal(got)
		}
		if _, ok := h.next(e); ok {
			t.Fatal("a row came twice")
		}
	})
}

// What the visitor's browser answers at once is written down with the outcome of the attempt: one event says delivered, nobody is told twice.
// What it answers for somebody else, or after the outcome was written, stands for itself; and when the attempt failed, nothing is lost.
func TestExpressHearsTheEcho(t *testing.T) {
	houses(t, func(h *house) {
		id, in := h.begun(h.chat("one"))
		e := h.outbox.Express("node1", 3*time.Second)
		reply := func() (inbox.Message, inbox.Row, func(channels.State, string) chan error) {
			h.Helper()
			m, err := h.answer(id, in, inbox.ReplyCmd{SeenSeq: 1 << 30, Verdict: h.asked(id, in)})
			h.ok(err)
			row, ok := e.Next(h.Context(), h.Context())
			if !ok {
				h.Fatal("nothing was begun")
			}
			e.Left(row.Conversation)
			return m, row, func(s channels.State, to string) chan error {
				settled := make(chan error, 1)
				go func() {
					settled <- h.ledger.Settle(h.Context(), channels.Receipt{Account: in.Account, Kind: channels.Chat, OutboxID: row.ID, Recipient: to, State: s, At: h.now()})
				}()
				return settled
			}
		}
		states := func(m inbox.Message) (told []channels.State) {
			_, all := h.changes(id)
			for _, ch := range all {
				if ch.Delivery != nil && ch.Delivery.Message == m.ID {
					told = append(told, ch.Delivery.State)
				}
			}
			return told
		}
		m, row, receipt := reply()
		heard := receipt(channels.StateDelivered, in.From.Value)
		h.ok(h.outbox.Sent(h.Context(), row, channels.Sent{External: "x"}))
		h.ok(<-heard)
		if got := states(m); !slices.Equal(got, []channels.State{channels.StateDelivered}) || h.message(m.ID).State != channels.StateDelivered {
			t.Fatal(got, h.message(m.ID).State)
		}
		if got := h.attempts(row.ID); len(got) != 1 || got[0] != "sent" || h.row(row.ID).State != channels.StateDelivered {
			t.Fatal(got, h.row(row.ID))
		}
		h.ok(<-receipt(channels.StateRead, in.From.Value))

		m, row, receipt = reply()
		h.ok(<-receipt(channels.StateDelivered, "somebody else"))
		h.ok(h.outbox.Sent(h.Context(), row, channels.Sent{External: "y"}))
		if got := states(m); !slices.Equal(got, []channels.State{channels.StateSent}) {
			t.Fatal(got)
		}
		h.ok(<-receipt(channels.StateDelivered, in.From.Value))
		if got := states(m); !slices.Equal(got, []channels.State{channels.StateSent, channels.StateDelivered}) {
			t.Fatal(got)
		}

		m, row, receipt = reply()
		heard = receipt(channels.StateRead, in.From.Value)
		h.ok(h.outbox.Failed(h.Context(), row, &channels.Fault{Class: channels.Temporary, Code: channels.CodeNetwork}, h.at.Add(time.Hour)))
		h.ok(<-heard)
		if got := h.message(m.ID).State; got != channels.StateRead {
			t.Fatal(got)
		}
	})
}

// A process that dies with a begun row in its hands: the row is found when its time is over, and goes again.
func TestExpressRowOfALostProcessGoesAgain(t *testing.T) {
	houses(t, func(h *house) {
		id, in := h.begun(h.chat("one"))
		h.outbox.Express("node1", 3*time.Second)
		m, err := h.answer(id, in, inbox.ReplyCmd{SeenSeq: 1 << 30, Verdict: h.asked(id, in)})
		h.ok(err)
		h.pass(time.Minute)
		if n, err := h.outbox.Recover(h.Context()); n != 1 || err != nil {
			t.Fatal(n, err)
		}
		if rows := h.leased(); len(rows) != 1 || rows[0].Message != m.ID {
			t.Fatalf("%+v", rows)
		}
	})
}

// What must be asked about anew, has to wait for its turn, or finds no room, goes the long way.
func TestExpressIsNotForEveryReply(t *testing.T) {
	houses(t, func(h *house) {
		id, in := h.begun(h.chat("one"))
		asked := h.asked(id, in)
		queued := func(what string, in channels.Inbound, id string, v customer.Verdict) {
			t.Helper()
			m, err := h.answer(id, in, inbox.ReplyCmd{SeenSeq: 1 << 30, Verdict: v})
			h.ok(err)
			if m.State != channels.StateQueued {
				t.Fatalf("%s: %s", what, m.State)
			}
		}
		queued("without a dispatcher", in, id, asked)
		e := h.outbox.Express("node1", 3*time.Second)
		queued("behind another", in, id, asked)
		h.ok(h.outbox.Sent(h.Context(), h.begin(), channels.Sent{}))
		h.ok(h.outbox.Sent(h.Context(), h.begin(), channels.Sent{}))
		h.ok(h.book.Consent(h.Context(), nil, h.conversation(id).Customer, customer.Consent{Kind: channels.Chat, Source: "page", Actor: "system"}))
		queued("consent withdrawn meanwhile", in, id, asked)
		text, sms := h.begun(h.text("two"))
		queued("a text", sms, text, h.asked(text, sms))
		if _, ok := h.next(e); ok {
			t.Fatal("one was handed over")
		}
		e = h.outbox.Express("node1", 3*time.Second)
		later, none, elsewhere, old := h.asked(id, in), h.asked(id, in), h.asked(id, in), h.asked(id, in)
		later.Options[0].Usable = false
		none.Chosen = -1
		elsewhere.Options[0].Address = "somebody else"
		old.At = old.At.Add(-time.Minute)
		for _, v := range []customer.Verdict{later, none, elsewhere, old, {Seq: h.seq(id)}} {
			fresh := h.chat("again")
			fresh.From.Value = fmt.Sprintf("%032x", h.count.Add(1))
			other, fresh := h.begun(fresh)
			v.Seq = h.seq(other)
			if len(v.Options) > 0 && v.Options[0].Address == in.From.Value {
				v.Options[0].Address = fresh.From.Value
			}
			queued("the verdict is not for now", fresh, other, v)
		}
		other := h.chat("three")
		other.From.Value = "ffeeddccbbaa99887766554433221100"
		last, other := h.begun(other)
		if _, ok := h.next(e); ok { // and closed with that
			t.Fatal("one was handed over")
		}
		queued("when it is closed", other, last, h.asked(last, other))
	})
}

// Replies that come together are all written, each once, and a special one among them disturbs nobody.
func TestRepliesTogether(t *testing.T) {
	houses(t, func(h *house) {
		const n = 20
		type talk struct {
			id    string
			in    channels.Inbound
			asked customer.Verdict
		}
		talks := make([]talk, n)
		for i := range talks {
			in := h.from(i, "ciao")
			id, _ := h.begun(in)
			talks[i] = talk{id, in, h.asked(id, in)}
		}
		e := h.outbox.Express("node1", 3*time.Second)
		var group sync.WaitGroup
		for i, k := range talks {
			for range 2 { // the same command twice
				group.Go(func() {
					m, err := h.answer(k.id, k.in, inbox.ReplyCmd{SeenSeq: 1 << 30, ClientID: fmt.Sprint("same", i), Verdict: k.asked})
					if err != nil || m.Text != "Buongiorno" {
						t.Error(m, err)
					}
				})
			}
			group.Go(func() {
				if _, err := h.answer(k.id, k.in, inbox.ReplyCmd{Agent: giulia, SeenSeq: 1 << 30}); err == nil {
					t.Error("a reply of somebody else was taken")
				}
			})
		}
		group.Wait()
		for range n {
			if _, ok := h.next(e); !ok {
				t.Fatal("a row is missing")
			}
		}
		if row, ok := h.next(e); ok {
			t.Fatalf("too many rows: %+v", row)
		}
		for _, k := range talks {
			if all := h.messages(k.id); len(all) != 2 {
				t.Fatalf("%d messages", len(all))
			}
		}
	})
}

// News that comes together, in any order and twice, leaves each message as the furthest of it says, and tells each step once.
func TestGoodNewsTogether(t *testing.T) {
	houses(t, func(h *house) {
		const n = 12
		var group sync.WaitGroup
		rows := make([]inbox.Row, n)
		ids := make([]string, n)
		for i := range rows {
			in := h.from(i, "ciao")
			ids[i], _ = h.begun(in)
			h.mustAnswer(ids[i], in)
			rows[i] = h.begin()
		}
		for _, row := range rows {
			for range 2 {
				group.Go(func() {
					if err := h.outbox.Sent(h.Context(), row, channels.Sent{External: "x" + row.ID}); err != nil {
						t.Error(err)
					}
				})
				for _, state := range []channels.State{channels.StateRead, channels.StateDelivered} {
					group.Go(func() {
						if err := h.ledger.Settle(h.Context(), channels.Receipt{OutboxID: row.ID, Account: "site", State: state}); err != nil {
							t.Error(err)
						}
					})
				}
			}
			group.Go(func() { // somebody in copy
				r := channels.Receipt{OutboxID: row.ID, Account: "site", State: channels.StateRead, Recipient: "somebody"}
				if err := h.ledger.Settle(h.Context(), r); err != nil {
					t.Error(err)
				}
			})
		}
		group.Wait()
		for i, row := range rows {
			got := h.row(row.ID)
			if got.State != channels.StateRead || got.Holder != "" || h.message(row.Message).State != channels.StateRead {
				t.Fatalf("%+v", got)
			}
			if ended := h.attempts(row.ID); len(ended) != 1 || ended[0] != "sent" {
				t.Fatal(ended)
			}
			seen := map[channels.State]bool{}
			_, changes := h.changes(ids[i])
			for _, ch := range changes {
				if ch.Delivery == nil {
					continue
				}
				if seen[ch.Delivery.State] {
					t.Fatalf("%s was told twice", ch.Delivery.State)
				}
				seen[ch.Delivery.State] = true
			}
			if !seen[channels.StateRead] {
				t.Fatal("read was not told")
			}
		}
	})
}

// The next line of a conversation may begin as soon as the one before has left, and not sooner.
func TestExpressKeepsTheOrderOfAConversation(t *testing.T) {
	houses(t, func(h *house) {
		id, in := h.begun(h.chat("one"))
		e := h.outbox.Express("node1", 3*time.Second)
		say := func() channels.State {
			t.Helper()
			m, err := h.answer(id, in, inbox.ReplyCmd{SeenSeq: 1 << 30, Verdict: h.asked(id, in)})
			h.ok(err)
			return m.State
		}
		if got := say(); got != channels.StateSending {
			t.Fatal(got)
		}
		e.Left(inbox.ConversationID(id)) // and is not settled yet
		if got := say(); got != channels.StateSending {
			t.Fatal("the one before has left, and the next waits", got)
		}
		if got := say(); got != channels.StateQueued {
			t.Fatal("a line overtakes another", got)
		}
		e.Left(inbox.ConversationID(id))
		if got := say(); got != channels.StateQueued {
			t.Fatal("a line overtakes one that waits", got)
		}
	})
}
