package inbox_test

import (
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"sportello/channels"
	"sportello/inbox"
	"sportello/inbox/journal"
)

// hers makes a message of another channel one of the Anna who writes the mails.
func hers(in channels.Inbound) channels.Inbound {
	in.Claims = []channels.Claim{{Address: channels.Address{Kind: channels.Email, Value: "anna@example.it", Name: "Anna"}, Proof: channels.ProofVerified}}
	return in
}

func (h *house) merge(from, into string) inbox.Conversation {
	h.Helper()
	v, err := h.ledger.Merge(h.Context(), inbox.MergeCmd{Conversation: inbox.ConversationID(from), Into: inbox.ConversationID(into), Agent: marco, AsManager: true})
	h.ok(err)
	return v
}

func (h *house) split(id string) inbox.Conversation {
	h.Helper()
	v, err := h.ledger.Split(h.Context(), inbox.SplitCmd{Conversation: inbox.ConversationID(id), Agent: marco})
	h.ok(err)
	return v
}

// E-24: whatever names a merged conversation, the message goes to where it goes on, over several merges.
func TestE24ArrivalsFollowTheMerge(t *testing.T) {
	houses(t, func(h *house) {
		mail := h.mail("one")
		first := h.accept(mail)
		chat := h.accept(hers(h.chat("hello")))
		h.assign(first.Conversation, marco)
		h.assign(chat.Conversation, marco)
		sent := h.rowOf(h.mustAnswer(first.Conversation, mail))
		h.ok(h.outbox.Sent(h.Context(), h.began(h.leased()[0]), channels.Sent{}))
		middle, end := h.accept(h.mail("two")).Conversation, h.accept(h.mail("three")).Conversation
		h.merge(chat.Conversation, first.Conversation)
		h.merge(first.Conversation, middle)
		h.merge(middle, end)
		stored := len(h.messages(first.Conversation))
		ways := map[string]func() channels.Inbound{
			"token": func() channels.Inbound {
				in := h.mail("by token")
				in.Thread.Token = sent.Envelope.Thread.Token
				return in
			},
			"reference": func() channels.Inbound { return reply(h, mail, "by reference") },
			"number": func() channels.Inbound {
				in := h.mail("by number")
				in.Thread.Tag = inbox.Tag(h.conversation(first.Conversation).Number)
				return in
			},
			"chat": func() channels.Inbound { return h.chat("by chat") },
			"mail program": func() channels.Inbound {
				return h.sentOutside(mail, "s1")
			},
			"bounce": func() channels.Inbound {
				in := h.mail("could not be delivered")
				in.From, in.Auto, in.Thread.InReplyTo = channels.Address{Kind: channels.Email, Value: "mailer-daemon@example.it"}, channels.AutoBounce, []string{sent.Envelope.Thread.MessageID}
				return in
			},
		}
		for name, in := range ways {
			if got := h.accept(in()); got.Conversation != end {
				t.Errorf("%s goes to %s, the end is %s", name, got.Conversation, end)
			}
		}
		if got := h.accept(h.chat("again")); got.Conversation != end {
			t.Errorf("the next line of the chat goes to %s", got.Conversation)
		}
		if got := len(h.messages(first.Conversation)); got != stored {
			t.Errorf("%d messages in the merged one, were %d", got, stored)
		}
		h.ok(h.ledger.Settle(h.Context(), channels.Receipt{Account: "mail", OutboxID: sent.ID, State: channels.StateDelivered}))
		if m := h.message(sent.Message); m.State != channels.StateDelivered || string(m.Conversation) != first.Conversation {
			t.Errorf("a receipt of what left before: %+v", m)
		}
		for _, id := range []string{first.Conversation, middle, end, chat.Conversation} {
			h.changes(id)
		}
	})
}

// E-24: a text goes on where its conversation goes on, and neither a machine's message nor one of a stranger comes in by a merge.
func TestE24TextsAndStrangers(t *testing.T) {
	houses(t, func(h *house) {
		one := h.accept(h.text("one")).Conversation
		_, err := h.ledger.Close(h.Context(), inbox.CloseCmd{Conversation: inbox.ConversationID(one), Actor: "system"})
		h.ok(err)
		h.pass(100 * time.Hour)
		two := h.accept(h.text("two")).Conversation
		if v := h.conversation(two); two == one || string(v.Previous) != one {
			t.Fatalf("closed long ago, it is continued in a new one that names it: %+v", v)
		}
		h.merge(one, two)
		if got := h.accept(h.text("three")); got.Conversation != two {
			t.Error("a text went elsewhere")
		}
		mail := h.mail("one")
		from, into := h.accept(mail).Conversation, h.accept(h.mail("two")).Conversation
		h.merge(from, into)
		stranger := reply(h, mail, "let me in")
		stranger.From.Value = "mallory@example.net"
		if got := h.accept(stranger); got.Conversation == into || got.Conversation == from {
			t.Error("a stranger came in")
		}
	})
}

