package audit_test

import (
	"context"
	"errors"
	"maps"
	"testing"
	"time"

	"sportello/channels"
	"sportello/inbox"
	"sportello/inbox/audit"
	"sportello/inbox/journal"
)

// N4: after mixed traffic everything adds up, and the lines say what happened.
func TestN04SheetBalances(t *testing.T) {
	houses(t, func(h *house) {
		h.traffic()
		s := h.fine(h.query())
		var received, accepted int64
		for _, b := range s.Lines {
			if b.Day != "2026-03-02" || b.Kind == "" || b.Waiting != 0 || b.Asked {
				h.Errorf("%+v", b)
			}
			received, accepted = received+b.Received, accepted+b.Accepted
		}
		if len(s.Lines) != 3 || received != 5 || accepted != 5 || s.Events == 0 || s.Streams == 0 {
			h.Fatalf("%+v", s)
		}
		if s := h.fine(audit.Query{From: begin.AddDate(0, 0, 1), Until: begin.AddDate(0, 0, 2), Zone: time.UTC}); len(s.Lines) != 0 {
			h.Fatalf("another day: %+v", s.Lines)
		}
	})
}

// What was not copied to the live inbox counts as waiting, and is named when it is late.
func TestN04UnshownIsNamedWhenLate(t *testing.T) {
	houses(t, func(h *house) {
		id := h.accept(h.inbound(channels.SMS))
		if s := h.fine(h.query()); s.Lines[0].Waiting != 1 || s.Lines[0].Shown != 0 {
			h.Fatalf("%+v", s.Lines)
		}
		h.pass(time.Hour)
		h.named(audit.EventUnshown, id)
	})
}

