package inbox_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"sportello/channels"
	"sportello/inbox"
	"sportello/inbox/db"
)

func (h *house) batch(ins ...channels.Inbound) []channels.Accepted {
	h.Helper()
	all, errs, _ := h.ledger.AcceptBatch(ins...)
	h.ok(errors.Join(errs...))
	return all
}

// from is a chat message of one of many visitors.
func (h *house) from(visitor int, text string) channels.Inbound {
	in := h.chat(text)
	in.From.Value = fmt.Sprintf("%032x", visitor)
	in.External = fmt.Sprintf("%s:%s", in.From.Value, in.External)
	return in
}

// A batch of new and known senders, of one sender twice and of one delivery twice answers each as if it had come alone.
func TestBatchAnswersEachByItself(t *testing.T) {
	houses(t, func(h *house) {
		known := h.accept(h.from(1, "hello"))
		first, twice := h.from(1, "one"), h.from(1, "two")
		all := h.batch(first, h.from(2, "new"), twice, first, h.mail("letter"), h.from(2, "new too"), h.from(3, "third"))
		if all[0].Conversation != known.Conversation || all[2].Conversation != known.Conversation || all[0].Duplicate || all[2].Seq != all[0].Seq+1 {
			t.Fatalf("%+v", all)
		}
		if again := all[3]; !again.Duplicate || again.Message != all[0].Message || again.Seq != all[0].Seq {
			t.Fatalf("%+v", again)
		}
		if all[1].Conversation != all[5].Conversation || all[1].Seq >= all[5].Seq || all[4].Conversation == all[6].Conversation {
			t.Fatalf("%+v", all)
		}
		numbers := map[int64]bool{}
		for _, a := range all {
			numbers[h.conversation(a.Conversation).Number] = true
			h.changes(a.Conversation)
		}
		if len(numbers) != 4 {
			t.Fatal(numbers)
		}
		if v := h.conversation(known.Conversation); v.Preview != "two" || v.LastMessageSeq != all[2].Seq {
			t.Fatalf("%+v", v)
		}
	})
}

// The messages of one sender keep their order in a batch, whatever each of them brings.
func TestBatchKeepsTheOrderOfASender(t *testing.T) {
	houses(t, func(h *house) {
		h.accept(h.from(1, "hello"))
		ins := []channels.Inbound{h.from(1, "1"), h.from(1, "2"), h.from(1, "3"), h.from(1, "4")}
		ins[1].Claims = []channels.Claim{{Address: channels.Address{Kind: channels.Email, Value: "a@example.it"}, Proof: channels.ProofDeclared}}
		ins[2].Locale = "it"
		all := h.batch(ins...)
		for n, a := range all {
			if a.Seq != all[0].Seq+int64(n) {
				t.Fatalf("%+v", all)
			}
		}
		if v := h.conversation(all[0].Conversation); v.Preview != "4" {
			t.Fatalf("%+v", v)
		}
	})
}

// A message that the record cannot take fails alone; the others of its batch are taken once.
func TestPoisonedMessageFailsAlone(t *testing.T) {
	houses(t, func(h *house) {
		poison := `CREATE TRIGGER poison BEFORE INSERT ON message WHEN NEW.body = 'poison' BEGIN SELECT RAISE(ABORT, 'poison'); END`
		if h.d.Dialect == db.Postgres {
			poison = `ALTER TABLE message ADD CONSTRAINT poison CHECK (body <> 'poison')`
		}
		_, err := h.d.Exec(poison)
		h.ok(err)
		known := h.accept(h.from(1, "hello"))
		all, errs, _ := h.ledger.AcceptBatch(h.from(2, "new"), h.from(1, "one"), h.from(1, "poison"), h.from(3, "poison"), h.from(1, "two"))
		for n, err := range errs {
			if (err != nil) != (n == 2 || n == 3) {
				t.Fatal(errs)
			}
		}
		if got := h.messages(known.Conversation); len(got) != 3 || got[1].ID != inbox.MessageID(all[1].Message) || got[2].Text != "two" {
			t.Fatalf("%+v", got)
		}
		if h.conversation(all[0].Conversation).Number == 0 {
			t.Fatal("the first is not there")
		}
	})
}

