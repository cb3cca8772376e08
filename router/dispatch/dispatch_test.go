package dispatch

import (
	"context"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sportello/channels"
	"sportello/inbox"
	"sportello/inbox/inboxtest"
	"sportello/inbox/journal"
)

func TestReplyLeavesOnceByItsChannel(t *testing.T) {
	houses(t, func(t *testing.T, h *house) {
		h.dispatch("one")
		for _, k := range channels.Kinds() {
			p := h.writes(k)
			id := h.answers(p, k, false, "Certo")
			h.untilState(id, channels.StateSent)
			row := h.row(id)
			if row.State != channels.StateSent || row.Attempts != 1 || row.Kind != k {
				t.Errorf("%s: %+v", k, row)
			}
		}
		for _, p := range []*provider{h.chat, h.mail, h.sms} {
			if calls, taken := p.count(); calls != 1 || taken != 1 {
				t.Errorf("%d attempts, %d taken", calls, taken)
			}
		}
		if out := h.mail.taken[0]; out.Text != "Certo" || out.From.Name != "Anna" || out.Thread.MessageID == "" || out.Attempt != 1 {
			t.Errorf("%+v", out)
		}
	})
}

// M-19, X-03: a STOP that comes between the reply and the sending counts.
func TestX03StopBeforeSendingCounts(t *testing.T) {
	houses(t, func(t *testing.T, h *house) {
		pinned, free := h.writes(channels.SMS, channels.Email), h.writes(channels.SMS, channels.Email)
		one, two := h.answers(pinned, channels.SMS, true, "uno"), h.answers(free, channels.SMS, false, "due")
		h.stops(pinned, channels.SMS)
		h.stops(free, channels.SMS)
		h.dispatch("one")
		h.untilState(one, channels.StateFailed)
		h.untilState(two, channels.StateSent)
		if calls, _ := h.sms.count(); calls != 0 {
			t.Errorf("%d texts after STOP", calls)
		}
		if m := h.message(one); m.Fault == nil || m.Fault.Code != channels.CodeOptedOut {
			t.Errorf("%+v", m.Fault)
		}
		m := h.message(two)
		if m.Kind != channels.Email || m.AskedKind != channels.SMS || !slices.Equal(h.mail.texts(), []string{"due"}) {
			t.Errorf("by %s, asked %s, taken %v", m.Kind, m.AskedKind, h.mail.texts())
		}
	})
}

// E-49: a recipient who is put off gets the mail when his time has come, alone and under the same Message-ID, also when the first one is known
// to be dead by then. Nobody gets it twice.
func TestE49WhoIsPutOffGetsItAlone(t *testing.T) {
	houses(t, func(t *testing.T, h *house) {
		p := h.writes(channels.Email)
		tries := map[string]int{}
		h.mail.each = func(to string) *channels.Fault {
			tries[to]++
			switch {
			case to == p.address[channels.Email]:
				return &channels.Fault{Class: channels.Permanent, Code: channels.CodeBadAddress, Provider: "550 5.1.1", Suppress: true}
			case to == "grey@example.it" && tries[to] == 1:
				return &channels.Fault{Class: channels.Temporary, Code: channels.CodeBlocked, Provider: "451 4.7.1"}
			}
			return nil
		}
		box := func(a string) channels.Address { return channels.Address{Kind: channels.Email, Value: a} }
		m, err := h.ledger.Reply(h.ctx, inbox.ReplyCmd{Conversation: p.conversation, Agent: "anna", AgentName: "Anna", ClientID: "one", Text: "Certo",
			Kind: channels.Email, Account: p.account[channels.Email], Address: p.address[channels.Email], Force: true, Pinned: true,
			To: []channels.Address{box(p.address[channels.Email])}, Cc: []channels.Address{box("bob@example.it"), box("grey@example.it")},
			Confirmed: []string{"bob@example.it", "grey@example.it"}})
		if err != nil {
			t.Fatal(err)
		}
		h.dispatch("one")
		h.untilState(m.ID, channels.StateFailed)
		if row := h.row(m.ID); row.State != channels.StateQueued || !row.Reached() {
			t.Fatalf("%s %v", row.State, row.Envelope.Done)
		}
		h.clock.Move(2 * time.Minute)
		inboxtest.Until(h, "the other has it", func() bool { return h.row(m.ID).State == channels.StateFailed })
		h.mail.mu.Lock()
		defer h.mail.mu.Unlock()
		if len(h.mail.taken) != 2 || !slices.Equal(h.mail.taken[1].Pending(), []string{"grey@example.it"}) || tries["bob@example.it"] != 1 ||
			h.mail.taken[0].Thread.MessageID != h.mail.taken[1].Thread.MessageID {
			t.Errorf("%v %+v", tries, h.mail.taken)
		}
	})
}

