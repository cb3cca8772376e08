package inbox_test

import (
	"testing"
	"time"

	"sportello/channels"
	"sportello/inbox"
	"sportello/inbox/customer"
)

// A reply that fails for good leaves the customer waiting since he wrote, not since it failed.
func TestFailedReplyLeavesTheCustomerWaiting(t *testing.T) {
	fail := map[string]func(h *house, row inbox.Row){
		"attempt": func(h *house, row inbox.Row) {
			h.ok(h.outbox.Failed(h.Context(), h.began(row), permanent, time.Time{}))
		},
		"refusal": func(h *house, row inbox.Row) {
			h.ok(h.outbox.Refuse(h.Context(), row, customer.Verdict{Chosen: -1, Code: customer.CodeConsentWithdrawn}))
		},
		"receipt": func(h *house, row inbox.Row) {
			h.ok(h.outbox.Sent(h.Context(), h.began(row), channels.Sent{External: "x1"}))
			h.ok(h.ledger.Settle(h.Context(), channels.Receipt{Account: "mail", OutboxID: row.ID, State: channels.StateFailed, Fault: permanent}))
		},
	}
	for name, fail := range fail {
		t.Run(name, func(t *testing.T) {
			houses(t, func(h *house) {
				id, in := h.begun(h.mail("one"))
				h.mustAnswer(id, in)
				h.ok(h.outbox.Sent(h.Context(), h.begin(), channels.Sent{}))
				h.pass(time.Hour)
				wrote := h.at
				h.accept(reply(h, in, "two"))
				h.pass(time.Minute)
				h.accept(reply(h, in, "three"))
				h.pass(time.Minute)
				h.mustAnswer(id, in)
				if v := h.conversation(id); !v.WaitingSince.IsZero() {
					t.Fatal(v.WaitingSince)
				}
				h.pass(time.Minute)
				fail(h, h.leased()[0])
				if v := h.conversation(id); !v.WaitingSince.Equal(wrote) {
					t.Fatal(v.WaitingSince, wrote)
				}
				if _, ch := h.last(id); !ch.Conversation.WaitingSince.Equal(wrote) {
					t.Fatal(ch)
				}
			})
		})
	}
}

func (h *house) began(row inbox.Row) inbox.Row {
	h.Helper()
	row, err := h.outbox.Begin(h.Context(), row)
	h.ok(err)
	return row
}

// reply is a further mail of the same sender in the same thread.
func reply(h *house, in channels.Inbound, text string) channels.Inbound {
	next := h.mail(text)
	next.Thread.References = []string{in.Thread.MessageID}
	return next
}

// A failed reply that arrived after all answers; so does a later one. One to a customer who had been answered waits since itself.
func TestWaitAfterAFailureEnds(t *testing.T) {
	houses(t, func(h *house) {
		id, in := h.begun(h.text("one"))
		wrote := h.at
		settle := func(row inbox.Row, state channels.State) {
			h.ok(h.ledger.Settle(h.Context(), channels.Receipt{Account: "text", OutboxID: row.ID, State: state, Fault: permanent}))
		}
		waits := func(since time.Time) {
			t.Helper()
			if v := h.conversation(id); !v.WaitingSince.Equal(since) {
				t.Fatal(v.WaitingSince, since)
			}
		}
		answer := func() inbox.Row {
			h.pass(time.Minute)
			h.mustAnswer(id, in)
			row := h.begin()
			h.ok(h.outbox.Sent(h.Context(), row, channels.Sent{}))
			return row
		}
		first := answer()
		settle(first, channels.StateFailed)
		waits(wrote)
		settle(first, channels.StateDelivered)
		waits(time.Time{})
		second := answer()
		settle(second, channels.StateFailed)
		waits(h.at)
		third := answer()
		waits(time.Time{})
		settle(first, channels.StateFailed)
		waits(time.Time{})
		h.close(id)
		settle(third, channels.StateFailed)
		waits(time.Time{})
	})
}
