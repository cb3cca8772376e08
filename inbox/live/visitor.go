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

// State says whether one visitor is here, and when he left.
func (v Visitors) State(ctx context.Context, k VisitorKey) (VisitorState, error) {
	s, err := v.States(ctx, []VisitorKey{k})
	if err != nil {
		return VisitorState{}, err
	}
	return s[0], nil
}

// States says it for each key, in their order.
func (v Visitors) States(ctx context.Context, keys []VisitorKey) ([]VisitorState, error) {
	now, states := v.in.now(), make([]VisitorState, len(keys))
	if len(keys) == 0 {
		return states, nil
	}
	names := make([]string, len(keys))
	for i, k := range keys {
		names[i] = v.key(k)
	}
	ends, err := v.in.rdb.MGet(ctx, names...).Result()
	if err != nil && !errors.Is(err, redis.Nil) {
		return nil, fmt.Errorf("live visitors: %w", err)
	}
	for i, e := range ends {
		end := timeOf(text(e))
		if states[i].Present = end.After(now) && !end.After(now.Add(longestHere)); !states[i].Present {
			if states[i].LeftAt = end; end.After(now) {
				states[i].LeftAt = now.UTC().Truncate(time.Millisecond)
			}
		}
	}
	return states, nil
}