// M-21: in his quiet hours a message is held, and leaves when they end.
func TestM21QuietHoursHold(t *testing.T) {
	houses(t, func(t *testing.T, h *house) {
		p := h.writes(channels.SMS)
		h.clock.Move(2 * time.Hour) // his own message is no reason any more
		now := h.clock.Now().UTC()
		minute := now.Hour()*60 + now.Minute()
		if err := h.book.SetQuiet(t.Context(), p.customer, (minute+1430)%1440, (minute+180)%1440, "agent:anna"); err != nil {
			t.Fatal(err)
		}
		id := h.answers(p, channels.SMS, false, "Buonanotte")
		h.dispatch("one")
		inboxtest.Until(h, "it is held", func() bool { return h.row(id).DueAt.After(h.clock.Now().Add(2 * time.Hour)) })
		if calls, _ := h.sms.count(); calls != 0 {
			t.Error("sent in the quiet hours")
		}
		h.clock.Move(3*time.Hour + time.Minute)
		h.untilState(id, channels.StateSent)
	})
}

func TestChatWaitsForItsVisitor(t *testing.T) {
	houses(t, func(t *testing.T, h *house) {
		p := h.writes(channels.Chat)
		h.leaves(p)
		h.clock.Move(time.Minute)
		id := h.answers(p, channels.Chat, false, "Ci sei?")
		h.dispatch("one")
		inboxtest.Until(h, "it is held", func() bool { return h.row(id).DueAt.After(h.clock.Now()) })
		h.clock.Move(5 * time.Second)
		inboxtest.Until(h, "it is held again", func() bool { return h.row(id).DueAt.After(h.clock.Now()) })
		if h.message(id).State != channels.StateQueued {
			t.Errorf("%s while he is gone", h.message(id).State)
		}
		told := 0
		events, err := journal.New(h.db).Stream(t.Context(), journal.ConversationStream(string(p.conversation)), 0, 100)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range events {
			if e.Type == journal.Delivery {
				told++
			}
		}
		if told > 1 {
			t.Errorf("the agent was told %d times that it waits", told)
		}
		h.here(p)
		h.clock.Move(5 * time.Second)
		h.untilState(id, channels.StateSent)
	})
}

func TestChatGoesByMailWhenItsVisitorHasLeft(t *testing.T) {
	houses(t, func(t *testing.T, h *house) {
		p := h.writes(channels.Chat, channels.Email)
		h.leaves(p)
		id := h.answers(p, channels.Chat, false, "Ecco la risposta")
		h.dispatch("one")
		inboxtest.Until(h, "it is held for a moment", func() bool { return h.row(id).DueAt.After(h.clock.Now()) })
		if calls, _ := h.mail.count(); calls != 0 {
			t.Error("redirected at once")
		}
		h.clock.Move(visitorGrace)
		h.untilState(id, channels.StateSent)
		if m := h.message(id); m.Kind != channels.Email || m.AskedKind != channels.Chat || m.To[0].Value != p.address[channels.Email] {
			t.Errorf("%+v", m)
		}
	})
}

