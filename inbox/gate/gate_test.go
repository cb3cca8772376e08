package gate

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
)

type arrival = Ticket[string, int]

// arrivals lets n messages arrive one after the other and returns their outcomes in that order.
func arrivals(t *testing.T, g *Gate[string, int], ctx context.Context, n int, commit func([]*arrival, func())) []chan error {
	t.Helper()
	outcomes := make([]chan error, n)
	for i := range n {
		outcomes[i] = make(chan error, 1)
		go func() {
			_, err := g.Pass(ctx, fmt.Sprint(i), commit)
			outcomes[i] <- err
		}()
		synctest.Wait()
	}
	return outcomes
}

// While one batch is written the next gathers, in the order of arrival; nobody waits for company, and a batch is bounded.
func TestBatchGathersWhileAnotherIsWritten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g, begun, end := New[string, int](), make(chan []*arrival), make(chan struct{})
		commit := func(batch []*arrival, _ func()) {
			begun <- batch
			<-end
			for _, ticket := range batch {
				ticket.Err = nil
			}
		}
		outcomes := arrivals(t, g, t.Context(), 2+MostBatch, commit)
		next := 0
		for _, size := range []int{1, MostBatch, 1} {
			batch := <-begun
			for _, ticket := range batch {
				if ticket.In != fmt.Sprint(next) {
					t.Fatalf("%s is in the place of %d", ticket.In, next)
				}
				next++
			}
			if len(batch) != size {
				t.Fatalf("%d in a batch, want %d", len(batch), size)
			}
			end <- struct{}{}
		}
		for i, outcome := range outcomes {
			if err := <-outcome; err != nil {
				t.Error(i, err)
			}
		}
	})
}

// The next batch begins when the one before is written, and no more than a few are under way.
func TestNextBatchBeginsWhenOneIsWritten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g, begun, end := New[string, int](), make(chan int, 10), make(chan struct{})
		commit := func(batch []*arrival, written func()) {
			written()
			begun <- len(batch)
			<-end
		}
		arrivals(t, g, t.Context(), mostUnderway+5, commit)
		if len(begun) != mostUnderway {
			t.Fatalf("%d batches under way", len(begun))
		}
		end <- struct{}{}
		synctest.Wait()
		if len(begun) != mostUnderway+1 {
			t.Fatalf("%d batches begun", len(begun))
		}
		close(end)
		synctest.Wait()
		for len(begun) > 1 {
			<-begun
		}
		if last := <-begun; last != 5 {
			t.Fatalf("%d in the last batch", last)
		}
	})
}

// Whoever gives up while he waits, or when he is to lead, leaves the others their turn. Outside the gate he waits for room only as
// long as he likes.
func TestWhoGivesUpLeavesTheQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g, begun, end := New[string, int](), make(chan []*arrival, mostQueue), make(chan struct{})
		commit := func(batch []*arrival, _ func()) {
			begun <- batch
			<-end
			for _, ticket := range batch {
				ticket.Err = nil
			}
		}
		first := arrivals(t, g, t.Context(), 1, commit)
		impatient, cancel := context.WithCancel(t.Context())
		given := arrivals(t, g, impatient, 2, commit)
		stays := arrivals(t, g, t.Context(), mostQueue-3, commit)
		outside := arrivals(t, g, impatient, 1, commit)
		cancel()
		for _, outcome := range append(given, outside...) {
			if err := <-outcome; !errors.Is(err, context.Canceled) {
				t.Fatal(err)
			}
		}
		close(end)
		for i, outcome := range append(first, stays...) {
			if err := <-outcome; err != nil {
				t.Fatal(i, err)
			}
		}
		<-begun
		if batch := <-begun; len(batch) != MostBatch || batch[0].In != "0" {
			t.Fatal(len(batch))
		}
	})
}

// A leader that was appointed and has given up at the same moment passes it on.
func TestAppointedLeaderWhoLeaves(t *testing.T) {
	g := New[string, int]()
	one, two := &arrival{called: make(chan bool, 1)}, &arrival{called: make(chan bool, 1)}
	g.join(one)
	g.join(two)
	g.leave(one)
	if lead := <-two.called; !lead || len(g.waiting) != 1 {
		t.Fatal("nobody leads")
	}
	g.leave(two)
	g.leave(two)
	if g.leading || len(g.waiting) != 0 {
		t.Fatal("the gate is not free")
	}
}

// A batch whose commit panics leaves nobody waiting.
func TestPanicLeavesNobodyWaiting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g, end := New[string, int](), make(chan struct{})
		commit := func([]*arrival, func()) {
			<-end
			panic("broken")
		}
		lead := func() (err error) {
			defer func() { err = fmt.Errorf("%v", recover()) }()
			_, err = g.Pass(t.Context(), "", commit)
			return err
		}
		outcomes := make(chan error, 3)
		for range 3 {
			go func() { outcomes <- lead() }()
			synctest.Wait()
		}
		close(end)
		for range 3 {
			if err := <-outcomes; err == nil {
				t.Fatal("taken")
			}
		}
		if g.underway != 0 || g.leading {
			t.Fatal("the gate is not free")
		}
	})
}
