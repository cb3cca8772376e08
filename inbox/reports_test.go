package inbox_test

import (
	"fmt"
	"testing"
	"time"

	"sportello/channels"
	"sportello/inbox"
	"sportello/inbox/journal"
)

// E-35: a bounce without any known original is no customer's conversation, and is found among the reports of mail servers.
func TestE35ReportsAreListed(t *testing.T) {
	houses(t, func(h *house) {
		id, in := h.begun(h.mail("Where is my order?"))
		ours := h.row(h.outboxOf(h.mustAnswer(id, in).ID)).Envelope.Thread.MessageID
		bounce := func(n int, refs ...string) channels.Accepted {
			h.pass(time.Minute)
			in := h.writes("mailer-daemon@mx.example", fmt.Sprintf("Undelivered %d", n))
			in.Auto, in.Thread.References = channels.AutoBounce, refs
			in.Details.Reports = []channels.Report{{Recipient: "anna@example.it", Action: "failed", Status: "5.1.1"}}
			return h.accept(in)
		}
		known, unknown := bounce(1, ours), bounce(2)
		if v := h.conversation(unknown.Conversation); known.Conversation != id || v.State != inbox.Closed || v.Disposition != "bounce" {
			h.Fatalf("%+v", v)
		}
		all, next, err := h.ledger.ServerReports(h.Context(), journal.Cursor{}, 10)
		h.ok(err)
		if len(all) != 2 || !next.IsZero() || all[0].Known || !all[1].Known || string(all[0].Message) != unknown.Message || all[0].Kind != channels.AutoBounce ||
			len(all[0].Recipients) != 1 || all[0].Recipients[0].Status != "5.1.1" || all[1].Number != 1001 || all[1].CustomerName != "Anna" {
			h.Fatalf("%+v", all)
		}
		for n := range 5 {
			bounce(n)
		}
		seen := map[inbox.MessageID]bool{}
		for page, cursor := 0, (journal.Cursor{}); page < 4; page++ {
			all, next, err := h.ledger.ServerReports(h.Context(), cursor, 3)
			h.ok(err)
			for _, r := range all {
				seen[r.Message] = true
			}
			if cursor = next; next.IsZero() {
				break
			}
		}
		if len(seen) != 7 {
			h.Fatal(len(seen))
		}
	})
}