func TestE49TemporaryFailureIsTriedAgainUnderTheSameID(t *testing.T) {
	houses(t, func(t *testing.T, h *house) {
		fault := &channels.Fault{Class: channels.Temporary, Code: channels.CodeProvider, Provider: "451 4.3.0"}
		h.mail.set(func(_ context.Context, out channels.Outbound) error {
			switch out.Attempt {
			case 1:
				return fault
			case 2:
				return &channels.Fault{Class: channels.Uncertain, Code: channels.CodeTimeout}
			}
			return nil
		})
		p := h.writes(channels.Email)
		id := h.answers(p, channels.Email, false, "Certo")
		h.dispatch("one")
		inboxtest.Until(h, "the first attempt is settled", func() bool { r := h.row(id); return r.Attempts == 1 && r.State == channels.StateQueued })
		if wait := h.row(id).DueAt.Sub(h.clock.Now()); wait < 50*time.Second || wait > 70*time.Second {
			t.Errorf("again in %s", wait)
		}
		h.clock.Move(70 * time.Second)
		inboxtest.Until(h, "the second attempt is settled", func() bool { r := h.row(id); return r.Attempts == 2 && r.State == channels.StateQueued })
		h.clock.Move(20 * time.Minute)
		h.untilState(id, channels.StateSent)
		if a, b := h.mail.calls[0], h.mail.calls[2]; a.Thread.MessageID != b.Thread.MessageID || a.ID != b.ID || a.Text != b.Text || b.Attempt != 3 {
			t.Errorf("%+v, then %+v", a, b)
		}
	})
}

func TestPermanentFailureIsShownAndNotTriedAgain(t *testing.T) {
	houses(t, func(t *testing.T, h *house) {
		h.mail.set(func(context.Context, channels.Outbound) error {
			return &channels.Fault{Class: channels.Permanent, Code: channels.CodeBadAddress, Provider: "550 5.1.1", Suppress: true}
		})
		p := h.writes(channels.Email)
		id := h.answers(p, channels.Email, false, "Certo")
		h.dispatch("one")
		h.untilState(id, channels.StateFailed)
		h.clock.Move(72 * time.Hour)
		next := h.answers(p, channels.Email, false, "Ancora") // E-33: the address is suppressed everywhere
		h.untilState(next, channels.StateFailed)
		if calls, _ := h.mail.count(); calls != 1 {
			t.Errorf("%d attempts", calls)
		}
		if m := h.message(id); m.Fault == nil || m.Fault.Provider != "550 5.1.1" {
			t.Errorf("%+v", m.Fault)
		}
	})
}

// M-10: a text whose outcome is not known is never sent again by itself, neither after an uncertain fault nor after a cut request
// nor when the program died in the middle. A mail is.
func TestM10UncertainTextIsNeverSentAgain(t *testing.T) {
	houses(t, func(t *testing.T, h *house) {
		faults := []error{&channels.Fault{Class: channels.Uncertain, Code: channels.CodeTimeout}, context.DeadlineExceeded}
		h.sms.set(func(context.Context, channels.Outbound) error {
			calls, _ := h.sms.count()
			return faults[calls-1]
		})
		p := h.writes(channels.SMS)
		stop := h.dispatch("one")
		for _, text := range []string{"uno", "due"} {
			id := h.answers(p, channels.SMS, false, text)
			h.untilState(id, channels.StateUnknown)
		}
		stop()

		post := h.writes(channels.Email)
		text, letter := h.answers(p, channels.SMS, false, "tre"), h.answers(post, channels.Email, false, "lettera")
		rows, err := h.outbox.Lease(t.Context(), "dead", 10, time.Minute)
		if err != nil || len(rows) != 2 {
			t.Fatalf("%d rows, %v", len(rows), err)
		}
		for _, row := range rows {
			if _, err := h.outbox.Begin(t.Context(), row); err != nil {
				t.Fatal(err)
			}
		}
		h.clock.Move(2 * time.Minute)
		h.dispatch("two")
		h.untilState(text, channels.StateUnknown)
		h.untilState(letter, channels.StateSent)
		h.clock.Move(24 * time.Hour)
		last := h.answers(post, channels.Email, false, "e poi")
		h.untilState(last, channels.StateSent)
		if calls, taken := h.sms.count(); calls != 2 || taken != 0 {
			t.Errorf("%d attempts at texts", calls)
		}
	})
}