// E-24, O7: merging gives up the work of the one and gives what is known better to the other. The second time it does nothing.
func TestE24MergeGivesUpTheWork(t *testing.T) {
	houses(t, func(h *house) {
		in := h.mail("one")
		from := h.accept(in).Conversation
		waits := h.now()
		_, err := h.ledger.Place(h.Context(), inbox.PlaceCmd{Conversation: inbox.ConversationID(from), Queue: "sales", Priority: 70})
		h.ok(err)
		h.assign(from, marco)
		h.pass(time.Hour)
		into := h.accept(h.mail("two")).Conversation
		_, err = h.ledger.Place(h.Context(), inbox.PlaceCmd{Conversation: inbox.ConversationID(into), Queue: "orders", Priority: 50})
		h.ok(err)
		h.pass(time.Hour)
		h.accept(reply(h, in, "one more thing"))
		latest := h.now()
		h.pass(time.Minute)
		v := h.merge(from, into)
		if v.ID != inbox.ConversationID(into) || v.State != inbox.Assigned || v.Assignee != marco || v.Queue != "orders" || v.Priority != 70 ||
			!v.WaitingSince.Equal(waits) || !v.QueuedAt.Equal(waits) || !v.LastInAt.Equal(latest) || v.Preview != "one more thing" {
			t.Errorf("%+v", v)
		}
		if typ, ch := h.last(into); typ != journal.Joined || string(ch.Related.ID) != from || ch.Conversation.Assignee != marco {
			t.Errorf("%s %+v", typ, ch)
		}
		was := h.conversation(from)
		if was.State != inbox.Closed || was.Disposition != "merged" || was.Assignee != "" || was.Sticky != marco || string(was.MergedInto) != into ||
			!was.WaitingSince.IsZero() || was.MergedAt.IsZero() {
			t.Errorf("%+v", was)
		}
		if typ, ch := h.last(from); typ != journal.Merged || string(ch.Related.ID) != into || ch.Related.Number != v.Number || ch.From != marco || ch.Conversation.MergedInto != v.ID {
			t.Errorf("%s %+v", typ, ch)
		}
		if again := h.merge(from, into); again.LastSeq != v.LastSeq || h.conversation(from).LastSeq != was.LastSeq {
			t.Error("the second time it was merged again")
		}
		h.ok(h.ledger.Open(h.Context(), func(c inbox.Conversation) error {
			if string(c.ID) == from {
				t.Error("it is rebuilt as open")
			}
			return nil
		}))
	})
}

// E-24: what cannot be merged says why, and changes nothing.
func TestE24WhatIsNotMerged(t *testing.T) {
	houses(t, func(h *house) {
		one, two, three := h.accept(h.mail("one")).Conversation, h.accept(h.mail("two")).Conversation, h.accept(h.mail("three")).Conversation
		closed, other := h.accept(h.mail("closed")).Conversation, h.accept(h.text("of somebody else")).Conversation
		h.assign(three, giulia)
		_, err := h.ledger.Close(h.Context(), inbox.CloseCmd{Conversation: inbox.ConversationID(closed), Actor: "system"})
		h.ok(err)
		gone := h.accept(h.mail("gone")).Conversation
		h.merge(gone, one)
		for _, c := range []struct {
			name, from, into string
			want             error
		}{
			{"itself", one, one, inbox.ErrState}, {"merged already", gone, two, inbox.ErrMerged}, {"into a merged one", two, gone, inbox.ErrMerged},
			{"into what was merged into it", one, gone, inbox.ErrMerged}, {"of another customer", one, other, inbox.ErrOthers},
			{"of a colleague", three, two, inbox.ErrNotYours}, {"open into closed", two, closed, inbox.ErrClosed},
			{"nothing", two, "00000000-0000-0000-0000-000000000000", inbox.ErrNotFound},
		} {
			before, cmd := h.conversation(c.from).LastSeq, inbox.MergeCmd{Conversation: inbox.ConversationID(c.from), Into: inbox.ConversationID(c.into), Agent: marco}
			if _, err := h.ledger.Merge(h.Context(), cmd); !errors.Is(err, c.want) || h.conversation(c.from).LastSeq != before {
				t.Errorf("%s: %v", c.name, err)
			}
		}
		h.merge(closed, one)
		if v := h.conversation(closed); v.Disposition != "" || v.State != inbox.Closed || string(v.MergedInto) != one {
			t.Errorf("closed before: %+v", v)
		}
	})
}

