package live

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"sportello/inbox/inboxtest"
	"sportello/inbox/journal"
)

func TestReadGoesOnFromAPosition(t *testing.T) {
	onBoth(t, func(t *testing.T, d *desk) {
		for n := range 10 {
			d.waits(chat(n))
		}
		p, err := d.Head(t.Context())
		if err != nil || p.Offset != 10 {
			t.Fatalf("head %+v, %v", p, err)
		}
		p.Offset = 0
		for read := 0; read < 10; {
			entries, next, err := d.Read(t.Context(), p, 3)
			if err != nil || len(entries) == 0 {
				t.Fatalf("%d entries, %v", len(entries), err)
			}
			for _, e := range entries {
				if e.Conversation != chat(read).ID || e.Offset != int64(read+1) || e.Epoch != p.Epoch || !e.At.Equal(d.now()) {
					t.Fatalf("entry %d: %+v", read, e)
				}
				read++
			}
			p = next
		}
		if entries, next, err := d.Read(t.Context(), p, 3); err != nil || len(entries) != 0 || next != p {
			t.Fatalf("at the head: %v, %+v, %v", entries, next, err)
		}
	})
}

// A position that cannot be continued is said to be one: nothing is left out silently.
func TestReadTellsGaps(t *testing.T) {
	inboxtest.Redises(t, func(t *testing.T, addr string) {
		d := built(t, addr)
		d.o.FeedLength = 100
		first, err := d.Head(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var events []journal.Event
		for n := range 999 {
			events = append(events, d.event(chat(n), journal.Opened))
		}
		if _, err := d.Apply(t.Context(), events); err != nil {
			t.Fatal(err)
		}
		gaps := map[string]Position{
			"trimmed":       first,
			"another epoch": {"another", 1},
			"the future":    {first.Epoch, 1000},
		}
		for name, p := range gaps {
			if _, _, err := d.Read(t.Context(), p, 10); !errors.Is(err, ErrGap) {
				t.Errorf("%s: %v", name, err)
			}
			if err := d.Follow(t.Context(), p, func([]Entry) {}); !errors.Is(err, ErrGap) {
				t.Errorf("follow %s: %v", name, err)
			}
		}
		if entries, _, err := d.Read(t.Context(), Position{first.Epoch, 950}, 100); err != nil || len(entries) != 49 {
			t.Errorf("%d entries, %v", len(entries), err)
		}
	})
}

func TestFollowDeliversAllInOrder(t *testing.T) {
	onBoth(t, func(t *testing.T, d *desk) {
		const entries = 600
		from, err := d.Head(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		got, next := make(chan error, 1), int64(1)
		go func() {
			got <- d.Follow(ctx, from, func(es []Entry) {
				for _, e := range es {
					if e.Offset != next {
						t.Errorf("offset %d, want %d", e.Offset, next)
					}
					next++
				}
				if next > entries {
					stop()
				}
			})
		}()
		for n := range entries / 2 {
			d.waits(chat(n))
		}
		var rest []journal.Event
		for n := entries / 2; n < entries; n++ {
			rest = append(rest, d.event(chat(n), journal.Opened))
		}
		if _, err := d.Apply(t.Context(), rest); err != nil {
			t.Fatal(err)
		}
		if err := <-got; err != nil || next != entries+1 {
			t.Fatalf("%d entries, %v", next-1, err)
		}
	})
}

// A follower that has caught up is woken by the entry, not by a poll.
func TestFollowWakesAtOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, d *desk) {
		from, err := d.Head(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		var running sync.WaitGroup
		defer running.Wait()
		defer stop()
		came := make(chan time.Time)
		running.Go(func() {
			if err := d.Follow(ctx, from, func([]Entry) {
				select {
				case came <- time.Now():
				case <-ctx.Done():
				}
			}); err != nil {
				t.Error(err)
			}
		})
		best := time.Hour
		for n := range 10 {
			told := time.Now()
			d.waits(chat(n))
			best = min(best, (<-came).Sub(told))
		}
		if best > followBlock/4 {
			t.Errorf("the quickest of ten took %v", best)
		}
	})
}

func TestFollowEndsWithTheEpoch(t *testing.T) {
	onBoth(t, func(t *testing.T, d *desk) {
		from, err := d.Head(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		ended := make(chan error, 1)
		go func() { ended <- d.Follow(t.Context(), from, func([]Entry) {}) }()
		if err := d.Rebuild(t.Context(), record{chat(1)}); err != nil {
			t.Fatal(err)
		}
		if err := <-ended; !errors.Is(err, ErrGap) && !errors.Is(err, ErrNoEpoch) {
			t.Fatalf("got %v", err)
		}
	})
}

// An entry is written as encoding/json would write it.
func TestEntryAppendJSON(t *testing.T) {
	for _, event := range []string{`{"seq":7,"data":{"text":"caffè <b>"}}`, ``, `null`} {
		e := Entry{Position: Position{"e", 9}, Type: "message.received", Conversation: "c", Seq: 7, At: time.Unix(1, 0).UTC(),
			Audience: Audience{Queue: "q"}}
		if event != "" {
			e.Event = json.RawMessage(event)
		}
		got, err := e.AppendJSON([]byte("x"))
		if err != nil {
			t.Fatal(err)
		}
		var buf bytes.Buffer
		enc := json.NewEncoder(&buf)
		enc.SetEscapeHTML(false)
		if err := enc.Encode(e); err != nil {
			t.Fatal(err)
		}
		if want := "x" + strings.TrimSpace(buf.String()); string(got) != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}
