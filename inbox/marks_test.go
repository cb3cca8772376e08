package inbox_test

import (
	"testing"
	"time"

	"sportello/channels"
	"sportello/inbox"
	"sportello/inbox/journal"
)

// markOf says that a mail was answered in another program.
func (h *house) markOf(in channels.Inbound) channels.Mark {
	return channels.Mark{Account: in.Account, MessageID: in.Thread.MessageID, What: channels.MarkAnswered, At: h.now()}
}

func (h *house) mark(in channels.Inbound) {
	h.Helper()
	h.ok(h.ledger.Mark(h.Context(), h.markOf(in)))
}

// E-09: what was answered elsewhere is told once, as a line and not as a message; the customer goes on waiting unless the account says
// otherwise, and waits on for what he wrote after it.
func TestE09AnsweredElsewhereIsTold(t *testing.T) {
	houses(t, func(h *house) {
		for _, stops := range []bool{false, true} {
			h.cfg.Accounts[0].AnsweredStops = stops
			h.open()
			in := h.mail("where is it?")
			a := h.accept(in)
			before := h.conversation(a.Conversation)
			h.pass(time.Minute)
			later := h.mail("and this?")
			later.Thread.InReplyTo = []string{in.Thread.MessageID}
			h.accept(later)
			wrote := h.now()
			h.pass(time.Minute)
			h.mark(in)
			typ, ch := h.last(a.Conversation)
			if typ != journal.Marked || ch.Marked == nil || string(ch.Marked.Message) != a.Message || ch.Marked.Seq != a.Seq || ch.Marked.Stopped != stops || ch.Message != nil {
				t.Fatalf("%s %+v", typ, ch)
			}
			v := h.conversation(a.Conversation)
			want := before.WaitingSince
			if stops {
				want = wrote
			}
			if !v.WaitingSince.Equal(want) || v.State != before.State {
				t.Errorf("stops %v: waits since %v, want %v", stops, v.WaitingSince, want)
			}
			h.mark(in)
			if again := h.conversation(a.Conversation); again.LastSeq != v.LastSeq {
				t.Error("told twice")
			}
			h.mark(later)
			if v := h.conversation(a.Conversation); v.WaitingSince.IsZero() != stops {
				t.Errorf("stops %v: waits since %v", stops, v.WaitingSince)
			}
		}
	})
}

// E-09: a mark is no news where somebody of ours has answered since, where nobody looks any more, and of what is not in the record.
func TestE09MarkThatIsNoNews(t *testing.T) {
	houses(t, func(h *house) {
		answered, in := h.begun(h.mail("one"))
		h.mustAnswer(answered, in)
		outside := h.mail("two")
		outside.SentAt = h.now()
		b := h.accept(outside)
		h.accept(h.sentOutside(outside, "s1"))
		closed, done := h.begun(h.mail("three"))
		h.close(closed)
		machine := h.mail("out of office")
		machine.Auto = channels.AutoReply
		m := h.accept(machine)
		for id, in := range map[string]channels.Inbound{answered: in, b.Conversation: outside, closed: done, m.Conversation: machine} {
			before := h.conversation(id)
			h.mark(in)
			if after := h.conversation(id); after.LastSeq != before.LastSeq {
				typ, ch := h.last(id)
				t.Errorf("%s %+v", typ, ch)
			}
		}
		fresh := h.mail("four")
		f := h.accept(fresh)
		for _, wrong := range []func(*channels.Mark){
			func(k *channels.Mark) { k.MessageID = "unknown@example.it" },
			func(k *channels.Mark) { k.MessageID = "" },
			func(k *channels.Mark) { k.Account = "mail2" },
			func(k *channels.Mark) { k.What = "starred" },
		} {
			k := h.markOf(fresh)
			wrong(&k)
			h.ok(h.ledger.Mark(h.Context(), k))
		}
		if typ, ch := h.last(f.Conversation); typ == journal.Marked {
			t.Errorf("%+v", ch)
		}
		if v := h.conversation(f.Conversation); v.State != inbox.New || v.WaitingSince.IsZero() {
			t.Errorf("%+v", v)
		}
	})
}
