package router

import (
	"context"
	"errors"
	"fmt"
	"time"

	"sportello/inbox"
)

const (
	placeAtOnce = 200              // new conversations read at a time
	placedFor   = 10 * time.Second // how long the feed may lag behind the record before a placing is tried again
)

// place sends new conversations to their queues that the ledger has not placed when they began (Placer): those of before the first rules,
// what colleagues wrote elsewhere, reopened ones. Two nodes may try the same one: the ledger takes the first.
func (r *Router) place(ctx context.Context) error {
	now := r.now()
	for id, at := range r.placed {
		if now.Sub(at).Abs() > placedFor {
			delete(r.placed, id)
		}
	}
	fresh, err := r.live.Placeable(ctx, placeAtOnce)
	if err != nil {
		return fmt.Errorf("new conversations: %w", err)
	}
	var failed error
	for _, c := range fresh {
		if _, done := r.placed[c.ID]; done {
			continue
		}
		if err := r.placeOne(ctx, c, now); err != nil {
			failed = errors.Join(failed, err) // the others must not wait for this one
			continue
		}
		r.placed[c.ID] = now
	}
	return failed
}

// placeOne decides on the conversation as the record has it, and places it only while it is new: another node may have placed it, by
// rules that this node goes by no longer, and what is placed is not moved silently (S5).
func (r *Router) placeOne(ctx context.Context, c inbox.Conversation, now time.Time) error {
	c, err := r.ledger.Conversation(ctx, c.ID)
	if err != nil {
		return fmt.Errorf("place: %w", err)
	}
	if c.State != inbox.New {
		return nil
	}
	rules := r.InForce()
	cmd, ok := placing(rules, c, now, r.cfg.Zone, r.log)
	if !ok {
		return fmt.Errorf("place %s: no rule of version %d matches", c.ID, rules.Version)
	}
	_, err = r.ledger.Place(ctx, cmd)
	if raced(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("place %s: %w", c.ID, err)
	}
	r.log.Info("conversation queued", "conversation", c.ID, "queue", cmd.Queue, "why", Sentence(cmd.Decision, "en"))
	return nil
}

// raced reports whether the record refused because somebody else was first: nothing is wrong and nothing is to be done.
func raced(err error) bool {
	var refused inbox.Refused
	return errors.As(err, &refused)
}