// Each row that is removed or altered by hand is named: the stream, the number, the message.
func TestN04TamperingIsNamed(t *testing.T) {
	const message = `SELECT id FROM message WHERE direction = 'in' AND kind = 'email' ORDER BY at LIMIT 1`
	const reply = `SELECT id FROM message WHERE direction = 'out' AND state = 'sent'`
	cases := []struct {
		name   string
		tamper func(h *house) (code audit.Code, name string)
	}{
		{"message removed", func(h *house) (audit.Code, string) {
			id := h.text(message)
			h.exec(`DELETE FROM mail_ref WHERE message_id = $1`, id)
			h.exec(`DELETE FROM message WHERE id = $1`, id)
			return audit.MessageMissing, id
		}},
		{"last message removed", func(h *house) (audit.Code, string) {
			id := h.text(`SELECT id FROM message WHERE direction = 'in' ORDER BY at DESC, seq DESC LIMIT 1`)
			h.exec(`DELETE FROM message WHERE id = $1`, id)
			return audit.MessageMissing, id
		}},
		{"body altered", func(h *house) (audit.Code, string) {
			id := h.text(message)
			h.exec(`UPDATE message SET body = 'Annullo' WHERE id = $1`, id)
			return audit.MessageAltered, id
		}},
		{"HTML altered", func(h *house) (audit.Code, string) {
			id := h.text(message)
			h.exec(`UPDATE message SET html = '<p>Annullo</p>' WHERE id = $1`, id)
			return audit.MessageAltered, id
		}},
		{"sender altered", func(h *house) (audit.Code, string) {
			id := h.text(message)
			h.exec(`UPDATE message SET peer = 'x@example.it' WHERE id = $1`, id)
			return audit.MessageAltered, id
		}},
		{"note altered", func(h *house) (audit.Code, string) {
			id := h.text(`SELECT id FROM message WHERE direction = 'note' ORDER BY at, id LIMIT 1`)
			h.exec(`UPDATE message SET body = '' WHERE id = $1`, id)
			return audit.MessageAltered, id
		}},
		{"message put in", func(h *house) (audit.Code, string) {
			h.exec(`INSERT INTO message (id, conversation_id, customer_id, seq, direction, kind, account_id, author_kind, author_id, at)
				SELECT 'forged', conversation_id, customer_id, 900, 'in', kind, account_id, 'customer', customer_id, at FROM message WHERE id = $1`, h.text(message))
			return audit.MessageUntold, "forged"
		}},
		{"delivery state altered", func(h *house) (audit.Code, string) {
			id := h.text(reply)
			h.exec(`UPDATE message SET state = 'read' WHERE id = $1`, id)
			return audit.MessageState, id
		}},
		{"outbox row removed", func(h *house) (audit.Code, string) {
			id := h.text(reply)
			h.exec(`DELETE FROM attempt WHERE outbox_id = (SELECT id FROM outbox WHERE message_id = $1)`, id)
			h.exec(`DELETE FROM outbox WHERE message_id = $1`, id)
			return audit.OutboxMissing, id
		}},
		{"outbox row altered", func(h *house) (audit.Code, string) {
			id := h.text(reply)
			h.exec(`UPDATE outbox SET envelope = replace(envelope, 'Buongiorno', 'Addio') WHERE message_id = $1`, id)
			return audit.OutboxAltered, h.text(`SELECT id FROM outbox WHERE message_id = $1`, id)
		}},
		{"outbox state altered", func(h *house) (audit.Code, string) {
			id := h.text(`SELECT id FROM outbox WHERE state = 'failed'`)
			h.exec(`UPDATE outbox SET state = 'sent' WHERE id = $1`, id)
			return audit.OutboxAltered, id
		}},
		{"outbox row put in", func(h *house) (audit.Code, string) {
			h.exec(`INSERT INTO outbox (id, message_id, conversation_id, customer_id, class, kind, account_id, envelope, state, due_at, created_at, updated_at)
				SELECT 'forged', id, conversation_id, customer_id, 'reply', kind, account_id, '{}', 'queued', at, at, at FROM message WHERE id = $1`, h.text(message))
			return audit.OutboxUntold, "forged"
		}},
		{"first event removed", func(h *house) (audit.Code, string) {
			h.exec(`DELETE FROM event WHERE stream = $1 AND seq = 1`, "conversation:"+h.ids[0])
			return audit.EventMissing, h.ids[0]
		}},
		{"middle event removed", func(h *house) (audit.Code, string) {
			h.exec(`DELETE FROM event WHERE stream = $1 AND seq = 3`, "conversation:"+h.ids[0])
			return audit.EventMissing, "event 3 is missing"
		}},
		{"last events removed", func(h *house) (audit.Code, string) {
			h.exec(`DELETE FROM event WHERE stream = $1 AND seq >= 4`, "conversation:"+h.ids[0])
			return audit.EventMissing, h.ids[0]
		}},
		{"event of a customer removed", func(h *house) (audit.Code, string) {
			stream := h.text(`SELECT MIN(stream) FROM event WHERE stream LIKE 'customer:%'`)
			h.exec(`DELETE FROM event WHERE stream = $1 AND seq = 1`, stream)
			return audit.EventMissing, stream
		}},
		{"event altered", func(h *house) (audit.Code, string) {
			h.exec(`UPDATE event SET data = replace(data, 'Domanda', 'Comanda') WHERE stream = $1 AND seq = 2`, "conversation:"+h.ids[0])
			return audit.EventAltered, "event 2"
		}},
		{"event's actor altered", func(h *house) (audit.Code, string) {
			h.exec(`UPDATE event SET actor = 'agent:giulia' WHERE stream = $1 AND seq = 4`, "conversation:"+h.ids[0])
			return audit.EventAltered, "event 4"
		}},
		{"hash removed", func(h *house) (audit.Code, string) {
			h.exec(`UPDATE event SET hash = '' WHERE stream = $1 AND seq = 3`, "conversation:"+h.ids[0])
			return audit.EventAltered, "event 3"
		}},
		{"message and its event altered alike", func(h *house) (audit.Code, string) {
			id := h.text(message)
			h.exec(`UPDATE message SET body = 'Annullo' WHERE id = $1`, id)
			h.exec(`UPDATE event SET data = replace(data, 'Domanda', 'Comanda') WHERE data LIKE $1 AND type = 'message.received'`, "%"+id+"%")
			return audit.EventAltered, "message.received"
		}},
		{"count altered", func(h *house) (audit.Code, string) {
			h.exec(`UPDATE conversation SET last_seq = last_seq - 1 WHERE id = $1`, h.ids[0])
			return audit.EventUncounted, h.ids[0]
		}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			houses(t, func(h *house) {
				h.traffic()
				h.fine(h.query())
				h.named(c.tamper(h))
			})
		})
	}
}

// A lost event does not make its conversation unusable, and stays named when the stream has gone on.
func TestN04StreamGoesOnAfterALoss(t *testing.T) {
	houses(t, func(h *house) {
		h.traffic()
		in := h.taken[0]
		id := h.ids[0]
		var last int64
		h.ok(h.d.QueryRow(`SELECT last_seq FROM conversation WHERE id = $1`, id).Scan(&last))
		h.exec(`DELETE FROM event WHERE stream = $1 AND seq = $2`, "conversation:"+id, last)
		_, err := h.reply(id, in)
		h.ok(err)
		h.relay()
		if f := h.named(audit.EventMissing, id); f.Seq != last || f.Through != 0 {
			h.Fatalf("%+v, want %d", f, last)
		}
		if s := h.audit(h.query()); len(s.Findings) > 2 { // its event, and perhaps the state that it told
			h.Fatalf("%+v", s.Findings)
		}
	})
}