// firstAsk is how long after an attempt a provider is asked for the first time.
const firstAsk = 10 * time.Second

// M-10: what became of a text whose outcome is not known is asked of the provider, some time after the attempt, until it knows. It is
// not sent a second time meanwhile, and another message's id is not taken for its own.
func TestM10ProviderIsAskedAboutUncertainTexts(t *testing.T) {
	houses(t, func(t *testing.T, h *house) {
		p := h.writes(channels.SMS)
		stop := h.dispatch("one")
		first := h.answers(p, channels.SMS, false, "eccomi")
		h.untilState(first, channels.StateSent)
		h.sms.set(func(context.Context, channels.Outbound) error {
			return &channels.Fault{Class: channels.Uncertain, Code: channels.CodeTimeout}
		})
		second := h.answers(p, channels.SMS, false, "eccomi")
		h.untilState(second, channels.StateUnknown)
		stop()

		var asked, early atomic.Int64
		h.find = func(out channels.Outbound, since time.Time, known func(string) bool) (channels.Receipt, bool, error) {
			if since.Add(askSlack).After(h.clock.Now().Add(-firstAsk)) {
				early.Add(1)
			}
			for _, external := range []string{"x-" + h.row(first).ID, "SM2"} {
				if asked.Load() > 0 && !known(external) {
					asked.Add(1)
					return channels.Receipt{Account: "numero", OutboxID: out.ID, External: external, State: channels.StateDelivered}, true, nil
				}
			}
			asked.Add(1)
			return channels.Receipt{}, false, nil
		}
		stop = h.dispatch("two")
		h.clock.Move(firstAsk)
		inboxtest.Until(h, "asked in vain", func() bool { return asked.Load() == 1 })
		if s := h.message(second).State; s != channels.StateUnknown {
			t.Fatal(s)
		}
		stop()
		h.clock.Move(time.Hour)
		h.dispatch("three")
		h.untilState(second, channels.StateDelivered)
		if row := h.row(second); row.State != channels.StateDelivered || early.Load() > 0 {
			t.Errorf("%+v, asked too early %d times", row, early.Load())
		}
		if calls, _ := h.sms.count(); calls != 2 {
			t.Errorf("%d attempts", calls)
		}
	})
}

// the messages of a conversation leave in their order, and each exactly once although two programs send.
func TestX04OrderAndOneSenderEach(t *testing.T) {
	houses(t, func(t *testing.T, h *house) {
		const people, replies = 6, 8
		var ids []inbox.MessageID
		var all []person
		for range people {
			all = append(all, h.writes(channels.Chat))
		}
		h.dispatch("one")
		h.dispatch("two")
		for n := range replies {
			for who, p := range all {
				ids = append(ids, h.answers(p, channels.Chat, false, fmt.Sprintf("%d/%d", who, n)))
			}
		}
		for _, id := range ids {
			h.untilState(id, channels.StateSent)
		}
		got := map[string][]string{}
		for _, text := range h.chat.texts() {
			got[text[:1]] = append(got[text[:1]], text[2:])
		}
		for who := range people {
			if diff := cmp.Diff([]string{"0", "1", "2", "3", "4", "5", "6", "7"}, got[fmt.Sprint(who)]); diff != "" {
				t.Errorf("conversation %d: %s", who, diff)
			}
		}
	})
}

// One slow account does not hold the others, however much waits for it.
func TestSlowAccountDoesNotHoldTheOthers(t *testing.T) {
	houses(t, func(t *testing.T, h *house) {
		free := make(chan struct{})
		h.mail.set(func(ctx context.Context, _ channels.Outbound) error {
			select {
			case <-free:
			case <-ctx.Done():
			}
			return nil
		})
		for range 2 * perAccount {
			h.answers(h.writes(channels.Email), channels.Email, true, "lettera")
		}
		h.dispatch("one")
		inboxtest.Until(h, "the slow account is full", func() bool { calls, _ := h.mail.count(); return calls == perAccount })
		id := h.answers(h.writes(channels.SMS), channels.SMS, true, "testo")
		h.untilState(id, channels.StateSent)
		if calls, taken := h.mail.count(); calls != perAccount || taken != 0 {
			t.Errorf("%d attempts, %d taken", calls, taken)
		}
		close(free)
		inboxtest.Until(h, "the rest leaves", func() bool { _, taken := h.mail.count(); return taken == 2*perAccount })
	})
}

