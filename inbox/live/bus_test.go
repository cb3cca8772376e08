package live

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"sportello/inbox/inboxtest"
)

func receive(t testing.TB, ch <-chan string) string {
	t.Helper()
	select {
	case s := <-ch:
		return s
	case <-time.After(10 * time.Second):
		t.Fatal("nothing came")
		return ""
	}
}

func into(ch chan<- string) func([]byte) { return func(b []byte) { ch <- string(b) } }

func TestBusDeliversFromSubscribeToCancel(t *testing.T) {
	onBoth(t, func(t *testing.T, d *desk) {
		ctx := t.Context()
		a, b, other := make(chan string, 100), make(chan string, 100), make(chan string, 100)
		cancelA, err := d.Subscribe(ctx, "x", into(a))
		if err != nil {
			t.Fatal(err)
		}
		cancelB, err := d.Subscribe(ctx, "x", into(b))
		if err != nil {
			t.Fatal(err)
		}
		defer cancelB()
		cancelOther, err := d.Subscribe(ctx, "y", into(other))
		if err != nil {
			t.Fatal(err)
		}
		defer cancelOther()
		for n := range 50 {
			if err := d.Publish(ctx, "x", fmt.Append(nil, n)); err != nil {
				t.Fatal(err)
			}
		}
		for n := range 50 {
			if x, y := receive(t, a), receive(t, b); x != fmt.Sprint(n) || y != x {
				t.Fatalf("got %q and %q, want %d", x, y, n)
			}
		}
		cancelA()
		cancelA()
		if err := d.Publish(ctx, "x", []byte("only b")); err != nil {
			t.Fatal(err)
		}
		if err := d.Publish(ctx, "y", []byte("other")); err != nil {
			t.Fatal(err)
		}
		if got := receive(t, b); got != "only b" {
			t.Fatalf("b got %q", got)
		}
		if got := receive(t, other); got != "other" || len(a) != 0 {
			t.Fatalf("other got %q, a has %d", got, len(a))
		}
	})
}

// A topic left and taken again is heard again.
func TestBusTopicsComeBack(t *testing.T) {
	onBoth(t, func(t *testing.T, d *desk) {
		for n := range 5 {
			got := make(chan string, 10)
			cancel, err := d.Subscribe(t.Context(), "x", into(got))
			if err != nil {
				t.Fatal(err)
			}
			if err := d.Publish(t.Context(), "x", fmt.Append(nil, n)); err != nil {
				t.Fatal(err)
			}
			if s := receive(t, got); s != fmt.Sprint(n) {
				t.Fatalf("got %q", s)
			}
			cancel()
		}
		if len(d.bus.topics) != 0 {
			t.Fatalf("left over: %v", d.bus.topics)
		}
	})
}

// The connection breaks; the subscription goes on.
func TestBusSurvivesABrokenConnection(t *testing.T) {
	d := built(t, inboxtest.Redis(t))
	got := make(chan string, 1000)
	cancel, err := d.Subscribe(t.Context(), "x", into(got))
	if err != nil {
		t.Fatal(err)
	}
	defer cancel()
	if err := d.rdb.ClientKillByFilter(t.Context(), "TYPE", "pubsub").Err(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "a payload after the break", 30*time.Second, func() bool {
		if err := d.Publish(t.Context(), "x", []byte("again")); err != nil {
			t.Fatal(err)
		}
		return len(got) > 0
	})
}

func TestBusRefusesAfterClose(t *testing.T) {
	addr, stop, err := Embedded(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	in, err := Open(t.Context(), Options{Addrs: []string{addr}})
	if err != nil {
		t.Fatal(err)
	}
	cancel, err := in.Subscribe(t.Context(), "x", func([]byte) {})
	if err != nil {
		t.Fatal(err)
	}
	if err := in.Close(); err != nil {
		t.Fatal(err)
	}
	cancel()
	if _, err := in.Subscribe(t.Context(), "x", func([]byte) {}); !errors.Is(err, errBusClosed) {
		t.Fatalf("got %v", err)
	}
}

func TestVisitors(t *testing.T) {
	inboxtest.Redises(t, func(t *testing.T, addr string) {
		d := openAt(t, addr)
		v, ctx := d.Visitors(), t.Context()
		if err := v.Here(ctx, "web", "anna", time.Minute); err != nil {
			t.Fatal(err)
		}
		if err := v.Here(ctx, "web", "bruno", time.Minute); err != nil {
			t.Fatal(err)
		}
		left := d.clock.move(10 * time.Second)
		if err := v.Gone(ctx, "web", "bruno"); err != nil {
			t.Fatal(err)
		}
		check(t, v, []VisitorState{{Present: true}, {LeftAt: left}, {}})
		lapsed := start.Add(time.Minute)
		d.clock.move(time.Hour)
		check(t, v, []VisitorState{{LeftAt: lapsed}, {LeftAt: left}, {}})
		if here, err := v.Present(ctx, "web", "anna"); err != nil || here {
			t.Fatalf("present %v, %v", here, err)
		}
		before := d.clock.move(-3 * time.Hour) // the clock was ahead when they were here
		check(t, v, []VisitorState{{LeftAt: before}, {LeftAt: before}, {}})
	})
}

func check(t *testing.T, v Visitors, want []VisitorState) {
	t.Helper()
	got, err := v.States(context.Background(), []VisitorKey{{"web", "anna"}, {"web", "bruno"}, {"mobile", "anna"}})
	if err != nil {
		t.Fatal(err)
	}
	for i := range want {
		if got[i].Present != want[i].Present || !got[i].LeftAt.Equal(want[i].LeftAt) {
			t.Errorf("visitor %d: %+v, want %+v", i, got[i], want[i])
		}
	}
}
