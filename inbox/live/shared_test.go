package live

import (
	"strings"
	"sync"
	"testing"
	"time"

	"sportello/inbox/inboxtest"
)

// Two gateways have one budget of tries, also when all come at once; what was given back may be tried again.
func TestTriesAreCountedTogether(t *testing.T) {
	inboxtest.Redises(t, func(t *testing.T, addr string) {
		a, b := openAt(t, addr), openAt(t, addr)
		try := func(in *desk, address string) bool {
			t.Helper()
			wait, err := in.Try(t.Context(), time.Hour, Counter{address, 5}, Counter{"place", 8})
			if err != nil || wait < 0 || wait > time.Hour {
				t.Error(wait, err)
			}
			return wait == 0
		}
		var mu sync.Mutex
		var all sync.WaitGroup
		let := 0
		for i := range 40 {
			all.Go(func() {
				if try([]*desk{a, b}[i%2], "anna") {
					mu.Lock()
					let++
					mu.Unlock()
				}
			})
		}
		if all.Wait(); let != 5 {
			t.Fatalf("%d tries were let through, of 5", let)
		}
		for name, want := range map[string]bool{"bruno": true, "anna": false} {
			if try(b, name) != want {
				t.Errorf("%s: not %v", name, want)
			}
		}
		if err := a.Untry(t.Context(), "anna", "nobody"); err != nil {
			t.Fatal(err)
		}
		if !try(b, "anna") || try(a, "anna") {
			t.Error("one try was given back")
		}
		if err := a.ForgetTries(t.Context(), "anna"); err != nil {
			t.Fatal(err)
		}
		if !try(b, "anna") || try(b, "carla") { // the eighth of this place, and one too many
			t.Error("the place is counted wrongly")
		}
		for _, key := range a.rdb.Keys(t.Context(), "*").Val() {
			if strings.Contains(key, "anna") || a.rdb.PTTL(t.Context(), key).Val() <= 0 {
				t.Errorf("%s is kept in the clear, or for ever", key)
			}
		}
	})
}

func TestTriesEndByTime(t *testing.T) {
	inboxtest.Redises(t, func(t *testing.T, addr string) {
		d := openAt(t, addr)
		try := func() time.Duration {
			wait, err := d.Try(t.Context(), 50*time.Millisecond, Counter{"anna", 1})
			if err != nil {
				t.Fatal(err)
			}
			return wait
		}
		if first, second := try(), try(); first != 0 || second == 0 {
			t.Fatal(first, second)
		}
		eventually(t, "another try", 5*time.Second, func() bool { return try() == 0 })
	})
}

// Of many who come at once by two gateways one is the first, everybody is told who, and he is forgotten in the end.
func TestFirstIsOne(t *testing.T) {
	inboxtest.Redises(t, func(t *testing.T, addr string) {
		a, b := openAt(t, addr), openAt(t, addr)
		told := make(chan string, 20)
		var all sync.WaitGroup
		for i := range cap(told) {
			all.Go(func() {
				first, err := []*desk{a, b}[i%2].First(t.Context(), "token", string(rune('a'+i)), time.Minute)
				if err != nil {
					t.Error(err)
				}
				told <- first
			})
		}
		all.Wait()
		one := <-told
		for range cap(told) - 1 {
			if other := <-told; other != one || other == "" {
				t.Errorf("the first was %q and %q", one, other)
			}
		}
		if first, err := a.First(t.Context(), "another", "x", -time.Second); err != nil || first != "x" {
			t.Error(first, err)
		}
		eventually(t, "forgotten", 5*time.Second, func() bool {
			first, err := b.First(t.Context(), "another", "y", time.Minute)
			return err == nil && first == "y"
		})
	})
}
