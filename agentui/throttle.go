package agentui

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"sportello/inbox/live"
)

// The bounds of sign-in: so many failures of one address from one place, and of one place with any address, before it must wait.
const (
	failuresPerAddress = 5
	failuresPerPlace   = 50
	forgiveAfter       = 15 * time.Minute
	throttled          = 50_000 // counters that a gateway keeps at most
	countWithin        = 2 * time.Second
)

// throttle bounds failed sign-ins. A try is counted before its password is looked at, so that many at once are no more than one after the
// other, and taken back when it was no failure. All gateways count together in Redis, and each by itself too: while Redis cannot be
// reached a gateway's own count holds, so that staff can sign in and a guesser gains at most as many tries as there are gateways. It
// is safe for concurrent use.
type throttle struct {
	live *live.Inbox
	log  *slog.Logger
	now  func() time.Time

	mu   sync.Mutex
	here map[string]tries // of this gateway
}

// tries are counted from the first one on, and all forgotten together.
type tries struct {
	n     int
	since time.Time
}

func newThrottle(in *live.Inbox, log *slog.Logger, now func() time.Time) *throttle {
	return &throttle{live: in, log: log, now: now, here: map[string]tries{}}
}

// counters are those of an address from a place, and of the place.
func counters(address, place string) []live.Counter {
	return []live.Counter{{Name: "sign-in " + address + "\x00" + place, Most: failuresPerAddress}, {Name: "sign-in " + place, Most: failuresPerPlace}}
}

// try counts a try of this address from this place. It returns how long it must wait instead; 0: it may go on.
func (t *throttle) try(ctx context.Context, address, place string) time.Duration {
	both := counters(address, place)
	if wait := t.tryHere(both); wait > 0 {
		return wait
	}
	ctx, cancel := context.WithTimeout(ctx, countWithin)
	defer cancel()
	wait, err := t.live.Try(ctx, forgiveAfter, both...)
	if err != nil {
		t.log.Warn("sign-ins are counted by this gateway alone", "err", err)
	}
	if wait > 0 {
		t.backHere(both[0].Name, both[1].Name)
	}
	return wait
}

func (t *throttle) tryHere(all []live.Counter) (wait time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.now()
	for _, c := range all {
		f, ok := t.here[c.Name]
		left := forgiveAfter - now.Sub(f.since).Abs() // Abs: the clock may have been set back
		if !ok || left <= 0 {
			t.here[c.Name] = tries{since: now}
		} else if f.n >= c.Most {
			wait = max(wait, left)
		}
	}
	if wait == 0 {
		for _, c := range all {
			f := t.here[c.Name]
			f.n++
			t.here[c.Name] = f
		}
	}
	if len(t.here) > throttled {
		t.sweep(now)
	}
	return wait
}

// sweep forgets what is over, and everything if that is not enough: a flood of addresses must not fill the memory.
func (t *throttle) sweep(now time.Time) {
	for key, f := range t.here {
		if now.Sub(f.since).Abs() >= forgiveAfter {
			delete(t.here, key)
		}
	}
	if len(t.here) > throttled {
		clear(t.here)
	}
}

// passed says that the password was right: what the address failed before is forgotten, and of the place this try is.
func (t *throttle) passed(ctx context.Context, address, place string) {
	both := counters(address, place)
	t.mu.Lock()
	delete(t.here, both[0].Name)
	t.mu.Unlock()
	t.backHere(both[1].Name)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), countWithin)
	defer cancel()
	t.tell(errors.Join(t.live.ForgetTries(ctx, both[0].Name), t.live.Untry(ctx, both[1].Name)))
}

// undecided says that nobody could tell whether the password was right.
func (t *throttle) undecided(ctx context.Context, address, place string) {
	both := counters(address, place)
	t.backHere(both[0].Name, both[1].Name)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), countWithin)
	defer cancel()
	t.tell(t.live.Untry(ctx, both[0].Name, both[1].Name))
}

// backHere takes a try out of each counter of this gateway.
func (t *throttle) backHere(names ...string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, name := range names {
		if f, ok := t.here[name]; ok && f.n > 0 {
			f.n--
			t.here[name] = f
		}
	}
}

func (t *throttle) tell(err error) {
	if err != nil {
		t.log.Debug("a sign-in stays counted", "err", err) // it is forgotten by itself
	}
}
