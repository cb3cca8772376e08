package gate

import (
	"context"
	"time"
)

// patience is how long a question may take. It is ours: no caller's context ends it for the others.
const patience = 30 * time.Second

// Lookup finds what belongs to keys. Those who ask while a question is under way share the next one, which is put after all of them have
// asked: nobody is told what was true before he asked. Made by NewLookup.
type Lookup[K comparable, V any] struct {
	gate *Gate[K, *V]
	find func(ctx context.Context, keys []K) (map[K]V, error)
}

// NewLookup makes a lookup of a function that finds the values of keys, at most MostBatch of them, no key twice. Keys that are unknown have
// no value.
func NewLookup[K comparable, V any](find func(ctx context.Context, keys []K) (map[K]V, error)) *Lookup[K, V] {
	return &Lookup[K, V]{gate: New[K, *V](), find: find}
}

// Get returns the value of a key, which is shared with whoever asks for the same one; ok is false when there is none.
func (l *Lookup[K, V]) Get(ctx context.Context, key K) (v V, ok bool, err error) {
	found, err := l.gate.Pass(ctx, key, l.ask)
	if err != nil || found == nil {
		return v, false, err
	}
	return *found, true, nil
}

// ask answers a batch. The next one is put when it is answered: two questions at the same time would be two half as large. When it fails,
// each key is tried by itself, so that one that cannot be asked for fails alone.
func (l *Lookup[K, V]) ask(batch []*Ticket[K, *V], _ func()) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	keys, asked := make([]K, 0, len(batch)), make(map[K]bool, len(batch))
	for _, t := range batch {
		if !asked[t.In] {
			keys, asked[t.In] = append(keys, t.In), true
		}
	}
	values, err := l.find(ctx, keys)
	for _, t := range batch {
		if err != nil && len(keys) > 1 {
			own, err := l.find(ctx, []K{t.In})
			t.Out, t.Err = value(own, t.In), err
			continue
		}
		t.Out, t.Err = value(values, t.In), err
	}
}

func value[K comparable, V any](of map[K]V, key K) *V {
	if v, ok := of[key]; ok {
		return &v
	}
	return nil
}