// An attempt under way when the program stops is finished and written down; nothing new is begun.
func TestStopFinishesWhatIsUnderWay(t *testing.T) {
	houses(t, func(t *testing.T, h *house) {
		begun, finish := make(chan struct{}), make(chan struct{})
		h.sms.set(func(ctx context.Context, _ channels.Outbound) error {
			close(begun)
			<-finish
			return ctx.Err()
		})
		id := h.answers(h.writes(channels.SMS), channels.SMS, true, "testo")
		stop := h.dispatch("one")
		<-begun
		stopped := make(chan struct{})
		go func() { stop(); close(stopped) }()
		later := h.answers(h.writes(channels.SMS), channels.SMS, true, "dopo")
		close(finish)
		<-stopped
		if s := h.message(id).State; s != channels.StateSent {
			t.Errorf("under way: %s", s)
		}
		if s := h.message(later).State; s != channels.StateQueued && s != channels.StateSent {
			t.Errorf("later: %s", s)
		}
		if calls, _ := h.sms.count(); calls != 1 {
			t.Errorf("%d attempts", calls)
		}
	})
}

func TestAccountWithoutASenderWaitsWithAReason(t *testing.T) {
	houses(t, func(t *testing.T, h *house) {
		d := New(h.outbox, h.ledger, h.live, nil, Config{Node: "one"}, h.clock.Now, quiet())
		id := h.answers(h.writes(channels.SMS), channels.SMS, true, "testo")
		rows, err := h.outbox.Lease(t.Context(), "one", 1, time.Minute)
		if err != nil || len(rows) != 1 {
			t.Fatal(len(rows), err)
		}
		if err := d.handle(t.Context(), rows[0]); err != nil {
			t.Fatal(err)
		}
		if r := h.row(id); r.Fault == nil || r.Fault.Code != channels.CodeConfig || r.State != channels.StateQueued || !r.DueAt.After(h.clock.Now()) {
			t.Errorf("%s, %+v", r.State, r.Fault)
		}
	})
}

func TestMoreThanALaneHoldsIsLetGo(t *testing.T) {
	d := New(nil, nil, nil, nil, Config{}, time.Now, quiet())
	var rows []inbox.Row
	for n := range laneLength + 10 {
		rows = append(rows, inbox.Row{ID: fmt.Sprint(n), Account: "lento", Class: inbox.ClassBulk})
	}
	if let := d.sort(rows, time.Now().Add(time.Minute)); let != 10 {
		t.Errorf("%d let go", let)
	}
	if let := d.sort(rows[:5], time.Now().Add(time.Minute)); let != 0 || len(d.lanes["lento"].rows) != laneLength || len(d.renewed) != 5 {
		t.Errorf("a row is held twice: %d, %d", let, len(d.lanes["lento"].rows))
	}
	d.sort([]inbox.Row{{ID: "r", Account: "altro", Class: inbox.ClassBulk}, {ID: "q", Account: "altro", Class: inbox.ClassReply}}, time.Now())
	if first := d.lanes["altro"].rows[0]; first.ID != "q" {
		t.Errorf("%s before a reply", first.ID)
	}
}

// A row may be leased again before its worker has handed it back: he has put it off, and the clock went on. It is not forgotten.
func TestRowLeasedAgainBeforeItIsHandedBackIsKept(t *testing.T) {
	d := New(nil, nil, nil, nil, Config{}, time.Now, quiet())
	row := inbox.Row{ID: "r", Account: "numero"}
	d.sort([]inbox.Row{row}, time.Now().Add(time.Minute))
	l := d.lanes["numero"]
	l.rows, l.flying, d.flying = nil, 1, 1 // it is with a worker
	row.Attempts = 1
	d.sort([]inbox.Row{row}, time.Now().Add(time.Minute))
	if len(l.rows) != 0 {
		t.Fatal("with two workers at once")
	}
	d.land(flown{row: row})
	if len(l.rows) != 1 || l.rows[0].Attempts != 1 || !d.held["r"] || len(d.renewed) != 0 || d.flying != 0 {
		t.Errorf("%+v, held %v, renewed %v", l.rows, d.held, d.renewed)
	}
}

