package live

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"

	"sportello/inbox"
	"sportello/inbox/journal"
)

// BehindError is ErrBehind with the streams that have gaps.
type BehindError struct{ Streams []Behind }

// Behind says that the events between Have and Want of a stream are missing. Have 0: nothing is known of it.
type Behind struct {
	Stream     journal.Stream
	Have, Want int64
}

// Error counts the streams.
func (e *BehindError) Error() string {
	return fmt.Sprintf("%v (%d streams)", ErrBehind, len(e.Streams))
}

// Unwrap returns ErrBehind.
func (e *BehindError) Unwrap() error { return ErrBehind }

// Apply projects events, each stream in order, and appends them to the feed, all in one step. An event that was applied before is
// passed over. An event that came too early is left out, like those of its stream after it, and named in a *BehindError; the others
// are applied all the same. A conversation that is not known is taken from its first event only.
func (in *Inbox) Apply(ctx context.Context, events []journal.Event) (applied int, err error) {
	return in.apply(ctx, events, 0, false)
}

// apply is Apply under a fencing token (0: none). With asTheyStand a stream with a gap is taken from what is there: an event says
// what its conversation is after it, so that only entries of the feed are missing.
func (in *Inbox) apply(ctx context.Context, events []journal.Event, token int64, asTheyStand bool) (int, error) {
	if len(events) == 0 {
		return 0, nil
	}
	fence, adopt := "", "0"
	if token != 0 {
		fence = strconv.FormatInt(token, 10)
	}
	if asTheyStand {
		adopt = "1"
	}
	args := append(make([]any, 0, 2+12*len(events)), fence, adopt)
	for _, e := range events {
		row, err := in.row(e)
		if err != nil {
			return 0, err
		}
		args = append(args, row...)
	}
	out, err := in.run(ctx, luaApply, in.now(), args...)
	if err != nil {
		return 0, err
	}
	n, _ := strconv.Atoi(text(out[0]))
	return n, behind(out[1:])
}

// row is one event as apply.lua takes it. An event whose data cannot be read must not stop the others: it goes into the feed and changes
// no state. What is no JSON goes without its data, for no console could read the entry, or what follows it.
func (in *Inbox) row(e journal.Event) ([]any, error) {
	if e.Value() == nil && !json.Valid(e.Data) {
		in.o.Log.Error("an event of the journal is no JSON", "stream", e.Stream, "seq", e.Seq)
		e.Data = json.RawMessage("null")
	}
	event, err := e.JSON()
	if err != nil {
		return nil, fmt.Errorf("apply: %w", err)
	}
	id := e.Stream.Conversation()
	if id == "" {
		return []any{string(e.Stream), e.Seq, string(e.Type), "", "", "", 0, "", "", "", "", event}, nil
	}
	ch, ok := e.Value().(inbox.Change)
	if !ok {
		err = json.Unmarshal(e.Data, &ch)
	}
	if err != nil || string(ch.Conversation.ID) != id || ch.Conversation.State == "" {
		in.o.Log.Error("an event of the journal cannot be read", "stream", e.Stream, "seq", e.Seq, "err", err)
		return []any{string(e.Stream), e.Seq, string(e.Type), id, "", "", 0, "", "", "", "", event}, nil
	}
	c := ch.Conversation
	c.LastSeq = e.Seq
	conversation, err := json.Marshal(c)
	if err != nil {
		return nil, fmt.Errorf("apply %s/%d: %w", e.Stream, e.Seq, err)
	}
	return []any{
		string(e.Stream), e.Seq, string(e.Type), id, string(c.State), string(c.Queue), milli(clock(c)), assignee(c),
		string(ch.From), string(KindOf(c)), conversation, event,
	}, nil
}

// assignee is who works on a conversation now.
func assignee(c inbox.Conversation) string {
	if c.State != inbox.Assigned {
		return ""
	}
	return string(c.Assignee)
}

func behind(out []any) error {
	if len(out) == 0 {
		return nil
	}
	e, seen := &BehindError{}, map[string]bool{}
	for i := 0; i+2 < len(out); i += 3 {
		stream := text(out[i])
		if seen[stream] {
			continue
		}
		seen[stream] = true
		have, _ := strconv.ParseInt(text(out[i+1]), 10, 64)
		want, _ := strconv.ParseInt(text(out[i+2]), 10, 64)
		e.Streams = append(e.Streams, Behind{journal.Stream(stream), have, want})
	}
	return e
}
