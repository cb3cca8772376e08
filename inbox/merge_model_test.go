package inbox_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"sportello/channels"
	"sportello/inbox"
	"sportello/inbox/journal"
)

// fold is what a customer's conversations must be after any merges, undone merges and messages.
type fold struct {
	*house
	who    channels.Address
	first  map[string]channels.Inbound // by conversation: the mail that began it
	into   map[string]string           // where it was merged
	order  []string
	stored map[string]string // message: conversation that it was taken in
}

func (f *fold) end(id string) string {
	for f.into[id] != "" {
		id = f.into[id]
	}
	return id
}

func (f *fold) arrive(r *rapid.T) {
	in := f.mail("words")
	in.From = f.who
	to := rapid.SampledFrom(append([]string{""}, f.order...)).Draw(r, "to")
	if to != "" {
		in.Thread.InReplyTo = []string{f.first[to].Thread.MessageID}
	}
	a := f.accept(in)
	switch {
	case to == "":
		f.first[a.Conversation], f.order = in, append(f.order, a.Conversation)
	case a.Conversation != f.end(to):
		r.Fatalf("for %s it went to %s, want %s", to, a.Conversation, f.end(to))
	}
	f.stored[a.Message] = a.Conversation
}

func (f *fold) join(r *rapid.T) {
	from, to := rapid.SampledFrom(f.order).Draw(r, "from"), rapid.SampledFrom(f.order).Draw(r, "into")
	_, err := f.ledger.Merge(f.Context(), inbox.MergeCmd{Conversation: inbox.ConversationID(from), Into: inbox.ConversationID(to), Agent: marco})
	var refused inbox.Refused
	may := f.into[from] == to || from != to && f.into[to] == "" && f.into[from] == ""
	if err != nil && !errors.As(err, &refused) || (err == nil) != may {
		r.Fatalf("merge %s into %s: %v", from, to, err)
	}
	if may {
		f.into[from] = to
	}
}

func (f *fold) part(r *rapid.T) {
	id := rapid.SampledFrom(f.order).Draw(r, "split")
	f.split(id)
	delete(f.into, id)
}

// holds compares the record with what must be.
func (f *fold) holds(r *rapid.T) {
	seen := map[string]bool{}
	var cursor journal.Cursor
	for {
		page, next, err := f.ledger.MessagesByCustomer(f.Context(), f.conversation(f.order[0]).Customer, cursor, 7)
		f.ok(err)
		for _, m := range page {
			if seen[string(m.ID)] || f.stored[string(m.ID)] != string(m.Conversation) {
				r.Fatalf("message %s in %s, shown before: %v", m.ID, m.Conversation, seen[string(m.ID)])
			}
			seen[string(m.ID)] = true
		}
		if cursor = next; cursor.IsZero() {
			break
		}
	}
	if len(seen) != len(f.stored) {
		r.Fatalf("%d messages are shown of %d", len(seen), len(f.stored))
	}
	for _, id := range f.order {
		if v := f.conversation(id); string(v.MergedInto) != f.into[id] || (v.MergedInto != "") != (v.State == inbox.Closed) || v.MergedInto != "" && !v.WaitingSince.IsZero() {
			r.Fatalf("%s: %+v", id, v)
		}
		f.changes(id)
	}
}

// N8: whatever is merged and undone while messages come, every message is shown exactly once, and goes where its conversation goes on.
func TestN8MergesKeepEveryMessageOnce(t *testing.T) {
	houses(t, func(h *house) {
		run := 0
		rapid.Check(t, func(r *rapid.T) {
			run++
			f := &fold{house: h, who: channels.Address{Kind: channels.Email, Value: fmt.Sprintf("anna%d@example.it", run), Name: "Anna"},
				first: map[string]channels.Inbound{}, into: map[string]string{}, stored: map[string]string{}}
			begin := func() {
				in := h.mail("first")
				in.From = f.who
				a := h.accept(in)
				f.first[a.Conversation], f.order, f.stored[a.Message] = in, append(f.order, a.Conversation), a.Conversation
			}
			begin()
			begin()
			for range rapid.IntRange(4, 12).Draw(r, "steps") {
				h.pass(time.Second)
				step := []func(*rapid.T){f.arrive, f.join, f.join, f.part}[rapid.IntRange(0, 3).Draw(r, "step")]
				step(r)
			}
			f.holds(r)
		})
	})
}
