package inbox_test

import (
	"errors"
	"sync"
	"testing"
	"time"

	"sportello/channels"
	"sportello/inbox"
)

// hold gives the house a time in which mails can be taken back.
func (h *house) hold(d time.Duration) {
	h.cfg.MailHold = d
	h.open()
}

// N7: until the deadline a mail can always be taken back, from then on never; a chat line has no such time.
func TestN7UndoUntilTheDeadline(t *testing.T) {
	houses(t, func(h *house) {
		h.hold(10 * time.Second)
		id, in := h.begun(h.mail("help"))
		cid := inbox.ConversationID(id)
		waits := h.conversation(id).WaitingSince
		h.pass(time.Second)
		m := h.mustAnswer(id, in)
		if !h.ledger.CancelUntil(m).Equal(h.at.Add(10*time.Second)) || len(h.leased()) != 0 {
			t.Fatal("the mail is not held")
		}
		if _, err := h.ledger.Cancel(h.Context(), cid, m.ID, giulia, false); !isRefused(err, inbox.ErrNotYours) {
			t.Fatal(err)
		}
		h.pass(10*time.Second - time.Millisecond)
		for range 2 { // the second time changes nothing
			got, err := h.ledger.Cancel(h.Context(), cid, m.ID, marco, false)
			if err != nil || got.State != channels.StateCanceled {
				t.Fatal(got.State, err)
			}
		}
		v := h.conversation(id)
		if h.message(m.ID).State != channels.StateCanceled || !v.WaitingSince.Equal(waits) || v.Preview != "help" {
			t.Fatalf("%+v", v)
		}
		h.pass(time.Hour)
		if rows := h.leased(); len(rows) != 0 {
			t.Fatal("a mail that was taken back leaves")
		}

		late := h.mustAnswer(id, in)
		h.pass(10 * time.Second)
		if _, err := h.ledger.Cancel(h.Context(), cid, late.ID, marco, false); !isRefused(err, inbox.ErrTooLate) {
			t.Fatal(err)
		}
		if rows := h.leased(); len(rows) != 1 {
			t.Fatal("it does not leave after its time")
		}
		if _, err := h.ledger.Cancel(h.Context(), cid, "nothing", marco, false); !isRefused(err, inbox.ErrNotFound) {
			t.Fatal(err)
		}
		chat, said := h.begun(h.chat("ciao"))
		line := h.mustAnswer(chat, said)
		if _, err := h.ledger.Cancel(h.Context(), inbox.ConversationID(chat), line.ID, marco, false); !isRefused(err, inbox.ErrTooLate) || !h.ledger.CancelUntil(line).IsZero() {
			t.Fatal(err)
		}
	})
}

// N7: taking back and sending at the very deadline, both at once: each mail is either taken back or sent, never both and never neither,
// also when the clocks of two gateways differ.
func TestN7UndoRacesTheDispatcher(t *testing.T) {
	houses(t, func(h *house) {
		h.hold(10 * time.Second)
		id, in := h.begun(h.mail("help"))
		slow := inbox.NewLedger(h.d, h.j, h.book, inbox.Config{TokenKey: make([]byte, 32)}, func() time.Time { return h.now().Add(-time.Second) })
		const mails = 20
		var canceled, sent int
		for n := range mails {
			m := h.mustAnswer(id, in)
			h.pass(10*time.Second + time.Duration(n%3-1)*time.Millisecond) // just before, at, and just after
			var took, began bool
			var both sync.WaitGroup
			both.Go(func() {
				_, err := slow.Cancel(h.Context(), inbox.ConversationID(id), m.ID, marco, false)
				if took = err == nil; err != nil && !isRefused(err, inbox.ErrTooLate) {
					t.Error(err)
				}
			})
			both.Go(func() {
				rows, err := h.outbox.Lease(h.Context(), "node", 10, time.Minute)
				if err != nil {
					t.Error(err)
				}
				for _, r := range rows {
					row, err := h.outbox.Begin(h.Context(), r)
					if errors.Is(err, inbox.ErrLeaseLost) {
						continue
					}
					if err != nil {
						t.Error(err)
						continue
					}
					began = true
					if err := h.outbox.Sent(h.Context(), row, channels.Sent{External: row.ID}); err != nil {
						t.Error(err)
					}
				}
			})
			both.Wait()
			state := h.message(m.ID).State
			switch {
			case took && began:
				t.Fatal("taken back and sent")
			case took && state != channels.StateCanceled, began && state != channels.StateSent:
				t.Fatal(state)
			case took:
				canceled++
			case began:
				sent++
			}
			if rows := h.leased(); took && len(rows) > 0 {
				t.Fatal("taken back, and leaves")
			} else if !took && !began && len(rows) != 0 {
				row, err := h.outbox.Begin(h.Context(), rows[0])
				h.ok(err)
				h.ok(h.outbox.Sent(h.Context(), row, channels.Sent{External: row.ID}))
			}
		}
		if canceled == 0 {
			t.Errorf("%d taken back, %d sent", canceled, sent)
		}
	})
}

// E-49: a mail whose earlier attempt may have sent it is shown as one that may arrive twice; one that was only refused before is not.
func TestE49ResentAfterDoubtMayArriveTwice(t *testing.T) {
	houses(t, func(h *house) {
		for class, want := range map[channels.Class]bool{channels.Uncertain: true, channels.Temporary: false} {
			id, in := h.begun(h.mail("help"))
			m := h.mustAnswer(id, in)
			row := h.begin()
			h.ok(h.outbox.Failed(h.Context(), row, &channels.Fault{Class: class, Code: channels.CodeTimeout}, h.now()))
			row = h.begin()
			if row.Envelope.Thread.MessageID != h.rowOf(m).Envelope.Thread.MessageID {
				t.Fatal("another Message-ID")
			}
			h.ok(h.outbox.Sent(h.Context(), row, channels.Sent{External: row.ID}))
			got := h.message(m.ID)
			if doubt := got.Fault != nil && got.Fault.Class == channels.Uncertain; got.State != channels.StateSent || doubt != want {
				t.Errorf("%s: %s %+v", class, got.State, got.Fault)
			}
		}
	})
}
