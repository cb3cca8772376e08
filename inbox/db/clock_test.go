package db_test

import (
	"context"
	"io"
	"log/slog"
	"sync/atomic"
	"testing"
	"time"

	"sportello/inbox/db"
	"sportello/inbox/inboxtest"
)

// On PostgreSQL this machine's clock counts for nothing. On SQLite it is the only one: the clock follows it when it is set, either way,
// and says so.
func TestN15ClockOfTheRecord(t *testing.T) {
	inboxtest.Databases(t, func(t *testing.T, d *db.DB) {
		var ahead atomic.Int64
		wall := func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) }
		ahead.Store(int64(-time.Hour))
		clock, err := d.NewClock(t.Context(), wall)
		if err != nil {
			t.Fatal(err)
		}
		steps := make(chan time.Duration, 8)
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan error)
		go func() {
			done <- clock.Run(ctx, slog.New(slog.NewTextHandler(io.Discard, nil)), func(_ context.Context, by time.Duration) { steps <- by })
		}()
		for _, off := range []time.Duration{-time.Hour, time.Hour, 0} {
			was := time.Duration(ahead.Swap(int64(off)))
			want, set := time.Duration(0), off-was
			if d.Dialect == db.SQLite {
				want = off
				if set != 0 {
					if by := <-steps; (by - set).Abs() > 100*time.Millisecond {
						t.Errorf("the clock was set by %s and followed by %s", set, by)
					}
				}
			}
			if is := clock.Now().Sub(time.Now()); (is - want).Abs() > 2*time.Second {
				t.Errorf("with this machine's clock off by %s the record's is off by %s", off, is)
			}
		}
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
		if len(steps) > 0 {
			t.Errorf("the clock was said to be set by %s", <-steps)
		}
	})
}
