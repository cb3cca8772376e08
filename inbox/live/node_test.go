package live

import (
	"context"
	"slices"
	"testing"
	"time"
)

// A gateway is on the list while it runs, and off it when it stopped, or died some time ago.
func TestNodesAreThoseThatRun(t *testing.T) {
	onBoth(t, func(t *testing.T, d *desk) {
		nodes := func() []string {
			t.Helper()
			all, err := d.Nodes(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			return all
		}
		if err := d.attend(t.Context(), "dies"); err != nil {
			t.Fatal(err)
		}
		d.clock.move(nodeLife / 2)
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- d.Attend(ctx, "stops") }()
		for end := time.Now().Add(5 * time.Second); len(nodes()) < 2; {
			if time.Now().After(end) {
				t.Fatal(nodes())
			}
		}
		d.clock.move(nodeLife/2 + time.Second)
		if all := nodes(); !slices.Equal(all, []string{"stops"}) {
			t.Error("after the first has died:", all)
		}
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
		if all := nodes(); len(all) != 0 {
			t.Error("after the second has stopped:", all)
		}
		if n := d.Replicas(t.Context()); n != 0 {
			t.Error(n, "replicas")
		}
	})
}
