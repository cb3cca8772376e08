package agentui

import (
	"sync"
	"time"
)

// The bounds of sign-in: so many failures of one address from one place, and of one place with any address, before it must wait.
const (
	failuresPerAddress = 5
	failuresPerPlace   = 50
	forgiveAfter       = 15 * time.Minute
	throttled          = 50_000 // keys remembered at most
)

// throttle counts failed sign-ins on this gateway. It is safe for concurrent use.
type throttle struct {
	now func() time.Time

	mu     sync.Mutex
	failed map[string]failures
}

// failures are counted from the first one on, and all forgotten together.
type failures struct {
	n     int
	since time.Time
}

func newThrottle(now func() time.Time) *throttle {
	return &throttle{now: now, failed: map[string]failures{}}
}

// wait is how long this address must wait from this place; 0: it may try.
func (t *throttle) wait(address, place string) time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	return max(t.left(address+"\x00"+place, failuresPerAddress), t.left(place, failuresPerPlace))
}

func (t *throttle) left(key string, most int) time.Duration {
	f, ok := t.failed[key]
	left := forgiveAfter - t.now().Sub(f.since)
	if !ok || left <= 0 {
		delete(t.failed, key)
		return 0
	}
	if f.n < most {
		return 0
	}
	return left
}

// fail counts a failure.
func (t *throttle) fail(address, place string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.failed) > throttled {
		t.sweep()
	}
	for _, key := range []string{address + "\x00" + place, place} {
		f := t.failed[key]
		if f.n == 0 {
			f.since = t.now()
		}
		f.n++
		t.failed[key] = f
	}
}

// sweep forgets what is over, and everything if that is not enough: a flood of addresses must not fill the memory.
func (t *throttle) sweep() {
	for key, f := range t.failed {
		if t.now().Sub(f.since) >= forgiveAfter {
			delete(t.failed, key)
		}
	}
	if len(t.failed) > throttled {
		clear(t.failed)
	}
}

// succeed forgets the failures of an address from a place.
func (t *throttle) succeed(address, place string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.failed, address+"\x00"+place)
}
