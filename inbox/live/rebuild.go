package live

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"

	"sportello/inbox"
)

const (
	rebuildLease = 10 * time.Second
	rebuildBatch = 200
)

// Source is where the open conversations are read from; *inbox.Ledger is one. Open must read what was committed before the call.
type Source interface {
	Open(ctx context.Context, each func(inbox.Conversation) error) error
}

// Rebuild writes the live inbox anew from the record, under a new epoch that readers see only when it is complete; until then they
// hear ErrNoEpoch. Conversations wait with their original clock. Offers and presences are gone: agents are announced again by their
// hubs. Events that are still to be relayed and are contained in what was read are passed over by Apply.
// Of several rebuilds at the same time one works, and the others return when it has.
func (in *Inbox) Rebuild(ctx context.Context, from Source) error {
	epoch, err := in.epoch(ctx)
	if err != nil {
		return err
	}
	return in.rebuild(ctx, from, epoch)
}

// epoch is the current epoch, or "".
func (in *Inbox) epoch(ctx context.Context) (string, error) {
	epoch, err := in.rdb.Get(ctx, in.key("epoch")).Result()
	if err != nil && !errors.Is(err, redis.Nil) {
		return "", fmt.Errorf("live epoch: %w", err)
	}
	return epoch, nil
}

// rebuild replaces an epoch ("": there is none), unless somebody else has.
func (in *Inbox) rebuild(ctx context.Context, from Source, old string) error {
	err := in.Hold(ctx, "rebuild", newID(), rebuildLease, func(ctx context.Context, token int64) error {
		keys, epoch, server := []string{in.key("epoch")}, newID(), in.info(ctx, "server")["run_id"]
		if _, err := in.call(ctx, luaBegin, keys, token, old, epoch); err != nil {
			return err
		}
		begun := time.Now()
		n, err := in.build(ctx, from, epoch, token)
		if err != nil {
			return err
		}
		if _, err := in.call(ctx, luaCommit, keys, token, epoch, server); err != nil {
			return err
		}
		in.o.Log.Info("the live inbox was rebuilt", "epoch", epoch, "conversations", n, "took", time.Since(begun))
		if _, err := in.call(ctx, luaDrop, keys); err != nil {
			in.o.Log.Warn("an old epoch could not be dropped; the next rebuild will", "err", err)
		}
		return in.Publish(ctx, topicRelay, nil)
	})
	if errors.Is(err, errDone) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("rebuild: %w", err)
	}
	return nil
}

// build writes the open conversations into a new epoch and counts them.
func (in *Inbox) build(ctx context.Context, from Source, epoch string, token int64) (n int, err error) {
	args := []any{token}
	flush := func() error {
		if len(args) == 1 {
			return nil
		}
		_, err := in.runIn(ctx, luaBuild, in.now(), epoch, args...)
		args = args[:1]
		return err
	}
	err = from.Open(ctx, func(c inbox.Conversation) error {
		if c.State == inbox.Closed {
			return nil
		}
		j, err := json.Marshal(c)
		if err != nil {
			return fmt.Errorf("conversation %s: %w", c.ID, err)
		}
		n++
		args = append(args, string(c.ID), c.LastSeq, string(c.State), string(c.Queue), milli(clock(c)), assignee(c),
			string(KindOf(c)), j)
		if n%rebuildBatch == 0 {
			return flush()
		}
		return nil
	})
	if err != nil {
		return n, err
	}
	return n, flush()
}
