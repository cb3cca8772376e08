package staging

import (
	"context"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"sportello/inbox/db"
)

// The gateways' clock follows PostgreSQL's when that is set, either way, and says so; a server that died and came back has the same time.
func TestN15ClockOfPostgresIsFollowed(t *testing.T) {
	dir, err := os.MkdirTemp("", "clock") // PostgreSQL passes through it as another user
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	p, err := NewPostgres(t.Context(), filepath.Join(dir, "postgres"), forgetful...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Kill() })
	set := func(ahead time.Duration) {
		t.Helper()
		if err := p.SetClock(t.Context(), ahead); err != nil {
			t.Fatal(err)
		}
	}
	set(0)
	record, err := db.Open(t.Context(), p.URL())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = record.Close() })
	clock, err := record.NewClock(t.Context(), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	steps, done := make(chan time.Duration, 8), make(chan error)
	ctx, stop := context.WithCancel(t.Context())
	go func() {
		done <- clock.Run(ctx, slog.New(slog.NewTextHandler(io.Discard, nil)), func(_ context.Context, by time.Duration) { steps <- by })
	}()
	was := time.Duration(0)
	for _, ahead := range []time.Duration{time.Hour, 0, -time.Hour, 0} {
		set(ahead)
		select {
		case by := <-steps:
			if (by - (ahead - was)).Abs() > time.Second {
				t.Errorf("set by %s, followed by %s", ahead-was, by)
			}
		case <-time.After(30 * time.Second):
			t.Fatalf("%s ahead: not followed", ahead)
		}
		if off := time.Until(clock.Now()); (off - ahead).Abs() > time.Second {
			t.Errorf("%s ahead: the record's time is %s ahead", ahead, off)
		}
		was = ahead
		if ahead > 0 {
			p.Kill()
			if err := p.Start(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
	}
	stop()
	if err := <-done; err != nil || len(steps) > 0 {
		t.Error(err, len(steps))
	}
}
