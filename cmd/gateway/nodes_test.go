//go:build e2e

package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sportello/channels/pause"
	"sportello/cmd/staging"
)

// stage starts a staging copy of this program for a test.
func stage(t *testing.T, o staging.Options) *staging.World {
	t.Helper()
	o.Dir = t.TempDir()
	o.Binary = filepath.Join(o.Dir, "gateway")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", o.Binary, ".").CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	for dir := o.Dir; dir != os.TempDir() && len(dir) > 1; dir = filepath.Dir(dir) {
		if err := os.Chmod(dir, 0o755); err != nil { // PostgreSQL passes through it as another user
			t.Fatal(err)
		}
	}
	w, err := staging.New(t.Context(), o)
	t.Cleanup(func() {
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// drive lets everybody work while during runs and fails the test if the balance is not even in the end.
func drive(t *testing.T, w *staging.World, pace staging.Pace, during func(context.Context) error) {
	t.Helper()
	b, err := w.Drive(t.Context(), pace, drillPatience, during)
	if err != nil {
		t.Fatalf("%v\n%s", err, w.Logs())
	}
	t.Logf("at rest after %s", b.Rest.Round(time.Millisecond))
	for kind, s := range b.Channels {
		t.Logf("%-5s said %d, stored %d, shown %d; replies written %d, arrived %d, unknown %d, failed %d",
			kind, s.Said, s.Stored, s.Shown, s.Written, s.Arrived, s.Unknown, s.Failed)
		if s.Said == 0 || s.Written == 0 {
			t.Errorf("nothing was said or nothing written by %s: the test shows nothing", kind)
		}
	}
	if !b.OK() {
		t.Errorf("the balance is not even:\n%s\n%s", strings.Join(b.Problems[:min(len(b.Problems), 30)], "\n"), w.Logs())
	}
}

// until waits for a condition.
func until(ctx context.Context, what string, patience time.Duration, ok func() bool) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for !ok() {
		pause.For(ctx, 20*time.Millisecond)
		if ctx.Err() != nil {
			return fmt.Errorf("not within %s: %s", patience, what)
		}
	}
	return nil
}

// watch looks every tenth of a second for what must never be, until ctx ends.
func watch(t *testing.T, w *staging.World) (stop func()) {
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		for ctx.Err() == nil {
			if readers := w.Readers(); len(readers) > 1 {
				t.Errorf("the mailbox is read by %v at once", readers)
			}
			if over, err := w.Overloaded(ctx); err == nil && len(over) > 0 {
				t.Errorf("more work than room: %v", over)
			}
			pause.For(ctx, 100*time.Millisecond)
		}
	}()
	return func() { cancel(); <-done }
}

// lossRate is how many messages a second must be coming in when the gateway dies.
const lossRate = 200

// TestE2EThreeGatewaysLoseOne: visitors and agents on any of three gateways, PostgreSQL, a Redis cluster. While 200 messages a second come
// in, the gateway that reads the mailbox is killed. It comes back later.
func TestE2EThreeGatewaysLoseOne(t *testing.T) {
	w := stage(t, staging.Options{Gateways: 3, Redis: staging.Cluster, Visitors: 120, Phones: 8, Writers: 3, Agents: 8, Room: 20, Answers: 6})
	stop := watch(t, w)
	defer stop()
	drive(t, w, staging.Pace{Chat: 450 * time.Millisecond, SMS: time.Second, Mail: 2 * time.Second}, func(ctx context.Context) error {
		if err := until(ctx, "one gateway reads the mailbox", 30*time.Second, func() bool { return len(w.Readers()) == 1 }); err != nil {
			return err
		}
		pause.For(ctx, 5*time.Second)
		taken := w.Taken()
		pause.For(ctx, 4*time.Second)
		victim, rate := w.Readers()[0], float64(w.Taken()-taken)/4
		before := len(w.Back())
		victim.Kill()
		killed := time.Now()
		t.Logf("%s is killed while %.0f messages a second come in", victim.Name, rate)
		if rate < lossRate {
			t.Errorf("only %.0f messages a second came in, of %d", rate, lossRate)
		}
		err := until(ctx, "another gateway reads the mailbox", 30*time.Second, func() bool {
			readers := w.Readers()
			return len(readers) == 1 && readers[0] != victim
		})
		if err != nil {
			return err
		}
		t.Logf("the mailbox is read again after %s", time.Since(killed).Round(time.Millisecond))
		back := w.Back()[before:]
		t.Logf("%d chats resumed, the last after %s", len(back), staging.Longest(back).Round(time.Millisecond))
		if len(back) == 0 || staging.Longest(back) > 5*time.Second {
			t.Errorf("chats resumed after %v", back)
		}
		if err := victim.Start(ctx); err != nil {
			return err
		}
		taken = w.Taken()
		pause.For(ctx, 4*time.Second)
		t.Logf("with all three again %.0f messages a second come in", float64(w.Taken()-taken)/4)
		return nil
	})
}