// A closed conversation is opened again, and a new one begins for a customer who has none, also in a batch.
func TestBatchLooksAtTheConversation(t *testing.T) {
	houses(t, func(h *house) {
		closed, open := h.accept(h.from(1, "hello")), h.accept(h.from(2, "hello"))
		h.close(closed.Conversation)
		stop := h.from(2, "STOP")
		stop.Auto = channels.AutoOptOut
		all := h.batch(h.from(1, "again"), h.from(2, "go on"), stop)
		if v := h.conversation(closed.Conversation); all[0].Conversation != closed.Conversation || v.State != inbox.New {
			t.Fatalf("%+v", v)
		}
		if all[1].Conversation != open.Conversation || all[2].Conversation != open.Conversation {
			t.Fatalf("%+v", all)
		}
		_, c, err := h.ledger.ReachContext(h.Context(), inbox.ConversationID(open.Conversation))
		if err != nil || len(c.Consents) != 1 || c.Identities[0].LastInAt.IsZero() {
			t.Fatalf("%+v %v", c, err)
		}
	})
}

// Many senders at once, each in order, over two ledgers as two programs: nothing is lost, doubled or reordered.
func TestManySendersAtOnce(t *testing.T) {
	houses(t, func(h *house) {
		const senders, each = 40, 10
		other := build(t, h.d)
		var group sync.WaitGroup
		for n := range senders {
			l := h.ledger
			if n%2 == 1 {
				l = other.ledger
			}
			group.Go(func() {
				last := channels.Accepted{}
				for i := range each {
					a, err := l.Accept(h.Context(), h.from(n, fmt.Sprint(i)))
					if err != nil || i > 0 && (a.Conversation != last.Conversation || a.Seq != last.Seq+1) {
						t.Errorf("sender %d: %+v after %+v, %v", n, a, last, err)
						return
					}
					last = a
				}
				for i, m := range h.messages(last.Conversation) {
					if m.Text != fmt.Sprint(i) {
						t.Errorf("sender %d: message %d is %q", n, i, m.Text)
					}
				}
			})
		}
		group.Wait()
	})
}

// Who gives up is told so, and disturbs nobody.
func TestCallerWhoGaveUp(t *testing.T) {
	houses(t, func(h *house) {
		h.accept(h.from(1, "hello"))
		gone, cancel := context.WithCancel(h.Context())
		cancel()
		var group sync.WaitGroup
		for n := range 20 {
			group.Go(func() {
				in, ctx := h.from(n, "text"), h.Context()
				if n%2 == 1 {
					ctx = gone
				}
				_, err := h.ledger.Accept(ctx, in)
				if err != nil && (n%2 == 0 || !errors.Is(err, context.Canceled)) {
					t.Error(n, err)
				}
				if n%2 == 1 {
					_, err = h.ledger.Accept(h.Context(), in) // it comes again
				}
				if err != nil {
					t.Error(n, err)
				}
			})
		}
		group.Wait()
		var n int
		h.ok(h.d.QueryRow(`SELECT count(*) FROM message`).Scan(&n))
		if n != 21 {
			t.Fatalf("%d messages", n)
		}
	})
}

// Mails of one batch that begin conversations are written as a set; one that depends on another of them finds it.
func TestBatchOfMails(t *testing.T) {
	houses(t, func(h *house) {
		from := func(address, id string) channels.Inbound {
			in := h.mail("ciao " + id)
			in.From = channels.Address{Kind: channels.Email, Value: address}
			in.Thread.MessageID = id + "@example.it"
			return in
		}
		anna, bruno, again := from("anna@example.it", "a"), from("bruno@example.it", "b"), from("anna@example.it", "c")
		answer := from("anna@example.it", "d")
		answer.Thread.InReplyTo = []string{"a@example.it"}
		variant := from("carla@example.it", "b")
		machine := from("dario@example.it", "e")
		machine.Auto = channels.AutoBounce
		all := h.batch(anna, bruno, again, answer, bruno, variant, machine, from("elsa@example.it", "f"))
		ids := map[string]int{}
		for _, a := range all {
			ids[a.Conversation]++
		}
		if len(ids) != 6 || all[3].Conversation != all[0].Conversation || !all[4].Duplicate || all[4].Message != all[1].Message {
			t.Fatalf("%+v", all)
		}
		for i, a := range all {
			m := h.message(inbox.MessageID(a.Message))
			if got, want := slices.Contains(m.Details.Warnings, "variant"), i == 5; got != want {
				t.Errorf("%d: variant %v", i, got)
			}
			h.changes(a.Conversation)
		}
		if v := h.conversation(all[6].Conversation); v.State != inbox.Closed {
			t.Errorf("a report waits for somebody: %s", v.State)
		}
	})
}
