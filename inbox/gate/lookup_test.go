package gate

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
)

// Who asks while a question is under way shares a later one, put after he asked; a key is asked for once; unknown keys have no value.
func TestLookupsAreShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var asked [][]string
		open := make(chan struct{})
		known := map[string]int{"a": 1}
		l := NewLookup(func(_ context.Context, keys []string) (map[string]int, error) {
			asked = append(asked, keys)
			<-open
			found := map[string]int{}
			for _, k := range keys {
				if n, ok := known[k]; ok {
					found[k] = n
				}
			}
			return found, nil
		})
		type answer struct {
			n   int
			ok  bool
			err error
		}
		get := func(key string) chan answer {
			got := make(chan answer, 1)
			go func() {
				n, ok, err := l.Get(t.Context(), key)
				got <- answer{n, ok, err}
			}()
			synctest.Wait()
			return got
		}
		under := []chan answer{get("a")}
		later := []chan answer{get("b"), get("a"), get("b"), get("c")}
		known["b"] = 2
		close(open)
		synctest.Wait()
		for _, g := range under {
			if a := <-g; a != (answer{1, true, nil}) {
				t.Error(a)
			}
		}
		for i, want := range []answer{{2, true, nil}, {1, true, nil}, {2, true, nil}, {0, false, nil}} {
			if a := <-later[i]; a != want {
				t.Error(i, a)
			}
		}
		if len(asked) != 2 || !slices.Equal(asked[1], []string{"b", "a", "c"}) {
			t.Errorf("%q", asked)
		}
	})
}

// A key that cannot be asked for fails alone.
func TestLookupThatFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		broken, first := errors.New("broken"), make(chan struct{})
		l := NewLookup(func(_ context.Context, keys []string) (map[string]int, error) {
			<-first
			if slices.Contains(keys, "bad") {
				return nil, broken
			}
			return map[string]int{keys[0]: len(keys)}, nil
		})
		errs := make(map[string]chan error)
		for _, key := range []string{"1", "2", "good", "bad"} {
			errs[key] = make(chan error, 1)
			go func() {
				_, ok, err := l.Get(t.Context(), key)
				if !ok && err == nil {
					err = errors.New("not found")
				}
				errs[key] <- err
			}()
			synctest.Wait()
		}
		close(first)
		for key, err := range errs {
			if err := <-err; errors.Is(err, broken) != (key == "bad") {
				t.Error(key, err)
			}
		}
	})
}
