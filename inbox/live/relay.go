package live

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"sportello/inbox/journal"
)

const (
	relayLease = 5 * time.Second
	relayBatch = 500
	relayPoll  = time.Second // what a lost wake-up may cost
	topicRelay = "relay"
)

// Journal is what the relay reads; *journal.Journal is one.
type Journal interface {
	Changed() <-chan struct{} // closed when something may have been appended after the call
	Pending(ctx context.Context, limit int) ([]journal.Event, error)
	Relayed(ctx context.Context, done []journal.Position) error
	Stream(ctx context.Context, s journal.Stream, after int64, limit int) ([]journal.Event, error)
}

// Relay copies committed events from the journal to the live inbox, each stream in order. An event is taken off the journal's list
// only after it was applied; repeated, it changes nothing. Every node runs one: the one that has the lease works, and the others
// wake it when something was committed on their side. What a relay writes carries its fencing token, so that one which was paused
// and lost the lease writes nothing.
type Relay struct {
	journal Journal
	in      *Inbox
	log     *slog.Logger
	leading atomic.Bool
	failing once
}

// NewRelay makes the relay of this node.
func NewRelay(j Journal, in *Inbox, log *slog.Logger) *Relay {
	return &Relay{journal: j, in: in, log: log}
}

// Run relays until ctx ends; then it returns nil. While Redis or the record cannot be reached it tries again and again.
func (r *Relay) Run(ctx context.Context) error {
	var waker sync.WaitGroup
	waker.Go(func() { r.wakeOthers(ctx) })
	defer waker.Wait()
	holder := newID()
	for ctx.Err() == nil {
		err := r.in.Hold(ctx, "relay", holder, relayLease, r.lead)
		if ctx.Err() == nil {
			if r.failing.isNew(err) {
				r.log.Warn("the relay stopped and will try again", "err", err)
			}
			pause(ctx, 200*time.Millisecond)
		}
	}
	return nil
}

// wakeOthers tells the node that has the lease of what was committed here.
func (r *Relay) wakeOthers(ctx context.Context) {
	changed := r.journal.Changed()
	for {
		select {
		case <-ctx.Done():
			return
		case <-changed:
		}
		changed = r.journal.Changed()
		if r.leading.Load() {
			continue
		}
		if err := r.in.Publish(ctx, topicRelay, nil); err != nil {
			r.log.Debug("the relay could not be woken; it polls", "err", err)
		}
	}
}

// lead relays while the lease is held.
func (r *Relay) lead(ctx context.Context, token int64) error {
	r.leading.Store(true)
	defer r.leading.Store(false)
	wake := make(chan struct{}, 1)
	cancel, err := r.in.Subscribe(ctx, topicRelay, func([]byte) {
		select {
		case wake <- struct{}{}:
		default:
		}
	})
	if err != nil {
		return err
	}
	defer cancel()
	for {
		changed := r.journal.Changed()
		full, err := r.pass(ctx, token)
		if ctx.Err() != nil || errors.Is(err, ErrLeaseLost) {
			return err
		}
		if full && err == nil {
			continue
		}
		if r.failing.isNew(err) {
			r.log.Warn("events wait to be relayed", "err", err)
		}
		if err != nil {
			pause(ctx, 100*time.Millisecond)
			continue
		}
		r.wait(ctx, changed, wake)
	}
}

func (r *Relay) wait(ctx context.Context, changed, wake <-chan struct{}) {
	poll := time.NewTimer(relayPoll)
	defer poll.Stop()
	select {
	case <-ctx.Done():
	case <-changed:
	case <-wake:
	case <-poll.C:
	}
}

// pass relays one batch and reports whether there may be more.
func (r *Relay) pass(ctx context.Context, token int64) (full bool, err error) {
	events, err := r.journal.Pending(ctx, relayBatch)
	if err != nil || len(events) == 0 {
		return false, err
	}
	_, err = r.in.apply(ctx, rows(events), token, false)
	var behind *BehindError
	if errors.As(err, &behind) {
		err = r.catchUp(ctx, token, events, behind)
	}
	if err != nil {
		return false, err
	}
	done := make([]journal.Position, len(events))
	for i, e := range events {
		done[i] = journal.Position{Stream: e.Stream, Seq: e.Seq}
	}
	return len(events) == relayBatch, r.journal.Relayed(ctx, done)
}

// catchUp applies the streams that have gaps. Of a stream that is known the missing events are read from the journal. One that is not
// known was closed long ago, or before a rebuild: what came before has been relayed then, and it is taken as it stands.
func (r *Relay) catchUp(ctx context.Context, token int64, events []journal.Event, behind *BehindError) error {
	for _, b := range behind.Streams {
		var of []journal.Event
		for from := b.Have; from > 0 && from < b.Want-1; {
			missing, err := r.journal.Stream(ctx, b.Stream, from, relayBatch)
			if err != nil {
				return err
			}
			if len(missing) == 0 {
				break
			}
			of, from = append(of, missing...), missing[len(missing)-1].Seq
		}
		for _, e := range events {
			if e.Stream == b.Stream {
				of = append(of, e)
			}
		}
		if _, err := r.in.apply(ctx, of, token, true); err != nil {
			return err
		}
	}
	return nil
}
