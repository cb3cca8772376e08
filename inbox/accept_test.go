package inbox_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"sportello/channels"
	"sportello/inbox"
	"sportello/inbox/customer"
	"sportello/inbox/journal"
)

// The first message opens a conversation that waits for an answer and for the router.
func TestFirstMessageOpensAConversation(t *testing.T) {
	houses(t, func(h *house) {
		in := h.mail("Where is my order?")
		in.HTML, in.Parts, in.Cc = `<p>Where?</p><img data-src="https://example.it/a.png"/>`, []channels.Part{{Name: "a.pdf", Type: "application/pdf", Size: 3, Blob: "x"}},
			[]channels.Address{{Kind: channels.Email, Value: "friend@example.it"}}
		a := h.accept(in)
		v := h.conversation(a.Conversation)
		if v.State != inbox.New || v.Queue != "" || v.Number != 1001 || v.CustomerName != "Anna" || v.Kind != channels.Email || v.Account != "mail" ||
			v.Subject != "Order 17" || v.Preview != "Where is my order?" || !v.WaitingSince.Equal(h.at) || v.LastKind != channels.Email ||
			v.LastMessageSeq != a.Seq || v.LastSeq != 2 || v.Priority != 50 {
			t.Fatalf("%+v", v)
		}
		m := h.message(inbox.MessageID(a.Message))
		if m.Seq != a.Seq || m.HTML != in.HTML || !m.HasHTML || !m.RemoteImages || len(m.Parts) != 1 || m.Parts[0] != in.Parts[0] || m.From != in.From || len(m.Cc) != 1 ||
			m.Proof != channels.ProofProvider || m.Author.Name != "Anna" || m.Author.Kind != "customer" {
			t.Fatalf("%+v", m)
		}
		types, all := h.changes(a.Conversation)
		if !slices.Equal(types, []journal.Type{journal.Opened, journal.Received}) || all[1].Message == nil || all[1].Message.Text != in.Text || all[1].Message.Seq != 2 {
			t.Fatal(types, all)
		}
		byNumber, err := h.ledger.ConversationByNumber(h.Context(), 1001)
		if err != nil || byNumber.ID != v.ID {
			t.Fatal(byNumber, err)
		}
	})
}

// Promise 1: the same delivery twice changes nothing.
func TestSameDeliveryTwiceChangesNothing(t *testing.T) {
	houses(t, func(h *house) {
		in := h.mail("once")
		first := h.accept(in)
		h.pass(time.Hour)
		again := h.accept(in)
		if !again.Duplicate || first.Duplicate || again.Message != first.Message || again.Conversation != first.Conversation || again.Seq != first.Seq {
			t.Fatalf("%+v %+v", first, again)
		}
		if types, _ := h.changes(first.Conversation); len(types) != 2 {
			t.Fatal(types)
		}
		other := in
		other.Account = "mail2"
		if h.accept(other).Duplicate {
			t.Fatal("another account's message is another message")
		}
	})
}

func TestMessageWithoutIdentityIsRefused(t *testing.T) {
	houses(t, func(h *house) {
		for _, in := range []channels.Inbound{{Kind: channels.Email, External: "x"}, {Account: "mail", External: "x"}, {Account: "mail", Kind: channels.Email}} {
			if _, err := h.ledger.Accept(h.Context(), in); err == nil {
				t.Errorf("taken: %+v", in)
			}
		}
	})
}

// REQ-DD1: 20 parallel deliveries of the same and of different events make one conversation with each message once.
func TestREQDD1ParallelDeliveries(t *testing.T) {
	houses(t, func(h *house) {
		const distinct, times = 10, 2
		var ins []channels.Inbound
		for n := range distinct {
			in := h.text(fmt.Sprintf("text %d", n))
			for range times {
				ins = append(ins, in)
			}
		}
		var group sync.WaitGroup
		results := make(chan channels.Accepted, len(ins))
		for _, in := range ins {
			group.Go(func() {
				a, err := h.ledger.Accept(h.Context(), in)
				if err != nil {
					t.Error(err)
				}
				results <- a
			})
		}
		group.Wait()
		close(results)
		conversations, seen, fresh := map[string]bool{}, map[string]bool{}, 0
		for a := range results {
			conversations[a.Conversation], seen[a.Message] = true, true
			if !a.Duplicate {
				fresh++
			}
		}
		if len(conversations) != 1 || len(seen) != distinct || fresh != distinct {
			t.Fatalf("%d conversations, %d messages, %d taken", len(conversations), len(seen), fresh)
		}
		for id := range conversations {
			if got := h.messages(id); len(got) != distinct {
				t.Fatalf("%d messages", len(got))
			}
			h.changes(id) // no gaps
		}
	})
}