// E-24: two who merge two conversations into each other at the same time make no circle.
func TestE24NoCircle(t *testing.T) {
	houses(t, func(h *house) {
		for range 5 {
			a, b := h.accept(h.mail("one")).Conversation, h.accept(h.mail("two")).Conversation
			var all sync.WaitGroup
			errs := make([]error, 2)
			for i, pair := range [][2]string{{a, b}, {b, a}} {
				all.Go(func() {
					_, errs[i] = h.ledger.Merge(h.Context(), inbox.MergeCmd{Conversation: inbox.ConversationID(pair[0]), Into: inbox.ConversationID(pair[1]), Agent: marco})
				})
			}
			all.Wait()
			if (errs[0] == nil) == (errs[1] == nil) || h.conversation(a).MergedInto != "" && h.conversation(b).MergedInto != "" {
				t.Fatal(errs)
			}
		}
	})
}

// E-24: from a screen that does not know of the merge nothing is written, moved or opened, and it is told where to go on.
func TestE24StaleScreen(t *testing.T) {
	houses(t, func(h *house) {
		id, in := h.begun(h.mail("one"))
		into := h.accept(h.mail("two")).Conversation
		h.merge(id, into)
		cid := inbox.ConversationID(id)
		verbs := map[string]func() error{
			"reply": func() error { _, err := h.answer(id, in, inbox.ReplyCmd{SeenSeq: 1 << 30}); return err },
			"chat":  func() error { _, err := h.answer(id, h.chat("x"), inbox.ReplyCmd{SeenSeq: 1 << 30}); return err },
			"place": func() error {
				_, err := h.ledger.Place(h.Context(), inbox.PlaceCmd{Conversation: cid, Queue: "sales"})
				return err
			},
			"assign": func() error {
				_, err := h.ledger.Assign(h.Context(), inbox.AssignCmd{Conversation: cid, Agent: giulia})
				return err
			},
			"transfer": func() error {
				_, err := h.ledger.Transfer(h.Context(), inbox.TransferCmd{Conversation: cid, Actor: "system", ToQueue: "sales"})
				return err
			},
			"reopen": func() error {
				_, err := h.ledger.Reopen(h.Context(), inbox.ReopenCmd{Conversation: cid, Actor: "system"})
				return err
			},
		}
		for name, verb := range verbs {
			var refused inbox.Refused
			if err := verb(); !errors.As(err, &refused) || refused.Code != "merged" || string(refused.Into) != into {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}

// E-24: a reply by mail goes on in the customer's thread, whichever of the conversations she last wrote in, and to those she copied there.
func TestE24ReplyContinuesTheThread(t *testing.T) {
	houses(t, func(h *house) {
		into, in := h.begun(h.mail("one"))
		h.pass(time.Minute)
		later := h.mail("two")
		later.Cc = []channels.Address{{Kind: channels.Email, Value: "lawyer@example.org"}}
		from := h.accept(later).Conversation
		h.merge(from, into)
		h.pass(time.Minute)
		e, err := h.ledger.Envelope(h.Context(), inbox.ConversationID(into), "mail")
		h.ok(err)
		if len(e.To) != 1 || e.To[0].Value != "anna@example.it" || len(e.Cc) != 1 || !slices.Contains(e.Known, "lawyer@example.org") {
			t.Errorf("%+v", e)
		}
		m, err := h.answer(into, in, inbox.ReplyCmd{SeenSeq: 1 << 30, To: e.To, Cc: e.Cc})
		h.ok(err)
		thread := h.rowOf(m).Envelope.Thread
		if len(thread.InReplyTo) != 1 || thread.InReplyTo[0] != later.Thread.MessageID || !slices.Equal(thread.References, []string{in.Thread.MessageID, later.Thread.MessageID}) {
			t.Errorf("%+v", thread)
		}
	})
}

// E-24: a reply of before the merge that fails afterwards leaves the customer waiting where the conversation goes on.
func TestE24FailedReplyOfBefore(t *testing.T) {
	houses(t, func(h *house) {
		id, in := h.begun(h.mail("one"))
		wrote := h.now()
		h.pass(time.Minute)
		m := h.mustAnswer(id, in)
		into := h.accept(h.mail("two")).Conversation
		h.assign(into, giulia)
		h.pass(time.Minute)
		_, err := h.answer(into, in, inbox.ReplyCmd{Agent: giulia, SeenSeq: 1 << 30})
		h.ok(err)
		h.pass(time.Minute)
		h.merge(id, into)
		if v := h.conversation(into); !v.WaitingSince.IsZero() {
			t.Fatal(v.WaitingSince)
		}
		for _, row := range h.leased() {
			if row.Message == m.ID {
				h.ok(h.outbox.Failed(h.Context(), h.began(row), permanent, time.Time{}))
			}
		}
		if got := h.message(m.ID); got.State != channels.StateFailed || string(got.Conversation) != id {
			t.Fatalf("%+v", got)
		}
		h.changes(id)
		if v := h.conversation(into); !v.WaitingSince.IsZero() {
			t.Errorf("she was answered after it: %s", v.WaitingSince)
		}
		last, err := h.answer(into, in, inbox.ReplyCmd{Agent: giulia, SeenSeq: 1 << 30})
		h.ok(err)
		h.pass(time.Minute)
		third := h.accept(h.mail("three")).Conversation
		h.merge(into, third)
		h.pass(time.Hour)
		for rows := h.leased(); len(rows) > 0; rows = h.leased() {
			for _, row := range rows {
				h.ok(h.outbox.Failed(h.Context(), h.began(row), permanent, time.Time{}))
			}
		}
		if typ, ch := h.last(third); typ != journal.Delivery || ch.Delivery.Message != last.ID || !ch.Conversation.WaitingSince.Equal(wrote) {
			t.Errorf("%s %+v, wrote %s", typ, ch, wrote)
		}
	})
}

// E-24: a reply where the conversation goes on answers what was asked before the merge too; when it fails, the customer waits since then.
func TestE24FailedReplyOfAfter(t *testing.T) {
	houses(t, func(h *house) {
		from := h.accept(h.mail("one")).Conversation
		asked := h.now()
		h.pass(time.Minute)
		into, second := h.begun(h.mail("two"))
		h.merge(from, into)
		h.pass(time.Minute)
		h.mustAnswer(into, second)
		if v := h.conversation(into); !v.WaitingSince.IsZero() {
			t.Fatal(v.WaitingSince)
		}
		h.ok(h.outbox.Failed(h.Context(), h.began(h.leased()[0]), permanent, time.Time{}))
		if v := h.conversation(into); !v.WaitingSince.Equal(asked) {
			t.Errorf("waits since %s, asked %s", v.WaitingSince, asked)
		}
		if _, err := h.ledger.Split(h.Context(), inbox.SplitCmd{Conversation: "00000000-0000-0000-0000-000000000000", Agent: marco}); !errors.Is(err, inbox.ErrNotFound) {
			t.Error(err)
		}
	})
}

// E-24: a visitor goes on talking in the conversation that his was merged into, and keeps what he sees.
func TestE24VisitorKeepsHisTalk(t *testing.T) {
	houses(t, func(h *house) {
		into, _ := h.begun(h.mail("by mail"))
		h.pass(time.Second)
		in := hers(h.chat("hello"))
		from, _ := h.begun(in)
		h.pass(time.Second)
		h.mustAnswer(from, in)
		h.ok(h.outbox.Sent(h.Context(), h.begin(), channels.Sent{}))
		talk, err := h.ledger.Talk(h.Context(), "site", visitor, "", 0)
		h.ok(err)
		h.merge(from, into)
		h.pass(time.Second)
		next, err := h.ledger.Talk(h.Context(), "site", visitor, talk.Epoch, talk.LastSeq)
		h.ok(err)
		if !next.Reset || next.Epoch != into || !next.Open || len(next.Lines) != 2 || next.Lines[0].Text != "hello" || next.Lines[0].Seq != 1 || next.Lines[1].Seq != 1 {
			t.Fatalf("%+v", next)
		}
		h.accept(h.chat("still there?"))
		h.mustAnswer(into, in)
		h.ok(h.outbox.Sent(h.Context(), h.begin(), channels.Sent{}))
		if next, err = h.ledger.Talk(h.Context(), "site", visitor, into, next.LastSeq); err != nil || next.Reset || len(next.Lines) != 2 {
			t.Fatalf("%+v %v", next, err)
		}
		whole, err := h.ledger.Talk(h.Context(), "site", visitor, "", 0)
		if err != nil || len(whole.Lines) != 4 || whole.Lines[2].Text != "still there?" || whole.LastSeq != next.LastSeq {
			t.Fatalf("%+v %v", whole, err)
		}
		for i, l := range whole.Lines[1:] {
			if l.Seq < whole.Lines[i].Seq {
				t.Error("lines are not in order of their positions")
			}
		}
	})
}

// E-24: a merge is undone. Each has what was stored in it; the one waits again, and who waits for whom is counted anew.
func TestE24Split(t *testing.T) {
	houses(t, func(h *house) {
		in := h.mail("one")
		from, _ := h.begun(in)
		asked := h.now()
		_, err := h.ledger.Transfer(h.Context(), inbox.TransferCmd{Conversation: inbox.ConversationID(from), Actor: "system", ToQueue: "sales", ToAgent: marco})
		h.ok(err)
		h.assign(from, marco)
		h.pass(time.Hour)
		second := h.mail("two")
		into, _ := h.begun(second)
		h.pass(time.Minute)
		h.mustAnswer(into, second)
		h.pass(time.Minute)
		if v := h.merge(from, into); !v.WaitingSince.Equal(asked) {
			t.Fatal(v.WaitingSince)
		}
		h.pass(time.Minute)
		after := h.accept(reply(h, in, "after the merge"))
		v := h.split(from)
		if v.State != inbox.Waiting || v.Queue != "sales" || v.Sticky != marco || v.MergedInto != "" || !v.MergedAt.IsZero() || v.Disposition != "" || !v.WaitingSince.Equal(asked) {
			t.Errorf("%+v", v)
		}
		if typ, ch := h.last(from); typ != journal.Split || string(ch.Related.ID) != into {
			t.Errorf("%s %+v", typ, ch)
		}
		typ, ch := h.last(into)
		if got := h.conversation(into); typ != journal.Parted || string(ch.Related.ID) != from || !got.WaitingSince.Equal(h.now()) || got.Preview != "after the merge" || got.State != inbox.Assigned {
			t.Errorf("%s %+v %+v", typ, ch, got)
		}
		if m := h.message(inbox.MessageID(after.Message)); string(m.Conversation) != into {
			t.Error("what came after the merge was moved")
		}
		if got := h.accept(reply(h, in, "after all")); got.Conversation != from {
			t.Error("after the merge was undone its mails go elsewhere")
		}
		if again := h.split(from); again.LastSeq != h.conversation(from).LastSeq || again.State != inbox.Waiting {
			t.Errorf("%+v", again)
		}
	})
}

// E-24: an answer given after the merge counts for both when it is undone, one that was closed before stays closed, and what was merged
// on further is split from where it went on. After 30 days nothing is undone.
func TestE24SplitLater(t *testing.T) {
	houses(t, func(h *house) {
		in := h.mail("one")
		from, middle := h.accept(in).Conversation, h.accept(h.mail("two")).Conversation
		closed := h.accept(h.mail("closed")).Conversation
		_, err := h.ledger.Close(h.Context(), inbox.CloseCmd{Conversation: inbox.ConversationID(closed), Actor: "system", Disposition: "resolved"})
		h.ok(err)
		end, third := h.begun(h.mail("three"))
		h.merge(from, middle)
		h.merge(middle, end)
		h.merge(closed, end)
		h.pass(time.Hour)
		h.mustAnswer(end, third)
		h.pass(time.Hour)
		if v := h.split(from); !v.WaitingSince.IsZero() || v.State != inbox.New {
			t.Errorf("it was answered: %+v", v)
		}
		if _, ch := h.last(from); string(ch.Related.ID) != middle {
			t.Errorf("%+v", ch)
		}
		if typ, _ := h.last(end); typ != journal.Parted {
			t.Errorf("where it went on is told %s", typ)
		}
		if v := h.split(closed); v.State != inbox.Closed || v.Disposition != "resolved" || v.MergedInto != "" {
			t.Errorf("%+v", v)
		}
		h.pass(inbox.SplitWithin - 2*time.Hour)
		h.split(middle)
		h.merge(middle, end)
		h.pass(inbox.SplitWithin + time.Hour)
		if _, err := h.ledger.Split(h.Context(), inbox.SplitCmd{Conversation: inbox.ConversationID(middle), Agent: marco}); !errors.Is(err, inbox.ErrFinal) {
			t.Error(err)
		}
		if v := h.conversation(middle); string(v.MergedInto) != end {
			t.Errorf("%+v", v)
		}
	})
}
