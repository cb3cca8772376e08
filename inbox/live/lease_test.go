package live

import (
	"context"
	"errors"
	"testing"
	"time"

	"sportello/channels/pause"
	"sportello/inbox"
	"sportello/inbox/inboxtest"
	"sportello/inbox/journal"
)

func TestLeaseHasOneHolderAndGrowingTokens(t *testing.T) {
	onBoth(t, func(t *testing.T, d *desk) {
		lease := func(holder string) (int64, bool) {
			t.Helper()
			token, ok, err := d.Lease(t.Context(), "job", holder, time.Minute)
			if err != nil {
				t.Fatal(err)
			}
			return token, ok
		}
		first, ok := lease("a")
		if again, same := lease("a"); !ok || !same || again != first {
			t.Fatalf("renewed %d, %v; had %d, %v", again, same, first, ok)
		}
		if _, ok := lease("b"); ok {
			t.Fatal("two holders")
		}
		if err := d.Release(t.Context(), "job", "b"); err != nil {
			t.Fatal(err)
		}
		if _, ok := lease("b"); ok {
			t.Fatal("released by another")
		}
		if err := d.Release(t.Context(), "job", "a"); err != nil {
			t.Fatal(err)
		}
		second, ok := lease("b")
		if !ok || second <= first {
			t.Fatalf("token %d after %d", second, first)
		}
		d.clock.move(time.Second)
		if err := d.rdb.FlushAll(t.Context()).Err(); err != nil {
			t.Fatal(err)
		}
		if third, ok := lease("a"); !ok || third <= second {
			t.Fatalf("after a flush: token %d after %d", third, second)
		}
	})
}

func TestLeaseLapsesByTheClock(t *testing.T) {
	onBoth(t, func(t *testing.T, d *desk) {
		if _, ok, err := d.Lease(t.Context(), "job", "a", 50*time.Millisecond); err != nil || !ok {
			t.Fatal(ok, err)
		}
		eventually(t, "the lease lapses", 5*time.Second, func() bool {
			_, ok, err := d.Lease(t.Context(), "job", "b", time.Minute)
			return err == nil && ok
		})
	})
}

func TestHoldRunsOneAfterTheOther(t *testing.T) {
	onBoth(t, func(t *testing.T, d *desk) {
		inside, done := make(chan struct{}, 1), make(chan error, 3)
		for _, holder := range []string{"a", "b", "c"} {
			go func() {
				done <- d.Hold(t.Context(), "job", holder, 300*time.Millisecond, func(ctx context.Context, _ int64) error {
					select {
					case inside <- struct{}{}:
					default:
						t.Error("two at once")
					}
					pause.For(ctx, 400*time.Millisecond) // longer than the lease: it must be renewed
					<-inside
					return ctx.Err()
				})
			}()
		}
		for range 3 {
			if err := <-done; err != nil {
				t.Error(err)
			}
		}
	})
}

func TestHoldEndsWhenTheLeaseIsLost(t *testing.T) {
	onBoth(t, func(t *testing.T, d *desk) {
		err := d.Hold(t.Context(), "job", "a", 150*time.Millisecond, func(ctx context.Context, _ int64) error {
			if err := d.rdb.FlushAll(ctx).Err(); err != nil {
				return err
			}
			if _, ok, err := d.Lease(ctx, "job", "b", time.Minute); err != nil || !ok {
				t.Error(ok, err)
			}
			<-ctx.Done()
			if !errors.Is(context.Cause(ctx), ErrLeaseLost) {
				t.Errorf("cause %v", context.Cause(ctx))
			}
			return nil
		})
		if !errors.Is(err, ErrLeaseLost) {
			t.Fatalf("got %v", err)
		}
	})
}

func TestHoldTellsThatRedisIsAway(t *testing.T) {
	addr, stop, err := Embedded(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	d := openAt(t, addr)
	stop()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	if err := d.Hold(ctx, "job", "a", time.Second, func(context.Context, int64) error { return nil }); err == nil {
		t.Fatal("no error")
	}
}

// A relay that was paused and lost the lease cannot write (fencing).
func TestAPausedRelayWritesNothing(t *testing.T) {
	inboxtest.Redises(t, func(t *testing.T, addr string) {
		d := built(t, addr)
		old, _, err := d.Lease(t.Context(), "relay", "paused", time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		if err := d.Release(t.Context(), "relay", "paused"); err != nil {
			t.Fatal(err)
		}
		e := []journal.Event{d.event(chat(1), journal.Opened)}
		if _, err := d.apply(t.Context(), e, old, false); !errors.Is(err, ErrLeaseLost) {
			t.Fatalf("without a holder: %v", err)
		}
		token, _, err := d.Lease(t.Context(), "relay", "next", time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := d.apply(t.Context(), e, old, false); !errors.Is(err, ErrLeaseLost) {
			t.Fatalf("after another: %v", err)
		}
		if n, err := d.apply(t.Context(), e, token, false); err != nil || n != 1 {
			t.Fatalf("the holder: %d, %v", n, err)
		}
		if got, err := d.Conversations(t.Context(), []inbox.ConversationID{"c001"}); err != nil || len(got) != 1 {
			t.Fatalf("%v, %v", got, err)
		}
	})
}