// The same delivery from two senders at once, which no lock of a sender keeps apart, is still taken once.
func TestSameDeliveryFromTwoSenders(t *testing.T) {
	houses(t, func(h *house) {
		var group sync.WaitGroup
		results := make(chan channels.Accepted, 16)
		one := h.text("ciao")
		for n := range 16 {
			in := one
			in.From.Value = fmt.Sprintf("+3933300000%02d", n)
			group.Go(func() {
				a, err := h.ledger.Accept(h.Context(), in)
				if err != nil {
					t.Error(err)
				}
				results <- a
			})
		}
		group.Wait()
		close(results)
		ids := map[string]bool{}
		for a := range results {
			ids[a.Message] = true
		}
		if len(ids) != 1 {
			t.Fatal(ids)
		}
	})
}

// Different senders do not wait for each other, and every conversation gets a number of its own.
func TestParallelSendersGetNumbersOfTheirOwn(t *testing.T) {
	houses(t, func(h *house) {
		var group sync.WaitGroup
		for n := range 32 {
			in := h.text("ciao")
			in.From.Value = fmt.Sprintf("+3933300000%02d", n)
			group.Go(func() {
				if _, err := h.ledger.Accept(h.Context(), in); err != nil {
					t.Error(err)
				}
			})
		}
		group.Wait()
		numbers := map[int64]bool{}
		h.ok(h.ledger.Open(h.Context(), func(v inbox.Conversation) error { numbers[v.Number] = true; return nil }))
		if len(numbers) != 32 || !numbers[1001] || !numbers[1032] {
			t.Fatal(len(numbers))
		}
	})
}

// A text and a chat line go on with the customer's open conversation on that channel; a mail without references begins one.
func TestCurrentConversationGoesOn(t *testing.T) {
	houses(t, func(h *house) {
		if a, b := h.accept(h.text("one")), h.accept(h.text("two")); a.Conversation != b.Conversation {
			t.Error("texts")
		}
		if a, b := h.accept(h.chat("one")), h.accept(h.chat("two")); a.Conversation != b.Conversation {
			t.Error("chat lines")
		}
		if a, b := h.accept(h.mail("one")), h.accept(h.mail("two")); a.Conversation == b.Conversation {
			t.Error("mails")
		}
	})
}

// The wait for an answer counts from the first message that was not answered.
func TestWaitCountsFromTheFirstUnanswered(t *testing.T) {
	houses(t, func(h *house) {
		id, in := h.begun(h.text("one"))
		first := h.at
		h.pass(time.Minute)
		h.accept(h.text("two"))
		if v := h.conversation(id); !v.WaitingSince.Equal(first) || !v.LastInAt.Equal(h.at) {
			t.Fatalf("%+v", v)
		}
		h.mustAnswer(id, in)
		if v := h.conversation(id); !v.WaitingSince.IsZero() {
			t.Fatalf("%+v", v)
		}
		h.pass(time.Minute)
		h.accept(h.text("three"))
		if v := h.conversation(id); !v.WaitingSince.Equal(h.at) {
			t.Fatalf("%+v", v)
		}
	})
}

