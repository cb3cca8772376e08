package live

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"

	"sportello/channels"
)

const (
	leftMemory  = 24 * time.Hour   // how long it is known when a visitor left
	longestHere = 10 * time.Minute // no lease is longer: one that ends later was written before the clock was set back
)

// Visitors knows which visitors of the website are connected, over all nodes. It is the Presence of the chat adapter. Unlike the
// inbox it has no epoch: after a flush it fills again with the next heartbeats.
type Visitors struct{ in *Inbox }

// Visitors are those of this inbox' Redis.
func (in *Inbox) Visitors() Visitors { return Visitors{in} }

// VisitorKey names a visitor of a chat account.
type VisitorKey struct {
	Account channels.AccountID
	Visitor string
}

// VisitorState says whether a visitor is here.
type VisitorState struct {
	Present bool
	LeftAt  time.Time // zero while present, or when he was not here within a day
}

// key holds the end of the visitor's lease in milliseconds; once past, that is when he left.
func (v Visitors) key(k VisitorKey) string {
	return v.in.key("visitor:" + string(k.Account) + ":" + k.Visitor)
}

// Here says that a visitor is connected, for ttl, ten minutes at most.
func (v Visitors) Here(ctx context.Context, account channels.AccountID, visitor string, ttl time.Duration) error {
	return v.set(ctx, VisitorKey{account, visitor}, v.in.now().Add(min(ttl, longestHere)), ttl+leftMemory)
}

// Gone says that a visitor left now.
func (v Visitors) Gone(ctx context.Context, account channels.AccountID, visitor string) error {
	return v.set(ctx, VisitorKey{account, visitor}, v.in.now(), leftMemory)
}

func (v Visitors) set(ctx context.Context, k VisitorKey, end time.Time, keep time.Duration) error {
	if err := v.in.rdb.Set(ctx, v.key(k), milli(end), keep).Err(); err != nil {
		return fmt.Errorf("live visitor: %w", err)
	}
	return nil
}

// Present reports whether a visitor is connected.
func (v Visitors) Present(ctx context.Context, account channels.AccountID, visitor string) (bool, error) {
	s, err := v.State(ctx, VisitorKey{account, visitor})
	return s.Present, err
}

// State says whether one visitor is here, and when he left. Those who ask at the same time share the question.
func (v Visitors) State(ctx context.Context, k VisitorKey) (VisitorState, error) {
	s, _, err := v.in.seen.Get(ctx, k)
	if err != nil {
		return VisitorState{}, fmt.Errorf("live visitor: %w", err)
	}
	return s, nil
}

// States says it for each key, in their order.
func (v Visitors) States(ctx context.Context, keys []VisitorKey) ([]VisitorState, error) {
	states := make([]VisitorState, len(keys))
	switch len(keys) {
	case 0:
		return states, nil
	case 1:
		s, err := v.State(ctx, keys[0])
		states[0] = s
		return states, err
	}
	found, err := v.find(ctx, keys)
	if err != nil {
		return nil, fmt.Errorf("live visitors: %w", err)
	}
	for i, k := range keys {
		states[i] = found[k]
	}
	return states, nil
}

// find says it for several visitors.
func (v Visitors) find(ctx context.Context, keys []VisitorKey) (map[VisitorKey]VisitorState, error) {
	now, states := v.in.now(), make(map[VisitorKey]VisitorState, len(keys))
	names := make([]string, len(keys))
	for i, k := range keys {
		names[i] = v.key(k)
	}
	ends, err := v.in.rdb.MGet(ctx, names...).Result()
	if err != nil && !errors.Is(err, redis.Nil) {
		return nil, err
	}
	for i, e := range ends {
		var s VisitorState
		end := timeOf(text(e))
		if s.Present = end.After(now) && !end.After(now.Add(longestHere)); !s.Present {
			if s.LeftAt = end; end.After(now) {
				s.LeftAt = now.UTC().Truncate(time.Millisecond)
			}
		}
		states[keys[i]] = s
	}
	return states, nil
}
