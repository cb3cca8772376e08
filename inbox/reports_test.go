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
		all, next, err := h.ledger.ServerReports(h.Context(), "", journal.Cursor{}, 10)
		h.ok(err)
		if len(all) != 2 || !next.IsZero() || all[0].Known || !all[1].Known || string(all[0].Message) != unknown.Message || all[0].Kind != inbox.ReportBounce ||
			len(all[0].Recipients) != 1 || all[0].Recipients[0].Status != "5.1.1" || all[1].Number != 1001 || all[1].CustomerName != "Anna" {
			h.Fatalf("%+v", all)
		}
		for n := range 5 {
			bounce(n)
		}
		seen := map[inbox.MessageID]bool{}
		for page, cursor := 0, (journal.Cursor{}); page < 4; page++ {
			all, next, err := h.ledger.ServerReports(h.Context(), "", cursor, 3)
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

// E-49: what a server refuses at once is told by nobody else: it is among the reports, with each recipient who has no mail, and with how many
// have it. One page holds both sorts in the order in which they came, and either can be asked for alone.
func TestE49RefusalsAreListed(t *testing.T) {
	houses(t, func(h *house) {
		_, m, row := h.several()
		bounce := h.writes("mailer-daemon@mx.example", "Undelivered")
		bounce.Auto = channels.AutoBounce
		h.accept(bounce)
		h.pass(time.Minute)
		h.ok(h.outbox.Partly(h.Context(), row, notSent(map[string]*channels.Fault{"bob": permanent, "carla": temporary}), h.at.Add(time.Hour)))
		h.pass(time.Minute)
		in := h.mail("and this?")
		id, _ := h.begun(in)
		whole := h.mustAnswer(id, in)
		h.ok(h.outbox.Failed(h.Context(), h.begin(), permanent, time.Time{}))

		reports := func(kind inbox.ReportKind, before journal.Cursor, limit int) ([]inbox.ServerReport, journal.Cursor) {
			all, next, err := h.ledger.ServerReports(h.Context(), kind, before, limit)
			h.ok(err)
			return all, next
		}
		all, next := reports("", journal.Cursor{}, 10)
		if len(all) != 3 || !next.IsZero() || all[0].Message != whole.ID || all[1].Message != m.ID || all[2].Kind != inbox.ReportBounce {
			h.Fatalf("%+v", all)
		}
		one, some := all[0], all[1]
		if one.Reached != 0 || len(one.Recipients) != 1 || one.Recipients[0].Recipient != "anna@example.it" || one.Recipients[0].Code != channels.CodeBadAddress {
			h.Errorf("refused whole: %+v", one)
		}
		if !some.Known || some.Kind != inbox.ReportRefused || some.Reached != 2 || some.Subject == "" || said(inbox.Message{Details: channels.Details{Reports: some.Recipients}}) !=
			"bob failed bad_address, carla delayed network" {
			h.Errorf("refused in part: %+v", some)
		}
		if got, _ := reports(inbox.ReportRefused, journal.Cursor{}, 10); len(got) != 2 {
			h.Errorf("refused at once: %+v", got)
		}
		if got, _ := reports(inbox.ReportBounce, journal.Cursor{}, 10); len(got) != 1 || got[0].Message != all[2].Message {
			h.Errorf("came back: %+v", got)
		}
		if got, _ := reports(inbox.ReportComplaint, journal.Cursor{}, 10); len(got) != 0 {
			h.Errorf("called spam: %+v", got)
		}
		for _, want := range all {
			var got []inbox.ServerReport
			if got, next = reports("", next, 1); len(got) != 1 || got[0].Message != want.Message {
				h.Fatalf("page of %s: %+v", want.Message, got)
			}
		}
	})
}