// E-24: closed a short time ago, it is opened again where it was; closed long ago, it is continued in a new conversation.
func TestE24ClosedIsReopenedOrContinued(t *testing.T) {
	houses(t, func(h *house) {
		id, _ := h.begun(h.text("one"))
		_, err := h.ledger.Transfer(h.Context(), inbox.TransferCmd{Conversation: inbox.ConversationID(id), Actor: inbox.ActorOf(marco), ToQueue: "sales"})
		h.ok(err)
		h.assign(id, marco)
		h.close(id)
		h.pass(71 * time.Hour)
		if a := h.accept(h.text("again")); a.Conversation != id {
			t.Fatal("a new conversation")
		}
		types, all := h.changes(id)
		reopened := all[len(all)-2]
		if types[len(types)-2] != journal.Reopened || reopened.From != marco || reopened.Conversation.State != inbox.Waiting {
			t.Fatal(types)
		}
		if v := h.conversation(id); v.State != inbox.Waiting || v.Queue != "sales" || v.Sticky != marco || !v.ClosedAt.IsZero() || !v.QueuedAt.Equal(h.at) || v.Disposition != "" {
			t.Fatalf("%+v", v)
		}
		h.close(id)
		h.pass(73 * time.Hour)
		a := h.accept(h.text("much later"))
		if v := h.conversation(a.Conversation); a.Conversation == id || string(v.Previous) != id || v.State != inbox.New {
			t.Fatalf("%+v", v)
		}
	})
}

func (h *house) close(id string) {
	h.Helper()
	_, err := h.ledger.Close(h.Context(), inbox.CloseCmd{Conversation: inbox.ConversationID(id), Actor: "system", Disposition: "solved"})
	h.ok(err)
}

// E-30: a machine's mail is stored and classified; it neither reopens nor makes anybody wait.
func TestE30MachinesNeitherReopenNorWait(t *testing.T) {
	houses(t, func(h *house) {
		id, in := h.begun(h.mail("one"))
		m := h.mustAnswer(id, in)
		away := h.mail("I am away")
		away.Auto, away.Thread.InReplyTo = channels.AutoReply, []string{h.rowOf(m).Envelope.Thread.MessageID}
		a := h.accept(away)
		if v := h.conversation(id); a.Conversation != id || !v.WaitingSince.IsZero() || v.Preview != "Buongiorno" || v.LastMessageSeq != m.Seq {
			t.Fatalf("%+v", v)
		}
		h.close(id)
		away.External, away.Thread.MessageID = "again", "again@example.it"
		if a := h.accept(away); a.Conversation != id || h.conversation(id).State != inbox.Closed {
			t.Fatal("reopened by a machine")
		}
		list := h.mail("Newsletter")
		list.Auto = channels.AutoList
		if v := h.conversation(h.accept(list).Conversation); v.State != inbox.New || !v.WaitingSince.IsZero() {
			t.Fatalf("%+v", v)
		}
	})
}

func (h *house) rowOf(m inbox.Message) inbox.Row {
	h.Helper()
	rows, err := h.outbox.Rows(h.Context(), m.ID)
	h.ok(err)
	if len(rows) != 1 {
		h.Fatalf("%d rows", len(rows))
	}
	return rows[0]
}

// E-35: a bounce belongs to the mail it speaks of; one that speaks of nothing we sent is kept, and is nobody's work.
func TestE35BounceGoesToItsMail(t *testing.T) {
	houses(t, func(h *house) {
		id, in := h.begun(h.mail("one"))
		m := h.mustAnswer(id, in)
		bounce := h.mail("Undelivered")
		bounce.Auto, bounce.From = channels.AutoBounce, channels.Address{Kind: channels.Email, Value: "mailer-daemon@example.it", Name: "Mail Delivery"}
		stray := bounce
		bounce.Thread.References = []string{h.rowOf(m).Envelope.Thread.MessageID}
		a := h.accept(bounce)
		got := h.message(inbox.MessageID(a.Message))
		if a.Conversation != id || got.Author.Kind != "system" || got.Customer != h.conversation(id).Customer {
			t.Fatalf("%+v", got)
		}
		stray.External, stray.Thread = "stray", channels.Thread{MessageID: "stray@example.it", InReplyTo: []string{in.Thread.MessageID}}
		b := h.accept(stray)
		if v := h.conversation(b.Conversation); b.Conversation == id || v.State != inbox.Closed || v.Disposition != "bounce" || !v.WaitingSince.IsZero() {
			t.Fatalf("%+v", v)
		}
	})
}

