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

// place sends new conversations to their queues. Two nodes may try the same one: the ledger takes the first.
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
	out := Evaluate(rules, FactsOf(c, now, r.cfg.Zone))
	for _, f := range out.Failed {
		r.log.Warn("a rule could not be evaluated", "version", rules.Version, "rule", f.Index, "conversation", c.ID, "error", f.Err)
	}
	if out.Queue == "" {
		return fmt.Errorf("place %s: no rule of version %d matches", c.ID, rules.Version)
	}
	d := out.decision(rules.Version, int64(waited(c, now)/time.Second))
	_, err = r.ledger.Place(ctx, inbox.PlaceCmd{Conversation: c.ID, Queue: out.Queue, Priority: out.Priority, Skills: out.Skills, Decision: d,
		OnlyNew: true})
	if raced(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("place %s: %w", c.ID, err)
	}
	r.log.Info("conversation queued", "conversation", c.ID, "queue", out.Queue, "why", Sentence(d, "en"))
	return nil
}

// raced reports whether the record refused because somebody else was first: nothing is wrong and nothing is to be done.
func raced(err error) bool {
	var refused inbox.Refused
	return errors.As(err, &refused)
}
