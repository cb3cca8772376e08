package inboxtest

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// Until polls until ok, and fails the test when that is not so within 20 seconds: what names what was waited for.
func Until(t testing.TB, what string, ok func() bool) {
	t.Helper()
	deadline := time.NewTimer(20 * time.Second)
	defer deadline.Stop()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-deadline.C:
			t.Fatal("in vain: " + what)
		case <-tick.C:
		}
	}
}

// Background runs something until stop is called or the test ends, and waits for it. An error of it fails the test.
func Background(t testing.TB, run func(context.Context) error) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	var done sync.WaitGroup
	done.Go(func() {
		if err := run(ctx); err != nil {
			t.Error(err)
		}
	})
	stop = func() { cancel(); done.Wait() }
	t.Cleanup(stop)
	return stop
}

// Clock is a clock that a test moves; besides, it runs. The zero value shows the machine's time. It is safe for concurrent use.
type Clock struct {
	ahead atomic.Int64 // ns
}

// Now is the clock's time.
func (c *Clock) Now() time.Time { return time.Now().Add(time.Duration(c.ahead.Load())) }

// Move puts the clock ahead by d, or back when d is negative.
func (c *Clock) Move(d time.Duration) { c.ahead.Add(int64(d)) }