// M-17, M-19: STOP is written into the ledger with its source, START restores what a contract needs. M-20: both can be read.
func TestM19StopAndStartAreConsent(t *testing.T) {
	houses(t, func(h *house) {
		id, _ := h.begun(h.text("ciao"))
		stop := h.text("STOP")
		stop.Auto = channels.AutoOptOut
		a := h.accept(stop)
		if a.Conversation != id {
			t.Fatal("STOP went elsewhere")
		}
		of, c, err := h.ledger.ReachContext(h.Context(), inbox.ConversationID(id))
		h.ok(err)
		if len(c.Consents) != 1 || c.Consents[0].Granted || c.Consents[0].Address != "+393331234567" || c.Consents[0].Account != "text" ||
			c.Consents[0].SourceID != a.Message || c.Consents[0].Wording != "STOP" {
			t.Fatalf("%+v", c.Consents)
		}
		ask := customer.Ask{Customer: c, Conversation: of, Purpose: customer.Service, Accounts: h.ledger.Accounts(of, c)}
		if o, _ := customer.Reach(ask, h.now()).Option(channels.SMS); o.Usable {
			t.Fatal("usable after STOP")
		}
		h.pass(time.Second)
		start := h.text("START")
		start.Auto = channels.AutoOptIn
		h.accept(start)
		if ask.Conversation, ask.Customer, err = h.ledger.ReachContext(h.Context(), inbox.ConversationID(id)); err != nil {
			t.Fatal(err)
		}
		if o, _ := customer.Reach(ask, h.now()).Option(channels.SMS); !o.Usable {
			t.Fatal("not usable after START")
		}
		if len(h.messages(id)) != 3 {
			t.Fatal("a keyword is not shown")
		}
	})
}

// M-19: STOP takes effect on what waits in the outbox: a row that somebody holds already does not leave any more on that lease.
func TestM19StopRevokesLeases(t *testing.T) {
	houses(t, func(h *house) {
		id, in := h.begun(h.text("ciao"))
		h.mustAnswer(id, in)
		rows := h.leased()
		stop := h.text("STOP")
		stop.Auto = channels.AutoOptOut
		h.accept(stop)
		if _, err := h.outbox.Begin(h.Context(), rows[0]); !isRefused(err, inbox.ErrLeaseLost) {
			t.Fatalf("began after STOP: %v", err)
		}
		if again := h.leased(); len(again) != 1 || again[0].ID != rows[0].ID {
			t.Fatal("it is not asked about again")
		}
	})
}

// M-19: STOP of a stranger is kept and is nobody's work.
func TestM19StopOfAStrangerIsNobodysWork(t *testing.T) {
	houses(t, func(h *house) {
		stop := h.text("STOP")
		stop.Auto = channels.AutoOptOut
		a := h.accept(stop)
		if v := h.conversation(a.Conversation); v.State != inbox.Closed || v.Disposition != "opt-out" {
			t.Fatalf("%+v", v)
		}
		if typ, ch := h.last(a.Conversation); typ != journal.Closed || ch.Conversation.State != inbox.Closed {
			t.Fatal(typ, ch)
		}
	})
}

// C-04: when an anonymous visitor turns out to be a known customer, his conversations follow, and those who watch them are told.
func TestC04ConversationsFollowTheCustomer(t *testing.T) {
	houses(t, func(h *house) {
		anna := h.conversation(h.accept(h.mail("one")).Conversation).Customer
		a := h.accept(h.chat("ciao"))
		if h.conversation(a.Conversation).Customer == anna {
			t.Fatal("known too early")
		}
		claims := []channels.Claim{{Address: channels.Address{Kind: channels.Email, Value: "anna@example.it"}, Proof: channels.ProofVerified}}
		h.ok(h.ledger.Claim(h.Context(), "site", visitor, claims))
		h.ok(h.ledger.Claim(h.Context(), "site", visitor, claims))
		h.ok(h.ledger.Claim(h.Context(), "site", "ffffffffffffffffffffffffffffffff", claims))
		v := h.conversation(a.Conversation)
		types, all := h.changes(a.Conversation)
		if v.Customer != anna || len(all) != 3 || !slices.Equal(types, []journal.Type{journal.Opened, journal.Received, journal.Linked}) {
			t.Fatal(v.Customer, types)
		}
		if b := h.accept(h.chat("still here")); b.Conversation != a.Conversation {
			t.Fatal("the conversation broke")
		}
		timeline, _, err := h.j.Timeline(h.Context(), string(anna), journal.Cursor{}, 100)
		h.ok(err)
		n := 0
		for _, e := range timeline {
			if e.Type == journal.Received {
				n++
			}
		}
		if n != 3 {
			t.Fatalf("%d messages in the timeline", n)
		}
	})
}