// Rows from before there was a chain are not held to have one, and the chain goes on from them.
func TestN04OlderRowsAreNotHeldToTheChain(t *testing.T) {
	houses(t, func(h *house) {
		h.traffic()
		h.exec(`UPDATE event SET hash = '', content = ''`)
		h.exec(`UPDATE conversation SET head = ''`)
		h.fine(h.query())
		_, err := h.reply(h.ids[0], h.taken[0])
		h.ok(err)
		h.relay()
		h.fine(h.query())
		h.exec(`UPDATE event SET actor = 'x' WHERE hash <> '' AND stream = $1`, "conversation:"+h.ids[0])
		h.named(audit.EventAltered, h.ids[0])
	})
}

// An event that was taken off the journal's list and never copied to the live inbox is named; one that is not known there is asked for.
func TestN04LiveInboxThatIsBehindIsNamed(t *testing.T) {
	houses(t, func(h *house) {
		h.traffic()
		last := map[inbox.ConversationID]int64{}
		ask := func(seqs map[inbox.ConversationID]int64, err error) *audit.Sheet {
			q := h.query()
			q.Shown = func(_ context.Context, ids []inbox.ConversationID) (map[inbox.ConversationID]int64, error) {
				for _, id := range ids {
					v, err := h.ledger.Conversation(h.Context(), id)
					h.ok(err)
					last[id] = v.LastSeq
				}
				return seqs, err
			}
			return h.audit(q)
		}
		if s := ask(nil, errors.New("away")); !s.Balanced() || len(s.Notes) != 1 || s.Notes[0].Code != audit.ShownUnknown {
			h.Fatalf("%+v", s)
		}
		if s := ask(last, nil); !s.Balanced() || len(last) == 0 {
			h.Fatalf("%+v", s.Findings)
		}
		short := maps.Clone(last)
		id := inbox.ConversationID(h.ids[0])
		short[id]--
		if s := ask(short, nil); len(s.Findings) != 1 || s.Findings[0].Code != audit.EventUnshown || s.Findings[0].Seq != last[id] || s.Balanced() {
			h.Fatalf("%+v", s.Findings)
		}
		delete(short, id)
		if s := ask(short, nil); len(s.Findings) != 1 || s.Findings[0].Seq != 1 {
			h.Fatalf("%+v", s.Findings)
		}
	})
}

// The provider's list is held against the record, both ways.
func TestN04ProviderIsHeldAgainstTheRecord(t *testing.T) {
	houses(t, func(h *house) {
		in := h.inbound(channels.SMS)
		id := h.accept(in)
		_, err := h.reply(id, in)
		h.ok(err)
		h.ok(h.outbox.Sent(h.Context(), h.begun()[0], channels.Sent{External: "SM-out"}))
		h.relay()
		h.pass(time.Hour)
		has := listed{{External: in.External, Inbound: true, At: begin, Place: in.External}, {External: "SM-out", Peer: in.From.Value, At: begin, Place: "SM-out"}}
		q := h.query()
		ask := func(l listed) *audit.Sheet {
			q.Outside = []audit.Source{{Account: "text", Kind: channels.SMS, Lister: l}}
			return h.audit(q)
		}
		if s := ask(has); !s.Balanced() || !s.Lines[0].Asked || s.Lines[0].Outside != 1 {
			h.Fatalf("%+v", s)
		}
		for n, c := range []struct {
			l    listed
			want audit.Code
		}{
			{append(listed{{External: "SM-lost", Inbound: true, At: begin, Place: "SM-lost"}}, has...), audit.NotTaken},
			{append(listed{{External: "SM-double", Peer: in.From.Value, At: begin, Place: "SM-double"}}, has...), audit.NotRecorded},
			{has[:1], audit.NotAtProvider},
		} {
			if s := ask(c.l); s.Balanced() || len(s.Findings) != 1 || s.Findings[0].Code != c.want || s.Findings[0].Account != "text" {
				h.Errorf("case %d: want %s, got %+v", n, c.want, s.Findings)
			}
		}
		young := append(listed{{External: "SM-young", Inbound: true, At: h.now(), Place: "SM-young"}}, has...)
		if s := ask(young); !s.Balanced() {
			h.Fatalf("one that is on its way is not lost: %+v", s.Findings)
		}
	})
}

