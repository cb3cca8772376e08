package live

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"sportello/channels/pause"
	"sportello/inbox/journal"
)

const (
	relayLease = 5 * time.Second
	relayBatch = 500
	relayPoll  = time.Second // what a lost wake-up may cost
	topicRelay = "relay"
	// strikeEvery is how long an applied event may stay on the list. Whoever leads next applies it again, to no effect.
	strikeEvery = 100 * time.Millisecond
)

// Journal is what the relay reads; *journal.Journal is one.
type Journal interface {
	Changed() <-chan struct{} // closed when something may have been appended after the call
	Fresh() (events []journal.Event, lost bool)
	Pending(ctx context.Context, limit int) ([]journal.Event, error)
	Relayed(ctx context.Context, done []journal.Position) error
	Stream(ctx context.Context, s journal.Stream, after int64, limit int) ([]journal.Event, error)
}

// Relay copies committed events from the journal to the live inbox, each stream in order. An event is taken off the journal's list
// only after it was applied, and a while later, many at once; repeated, it changes nothing. Every node runs one: the one that has the
// lease works, and the others wake it when something was committed on their side. What a relay writes carries its fencing token, so that
// one which was paused and lost the lease writes nothing.
//
// What its own process commits the relay has from memory (Fresh), and reads nothing. The list is read for what others committed: when
// they wake it, and every second.
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
			pause.For(ctx, 200*time.Millisecond)
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
		r.journal.Fresh() // they are read from the record there
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
	t := &tenure{Relay: r, token: token}
	var striking sync.WaitGroup
	over, end := context.WithCancel(ctx)
	striking.Go(func() { t.strike(over) })
	defer striking.Wait()
	defer end()
	return t.work(ctx, wake)
}

// tenure is the time for which a relay leads.
type tenure struct {
	*Relay
	token  int64
	looked time.Time // the list was read up to its end
	done   struct {
		sync.Mutex
		all []journal.Position // applied, and still on the list
	}
}

// work relays until it may or can no more.
func (t *tenure) work(ctx context.Context, wake <-chan struct{}) error {
	look := true
	for {
		changed := t.journal.Changed()
		err := t.take(ctx, look)
		if ctx.Err() != nil || errors.Is(err, ErrLeaseLost) {
			return err
		}
		if t.failing.isNew(err) {
			t.log.Warn("events wait to be relayed", "err", err)
		}
		if look = err != nil; look {
			pause.For(ctx, 100*time.Millisecond)
			continue
		}
		poll := time.NewTimer(relayPoll - time.Since(t.looked))
		select {
		case <-ctx.Done():
		case <-changed:
		case <-wake:
			look = true
		case <-poll.C:
			look = true
		}
		poll.Stop()
	}
}

// take relays what this process has committed, or, if it is time to look, everything on the list, where that is too. An event that comes
// before its predecessor, which another process committed or is about to tell, calls for a look.
func (t *tenure) take(ctx context.Context, look bool) error {
	events, lost := t.journal.Fresh()
	if !look && !lost && time.Since(t.looked) < relayPoll {
		err := t.relay(ctx, events)
		if !errors.Is(err, ErrBehind) {
			return err
		}
	}
	for {
		begun := time.Now()
		if err := t.strikeOff(ctx); err != nil {
			return err
		}
		listed, err := t.journal.Pending(ctx, relayBatch)
		if err != nil {
			return err
		}
		err = t.relay(ctx, listed)
		var behind *BehindError
		if errors.As(err, &behind) {
			if err = t.catchUp(ctx, t.token, listed, behind); err == nil {
				t.applied(listed)
			}
		}
		if err != nil {
			return err
		}
		if len(listed) < relayBatch {
			t.looked = begun
			return nil
		}
	}
}

// relay applies events.
func (t *tenure) relay(ctx context.Context, events []journal.Event) error {
	for batch := range slices.Chunk(events, relayBatch) {
		if _, err := t.in.apply(ctx, rows(batch), t.token, false); err != nil {
			return err
		}
		t.applied(batch)
	}
	return nil
}

func (t *tenure) applied(events []journal.Event) {
	t.done.Lock()
	defer t.done.Unlock()
	for _, e := range events {
		t.done.all = append(t.done.all, journal.Position{Stream: e.Stream, Seq: e.Seq})
	}
}

// strike takes off the list what was applied, from time to time and at the end.
func (t *tenure) strike(ctx context.Context) {
	tick := time.NewTicker(strikeEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
			defer cancel()
			t.strikeOff(last) //nolint:errcheck // the next one who leads finds them applied
			return
		case <-tick.C:
		}
		if err := t.strikeOff(ctx); err != nil && ctx.Err() == nil {
			t.log.Debug("relayed events stay on the list for now", "err", err)
		}
	}
}

// strikeOff takes off the list what was applied.
func (t *tenure) strikeOff(ctx context.Context) error {
	t.done.Lock()
	all := t.done.all
	t.done.all = nil
	t.done.Unlock()
	err := t.journal.Relayed(ctx, all)
	if err != nil {
		t.done.Lock()
		t.done.all = append(all, t.done.all...)
		t.done.Unlock()
	}
	return err
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
