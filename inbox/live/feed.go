package live

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"sportello/inbox"
)

// The feed is a stream of Redis whose ids are "<offset>-0", one key per epoch. Offsets have no holes: a first entry that is not the
// next one means that the feed was trimmed, and a key of another epoch is never read.

const (
	followBatch = 256
	followBlock = 500 * time.Millisecond // a blocked read is not ended by its context, so this is also how long an end may take
)

// Head is the position of the newest entry.
func (in *Inbox) Head(ctx context.Context) (Position, error) {
	out, err := in.run(ctx, luaHead, in.now())
	if err != nil {
		return Position{}, err
	}
	return position(out), nil
}

// Read returns at most limit entries after a position, and the position to go on from. ErrGap: entries after from are gone, or from is
// of another epoch or not reached yet; the reader must start from a snapshot.
func (in *Inbox) Read(ctx context.Context, from Position, limit int) ([]Entry, Position, error) {
	head, err := in.Head(ctx)
	if err != nil {
		return nil, from, err
	}
	if head.Epoch != from.Epoch || from.Offset > head.Offset || from.Offset < 0 {
		return nil, from, ErrGap
	}
	if from.Offset == head.Offset {
		return nil, from, nil
	}
	msgs, err := in.rdb.XRangeN(ctx, in.feedKey(from.Epoch), id(from.Offset+1), "+", int64(max(limit, 1))).Result()
	if err != nil {
		return nil, from, fmt.Errorf("live read: %w", err)
	}
	if len(msgs) == 0 {
		return nil, from, ErrGap
	}
	return entriesOf(from, msgs)
}

// Follow delivers the entries after a position as they come, in order, until ctx ends: then it returns nil. It returns ErrGap or
// ErrNoEpoch when the reader must start from a snapshot, or the error of Redis, after which it may be called again with the position
// of the last entry delivered. deliver is called by this goroutine and holds it up.
func (in *Inbox) Follow(ctx context.Context, from Position, deliver func([]Entry)) error {
	for caughtUp := false; ; {
		entries, next, err := in.followOnce(ctx, from, caughtUp)
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return err
		}
		if from, caughtUp = next, len(entries) == 0; !caughtUp {
			deliver(entries)
		}
	}
}

// followOnce reads what is there, or waits for it when the reader has caught up.
func (in *Inbox) followOnce(ctx context.Context, from Position, wait bool) ([]Entry, Position, error) {
	if !wait {
		return in.Read(ctx, from, followBatch)
	}
	streams, err := in.tail.XRead(ctx, &redis.XReadArgs{
		Streams: []string{in.feedKey(from.Epoch), id(from.Offset)}, Count: followBatch, Block: followBlock,
	}).Result()
	if errors.Is(err, redis.Nil) || (err == nil && len(streams) == 0) {
		return in.Read(ctx, from, followBatch) // nothing came: is it still this epoch?
	}
	if err != nil {
		return nil, from, fmt.Errorf("live follow: %w", err)
	}
	return entriesOf(from, streams[0].Messages)
}

func (in *Inbox) feedKey(epoch string) string { return in.key(epoch + ":feed") }

func id(offset int64) string { return strconv.FormatInt(offset, 10) + "-0" }

func number(s string) int64 {
	n, _ := strconv.ParseInt(s, 10, 64)
	return n
}

func entriesOf(from Position, msgs []redis.XMessage) ([]Entry, Position, error) {
	entries := make([]Entry, 0, len(msgs))
	at := from
	for _, m := range msgs {
		head, _, _ := strings.Cut(m.ID, "-")
		if number(head) != at.Offset+1 {
			return nil, from, ErrGap
		}
		at.Offset++
		e, err := entryOf(at, m.Values)
		if err != nil {
			return nil, from, err
		}
		entries = append(entries, e)
	}
	return entries, at, nil
}

// entryOf reads the fields that lua/lib.lua wrote: t type, c conversation, a agent, q queue, b queue before, w assignee, f former
// assignee, l for all, s number in its stream, e payload, x conversation of an offer, at.
func entryOf(p Position, v map[string]any) (Entry, error) {
	f := func(name string) string { s, _ := v[name].(string); return s }
	e := Entry{
		Position: p, Type: f("t"), Conversation: inbox.ConversationID(f("c")), Agent: inbox.AgentID(f("a")), At: timeOf(f("at")),
		Seq: number(f("s")),
		Audience: Audience{
			Queue: inbox.QueueID(f("q")), FormerQueue: inbox.QueueID(f("b")), Assignee: inbox.AgentID(f("w")),
			Former: inbox.AgentID(f("f")), All: f("l") != "",
		},
	}
	var payload any
	var err error
	switch e.Type {
	case EntryOffer:
		payload, err = held(f("x"), f("e"))
	case EntryOfferEnd:
		payload, err = endOf(f("e"))
	case EntryAgent:
		payload, err = agentOf(f("e"), e.At)
	default:
		e.Event = json.RawMessage(f("e"))
		return e, nil
	}
	if err == nil {
		e.Event, err = json.Marshal(payload)
	}
	return e, err
}
