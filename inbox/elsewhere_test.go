package inbox_test

import (
	"testing"
	"time"

	"sportello/channels"
	"sportello/inbox"
	"sportello/inbox/journal"
)

// sentOutside is an answer to in, written in the mail program of the mailbox.
func (h *house) sentOutside(in channels.Inbound, external string) channels.Inbound {
	return channels.Inbound{
		Account: "mail", Kind: channels.Email, External: external, Outgoing: true, Text: "Already on its way.", Subject: "Re: Order 17",
		From: channels.Address{Kind: channels.Email, Value: "support@shop.example", Name: "Marco"}, To: []channels.Address{in.From}, SentAt: h.now(),
		Thread: channels.Thread{MessageID: external + "@laptop.example", InReplyTo: []string{in.Thread.MessageID}},
	}
}

// REQ-EM5: what was answered in the mail program is in the conversation, stops the clock, and is never sent by us.
func TestREQEM5AnsweredInTheMailProgram(t *testing.T) {
	houses(t, func(h *house) {
		in := h.mail("Where is my order?")
		in.SentAt = h.now()
		first := h.accept(in)
		h.pass(time.Hour)
		forward := h.sentOutside(in, "forward")
		forward.To = []channels.Address{{Kind: channels.Email, Value: "supplier@example.org"}}
		if a := h.accept(forward); a.Conversation != first.Conversation || h.conversation(first.Conversation).WaitingSince.IsZero() {
			t.Error("what was passed on to others counts as an answer")
		}
		out := h.sentOutside(in, "s1")
		a := h.accept(out)
		if a.Conversation != first.Conversation || a.Duplicate {
			t.Fatalf("%+v", a)
		}
		v := h.conversation(a.Conversation)
		if !v.WaitingSince.IsZero() || !v.LastOutAt.Equal(h.now()) || v.Preview != out.Text || v.State != inbox.New {
			t.Errorf("%+v", v)
		}
		m := h.message(inbox.MessageID(a.Message))
		if m.Direction != inbox.Out || m.State != channels.StateSent || m.Author != (inbox.Author{Kind: "agent", Name: "Marco"}) || m.To[0] != in.From {
			t.Errorf("%+v", m)
		}
		typ, ch := h.last(a.Conversation)
		if typ != journal.Replied || ch.Message == nil || ch.Message.State != channels.StateSent {
			t.Errorf("told as %s %+v", typ, ch)
		}
		if rows, err := h.outbox.Rows(h.Context(), m.ID); err != nil || len(rows) != 0 || len(h.leased()) != 0 {
			t.Errorf("it waits to be sent: %+v %v", rows, err)
		}
		if again := h.accept(out); !again.Duplicate || again.Message != a.Message {
			t.Errorf("%+v", again)
		}
		answer := h.mail("Thank you")
		answer.Thread.InReplyTo = []string{out.Thread.MessageID}
		if got := h.accept(answer); got.Conversation != first.Conversation {
			t.Error("the answer to it begins another conversation")
		}
	})
}

// The clock goes on for what the customer wrote after the answer, in whatever order the two are taken.
func TestREQEM5LaterQuestionStillWaits(t *testing.T) {
	houses(t, func(h *house) {
		in := h.mail("first")
		in.SentAt = h.now()
		first := h.accept(in)
		h.pass(time.Hour)
		out := h.sentOutside(in, "s1")
		h.pass(time.Hour)
		later := h.mail("and another thing")
		later.SentAt, later.Thread.InReplyTo = h.now(), []string{in.Thread.MessageID}
		h.accept(later)
		at := h.now()
		h.pass(time.Hour)
		h.accept(out)
		if v := h.conversation(first.Conversation); !v.WaitingSince.Equal(at) {
			t.Errorf("waits since %v, not since %v", v.WaitingSince, at)
		}
	})
}

// E-18: what left by the outbox and lies in the Sent folder is the message that it was; what has no place is not taken.
func TestE18OwnMailInTheSentFolder(t *testing.T) {
	houses(t, func(h *house) {
		id, in := h.begun(h.mail("hello"))
		m := h.mustAnswer(id, in)
		row := h.rowOf(m)
		out := h.sentOutside(in, "copy")
		out.Thread.MessageID = row.Envelope.Thread.MessageID
		if a := h.accept(out); !a.Duplicate || a.Message != string(m.ID) {
			t.Errorf("%+v", a)
		}
		stranger := h.sentOutside(in, "private")
		stranger.Thread.InReplyTo, stranger.To = nil, []channels.Address{{Kind: channels.Email, Value: "supplier@example.org"}}
		if a := h.accept(stranger); a != (channels.Accepted{}) {
			t.Errorf("a mail to a supplier was taken: %+v", a)
		}
		fresh := h.sentOutside(in, "fresh")
		fresh.Thread.InReplyTo = nil
		a := h.accept(fresh)
		if v := h.conversation(a.Conversation); a.Conversation == id || v.State != inbox.Closed || v.CustomerName != "Anna" || !v.WaitingSince.IsZero() {
			t.Errorf("%+v", v)
		}
	})
}