// TestE2EStoresGoAway: while PostgreSQL is away, everybody is told "later", and what was said comes in when it returns; while Redis is
// away, messages are taken in all the same.
func TestE2EStoresGoAway(t *testing.T) {
	t.Parallel() // it mostly waits, and has servers of its own
	w := stage(t, staging.Options{Gateways: 2, Visitors: 12, Phones: 6, Writers: 3, Agents: 6})
	stop := watch(t, w)
	defer stop()
	drive(t, w, staging.Pace{Chat: time.Second, SMS: time.Second, Mail: 2 * time.Second}, func(ctx context.Context) error {
		pause.For(ctx, 5*time.Second)
		if err := w.Postgres.Stop(); err != nil {
			return err
		}
		pause.For(ctx, 3*time.Second)
		if status := w.Probe(ctx); status != 503 {
			t.Errorf("without PostgreSQL the webhook answers %d", status)
		}
		if err := w.Postgres.Start(ctx); err != nil {
			return err
		}
		pause.For(ctx, 5*time.Second)
		if err := w.Redis.Stop(); err != nil {
			return err
		}
		pause.For(ctx, 2*time.Second)
		before, err := w.Stored(ctx)
		if err != nil {
			return err
		}
		if status := w.Probe(ctx); status/100 != 2 {
			t.Errorf("without Redis the webhook answers %d", status)
		}
		pause.For(ctx, 3*time.Second)
		after, err := w.Stored(ctx)
		if err != nil {
			return err
		}
		t.Logf("without Redis %d messages were taken in within 3 s", after-before)
		if after == before {
			t.Error("without Redis nothing was taken in")
		}
		if err := w.Redis.Start(ctx); err != nil {
			return err
		}
		pause.For(ctx, 5*time.Second)
		return nil
	})
}

// TestE2EOneGatewayAlone: SQLite and the Redis inside the program. The gateway is killed; then the clock of the machine, which is the only
// one, is set ahead by an hour and back, and back by an hour and ahead. The process lives on, with all that it remembers.
func TestE2EOneGatewayAlone(t *testing.T) {
	t.Parallel() // it mostly waits, and has servers of its own
	w := stage(t, staging.Options{Gateways: 1, Alone: true, Visitors: 8, Phones: 4, Writers: 2, Agents: 4})
	steps := []staging.Step{
		{At: 3 * time.Second, For: time.Second, Fault: staging.KillGateway, Which: 1},
		{At: 7 * time.Second, For: 4 * time.Second, Fault: staging.ClockAhead, Which: 1},
		{At: 15 * time.Second, For: 4 * time.Second, Fault: staging.ClockBehind, Which: 1},
	}
	drive(t, w, staging.Pace{Chat: time.Second, SMS: time.Second, Mail: 2 * time.Second}, func(ctx context.Context) error {
		return w.Act(ctx, steps, 24*time.Second, func(what string) { t.Log(what) })
	})
}

// TestE2EClockOfPostgresIsSet: two gateways go by the clock of one PostgreSQL, which is set ahead by an hour and back, and back by an hour
// and ahead.
func TestE2EClockOfPostgresIsSet(t *testing.T) {
	t.Parallel() // it mostly waits, and has servers of its own
	w := stage(t, staging.Options{Gateways: 2, Visitors: 8, Phones: 4, Writers: 2, Agents: 4})
	steps := []staging.Step{
		{At: 3 * time.Second, For: 4 * time.Second, Fault: staging.RecordAhead},
		{At: 11 * time.Second, For: 4 * time.Second, Fault: staging.RecordBehind},
	}
	drive(t, w, staging.Pace{Chat: time.Second, SMS: time.Second, Mail: 2 * time.Second}, func(ctx context.Context) error {
		return w.Act(ctx, steps, 20*time.Second, func(what string) { t.Log(what) })
	})
}