// M-16: an account that must not be hurried begins its attempts at least its pace apart. They are timed from before the first may begin to
// when the last has, so that a slow machine makes it longer only.
func TestM16AccountHasItsPace(t *testing.T) {
	houses(t, func(t *testing.T, h *house) {
		const pace = 150 * time.Millisecond
		var ids []inbox.MessageID
		for range 4 {
			ids = append(ids, h.answers(h.writes(channels.SMS), channels.SMS, true, "testo"))
		}
		begun := time.Now()
		h.dispatchWith(Config{Node: "one", Pace: map[channels.AccountID]time.Duration{"numero": pace}})
		inboxtest.Until(h, "the last is attempted", func() bool { calls, _ := h.sms.count(); return calls == len(ids) })
		if took := time.Since(begun); took < 3*pace {
			t.Errorf("%d attempts within %s", len(ids), took)
		}
		for _, id := range ids {
			h.untilState(id, channels.StateSent)
		}
	})
}

// M-16: the other accounts are not slowed by it.
func TestM16PaceOfOneAccountSlowsNoOther(t *testing.T) {
	houses(t, func(t *testing.T, h *house) {
		first := h.answers(h.writes(channels.SMS), channels.SMS, true, "testo")
		h.clock.Move(time.Millisecond)
		second := h.answers(h.writes(channels.SMS), channels.SMS, true, "testo")
		h.dispatchWith(Config{Node: "one", Pace: map[channels.AccountID]time.Duration{"numero": time.Hour}})
		h.untilState(first, channels.StateSent)
		for range 3 {
			h.untilState(h.answers(h.writes(channels.Email), channels.Email, true, "testo"), channels.StateSent)
		}
		if calls, _ := h.sms.count(); calls != 1 || h.message(second).State != channels.StateQueued {
			t.Errorf("%d texts attempted", calls)
		}
	})
}

// E-51: accounts that a provider counts as one share its pace, and each gets its turn.
func TestE51AccountsOfAProviderShareItsPace(t *testing.T) {
	houses(t, func(t *testing.T, h *house) {
		const pace, each = 30 * time.Millisecond, 6
		var ids []inbox.MessageID
		for range each {
			ids = append(ids, h.answers(h.writes(channels.SMS), channels.SMS, true, "testo"), h.answers(h.writes(channels.Email), channels.Email, true, "testo"))
		}
		begun := time.Now()
		h.dispatchWith(Config{Node: "one", Pace: map[channels.AccountID]time.Duration{"numero": pace, "posta": pace},
			Shared: map[channels.AccountID]string{"numero": "relay", "posta": "relay"}})
		for _, id := range ids {
			h.untilState(id, channels.StateSent)
		}
		if took := time.Since(begun); took < (2*each-1)*pace {
			t.Errorf("%d attempts within %s", len(ids), took)
		}
	})
}

// While Redis does not answer, nobody knows whether the visitor is there: his message waits. What needs no Redis leaves.
func TestWithoutRedisChatWaitsAndMailLeaves(t *testing.T) {
	houses(t, func(t *testing.T, h *house) {
		chat := h.answers(h.writes(channels.Chat, channels.Email), channels.Chat, false, "Ciao")
		mail := h.answers(h.writes(channels.Email), channels.Email, false, "Certo")
		h.stopRedis()
		h.dispatch("one")
		h.untilState(mail, channels.StateSent)
		inboxtest.Until(h, "the chat line is put back", func() bool { return h.row(chat).DueAt.After(h.clock.Now()) })
		if m := h.message(chat); m.State != channels.StateQueued || m.Kind != channels.Chat {
			t.Errorf("%s by %s", m.State, m.Kind)
		}
	})
}