// A text of which the record does not know yet what became is not held to be somebody else's.
func TestN04UnknownOutcomeIsANote(t *testing.T) {
	houses(t, func(h *house) {
		in := h.inbound(channels.SMS)
		id := h.accept(in)
		_, err := h.reply(id, in)
		h.ok(err)
		h.ok(h.outbox.Failed(h.Context(), h.begun()[0], &channels.Fault{Class: channels.Uncertain, Code: channels.CodeTimeout}, time.Time{}))
		h.relay()
		h.pass(time.Hour)
		q := h.query()
		q.Outside = []audit.Source{{Account: "text", Kind: channels.SMS, Lister: listed{{External: "SM1", Peer: in.From.Value, At: begin}, {External: in.External, Inbound: true, At: begin}}}}
		if s := h.fine(q); len(s.Notes) != 1 || s.Notes[0].Code != audit.ProviderPending || s.Lines[0].Unknown != 1 {
			h.Fatalf("%+v", s)
		}
	})
}

// Days that are over are sealed once. A stream that is gone with all its rows, and a chain that was computed anew, are named.
func TestN04SealsBindWhatIsGone(t *testing.T) {
	gone := func(h *house, id string) {
		for _, q := range []string{
			`DELETE FROM attempt WHERE outbox_id IN (SELECT id FROM outbox WHERE conversation_id = $1)`, `DELETE FROM outbox WHERE conversation_id = $1`,
			`DELETE FROM mail_ref WHERE conversation_id = $1`, `DELETE FROM message WHERE conversation_id = $1`, `DELETE FROM conversation WHERE id = $1`,
		} {
			_, err := h.d.Exec(q, id)
			h.ok(err)
		}
		h.exec(`DELETE FROM event WHERE stream = $1`, "conversation:"+id)
	}
	houses(t, func(h *house) {
		h.traffic()
		if n, err := h.auditor.Seal(h.Context()); err != nil || n != 0 {
			h.Fatalf("%d days, %v: the day is not over", n, err)
		}
		h.pass(72 * time.Hour)
		late := h.accept(h.inbound(channels.Email))
		h.relay()
		h.pass(24 * time.Hour)
		for _, want := range []int{1, 0} { // the first seal binds everything
			if n, err := h.auditor.Seal(h.Context()); err != nil || n != want {
				h.Fatalf("%d days, %v", n, err)
			}
		}
		h.pass(48 * time.Hour)
		if n, err := h.auditor.Seal(h.Context()); err != nil || n != 2 {
			h.Fatalf("%d days, %v", n, err)
		}
		if s := h.fine(h.query()); s.Sealed != sealedDay(h.now()) || s.Seal == "" {
			h.Fatalf("%+v", s)
		}

		// An event altered together with its hash fits its chain, and not the seal.
		stream := journal.ConversationStream(late)
		actor, hash := h.text(`SELECT actor FROM event WHERE stream = $1 AND seq = 2`, stream), h.text(`SELECT hash FROM event WHERE stream = $1 AND seq = 2`, stream)
		events, err := h.j.Stream(h.Context(), stream, 1, 1)
		h.ok(err)
		e := events[0]
		e.Actor, e.Content = "agent:x", h.text(`SELECT content FROM event WHERE stream = $1 AND seq = 2`, stream)
		forged := e.Chain(h.text(`SELECT hash FROM event WHERE stream = $1 AND seq = 1`, stream))
		h.exec(`UPDATE event SET actor = $2, hash = $3 WHERE stream = $1 AND seq = 2`, stream, "agent:x", forged)
		h.named(audit.EventAltered, "sealed on")
		h.exec(`UPDATE event SET actor = $2, hash = $3 WHERE stream = $1 AND seq = 2`, stream, actor, hash)
		h.fine(h.query())

		gone(h, late)
		h.named(audit.StreamMissing, late)
		h.exec(`DELETE FROM seal_head WHERE stream = $1`, stream)
		h.named(audit.SealAltered, "seal")
		day := sealedDay(h.now().Add(-24 * time.Hour))
		_, err = h.d.Exec(`DELETE FROM seal_head WHERE day = $1`, day)
		h.ok(err)
		h.exec(`DELETE FROM seal WHERE day = $1`, day)
		h.named(audit.SealMissing, day)
	})
}

func sealedDay(now time.Time) string { return now.Add(-24 * time.Hour).Format(time.DateOnly) }

// Property: whatever is done, in whatever order, the sheet balances at every moment.
func TestN04RandomVerbsAlwaysBalance(t *testing.T) {
	houses(t, func(h *house) {
		for n := range 12 {
			for range 25 {
				h.verb()
			}
			if n%3 == 0 {
				h.relay()
			}
			q := h.query()
			q.Grace = 1000 * time.Hour
			h.fine(q)
		}
		h.relay()
		s := h.fine(h.query())
		var in, out int64
		for _, b := range s.Lines {
			in, out = in+b.Received, out+b.Accepted
		}
		if in < 20 || out < 20 {
			h.Fatalf("only %d in and %d out: the test does too little", in, out)
		}
		h.Logf("%d in, %d out, %d events", in, out, s.Events)
	})
}
