package live

import (
	"context"
	"database/sql"
	"encoding/json"
	"io"
	"log/slog"
	"sync"
	"testing"
	"time"

	"sportello/inbox"
	"sportello/inbox/db"
	"sportello/inbox/inboxtest"
	"sportello/inbox/journal"
)

// paper is a journal on a real record.
type paper struct {
	*journal.Journal
	t  testing.TB
	db *db.DB
}

func newPaper(t testing.TB) *paper {
	d := inboxtest.SQLite(t)
	return &paper{journal.New(d), t, d}
}

func (p *paper) write(events ...journal.Event) {
	p.t.Helper()
	err := p.db.Tx(context.Background(), func(tx *sql.Tx) error { return p.Append(context.Background(), tx, events...) })
	if err != nil {
		p.t.Error(err)
	}
}

// pending is how many events wait to be relayed.
func (p *paper) pending() int {
	p.t.Helper()
	events, err := p.Pending(context.Background(), 100_000)
	if err != nil {
		p.t.Fatal(err)
	}
	return len(events)
}

// relaying runs a relay until the test ends or stop is called.
func (d *desk) relaying(j Journal) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() {
		if err := NewRelay(j, d.Inbox, slog.New(slog.NewTextHandler(io.Discard, nil))).Run(ctx); err != nil {
			d.t.Error(err)
		}
	})
	stop = func() { cancel(); running.Wait() }
	d.t.Cleanup(stop)
	return stop
}

// complete checks that the feed has each conversation's events in order, none missing, none twice.
func (d *desk) complete(conversations, each int) {
	d.t.Helper()
	next, total := map[inbox.ConversationID]int64{}, 0
	for _, e := range d.feed() {
		var ev journal.Event
		if err := json.Unmarshal(e.Event, &ev); err != nil {
			d.t.Fatal(err)
		}
		next[e.Conversation]++
		total++
		if ev.Seq != next[e.Conversation] {
			d.t.Fatalf("%s: event %d where %d was expected", e.Conversation, ev.Seq, next[e.Conversation])
		}
	}
	if total != conversations*each {
		d.t.Fatalf("%d entries, want %d", total, conversations*each)
	}
}

// Every event that 16 writers commit is in the feed once and in order.
func TestRelayCopiesAllInOrder(t *testing.T) {
	onBoth(t, func(t *testing.T, d *desk) {
		const writers, each = 16, 60
		p := newPaper(t)
		d.relaying(p)
		var wg sync.WaitGroup
		var mu sync.Mutex
		for w := range writers {
			wg.Go(func() {
				for range each {
					mu.Lock()
					e := d.event(chat(w), journal.Noted)
					mu.Unlock()
					p.write(e)
				}
			})
		}
		wg.Wait()
		eventually(t, "all relayed", 20*time.Second, func() bool { return p.pending() == 0 })
		d.complete(writers, each)
	})
}

func TestRelayWakesAtOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, d *desk) {
		p := newPaper(t)
		d.relaying(p)
		best := time.Hour
		for n := range 8 {
			begun := time.Now()
			p.write(d.event(chat(n), journal.Opened))
			eventually(t, "it waits", 10*time.Second, func() bool {
				cs, err := d.Conversations(t.Context(), []inbox.ConversationID{chat(n).ID})
				return err == nil && len(cs) == 1
			})
			best = min(best, time.Since(begun))
		}
		if best > relayPoll/4 {
			t.Errorf("the quickest of eight took %v", best)
		}
	})
}

// deaf is the journal of another node: commits of this process do not wake it.
type deaf struct{ *journal.Journal }

func (deaf) Changed() <-chan struct{} { return nil }

// The node that hears the commits does not have the lease: it wakes the one that has.
func TestRelayIsWokenByOtherNodes(t *testing.T) {
	onBoth(t, func(t *testing.T, d *desk) {
		p := newPaper(t)
		d.relaying(deaf{p.Journal})
		eventually(t, "the first has the lease", 10*time.Second, func() bool {
			_, ok, err := d.Lease(t.Context(), "relay", "test", time.Millisecond)
			return err == nil && !ok
		})
		d.relaying(p)
		best := time.Hour
		for n := range 8 {
			begun := time.Now()
			p.write(d.event(chat(n), journal.Opened))
			eventually(t, "relayed", 10*time.Second, func() bool { return p.pending() == 0 })
			best = min(best, time.Since(begun))
		}
		if best > relayPoll/4 {
			t.Errorf("the quickest of eight took %v", best)
		}
	})
}

// A relay that dies is followed by another, and nothing is lost or told twice.
func TestRelaysTakeOver(t *testing.T) {
	onBoth(t, func(t *testing.T, d *desk) {
		const conversations, each = 4, 40
		p := newPaper(t)
		stop := d.relaying(p)
		for n := range each {
			for c := range conversations {
				p.write(d.event(chat(c), journal.Noted))
			}
			if n%10 == 9 {
				next := d.relaying(p)
				stop()
				stop = next
			}
		}
		eventually(t, "all relayed", 20*time.Second, func() bool { return p.pending() == 0 })
		d.complete(conversations, each)
	})
}

// What is missing in between is read from the journal; an unknown conversation is taken as it stands.
func TestRelayCatchesUp(t *testing.T) {
	onBoth(t, func(t *testing.T, d *desk) {
		p := newPaper(t)
		known, unknown := chat(1), chat(2)
		first := d.event(known, journal.Opened)
		events := []journal.Event{first}
		for range 5 {
			events = append(events, d.event(known, journal.Noted), d.event(unknown, journal.Noted))
		}
		p.write(events...)
		var lost []journal.Position // marked as relayed, but not in Redis
		for _, e := range events[:len(events)-2] {
			lost = append(lost, journal.Position{Stream: e.Stream, Seq: e.Seq})
		}
		if err := p.Relayed(t.Context(), lost); err != nil {
			t.Fatal(err)
		}
		if _, err := d.Apply(t.Context(), []journal.Event{first}); err != nil {
			t.Fatal(err)
		}
		p.Fresh() // another process wrote them
		d.relaying(p)
		eventually(t, "all relayed", 10*time.Second, func() bool { return p.pending() == 0 })
		count := map[inbox.ConversationID]int{}
		for _, e := range d.feed() {
			count[e.Conversation]++
		}
		if count[known.ID] != 6 || count[unknown.ID] != 1 {
			t.Fatalf("entries %v", count)
		}
	})
}

// flooded is what a rebuild reads in TestFlushUnderLoad: the conversations as the journal has them now.
type flooded struct {
	p *paper
	n int
}

func (f flooded) Open(ctx context.Context, each func(inbox.Conversation) error) error {
	for n := range f.n {
		events, err := f.p.Stream(ctx, journal.ConversationStream(string(chat(n).ID)), 0, 100_000)
		if err != nil {
			return err
		}
		if len(events) == 0 {
			continue
		}
		c := chat(n)
		c.LastSeq = events[len(events)-1].Seq
		if err := each(c); err != nil {
			return err
		}
	}
	return nil
}

// Flushes while events are committed: in the end every conversation is there, as the record has it.
func TestFlushUnderLoad(t *testing.T) {
	inboxtest.Redises(t, func(t *testing.T, addr string) {
		const conversations, each = 20, 30
		p, d := newPaper(t), openAt(t, addr)
		d.guarded(flooded{p, conversations})
		d.relaying(p)
		for n := range each {
			var events []journal.Event
			for c := range conversations {
				events = append(events, d.event(chat(c), journal.Noted))
			}
			p.write(events...)
			if n%10 == 5 {
				if err := d.rdb.FlushAll(t.Context()).Err(); err != nil {
					t.Fatal(err)
				}
			}
		}
		eventually(t, "every conversation as it is in the record", 5*time.Second, func() bool {
			s, err := d.Snapshot(t.Context())
			if err != nil || len(s.Waiting) != conversations {
				return false
			}
			for _, it := range s.Waiting {
				if it.LastSeq != each {
					return false
				}
			}
			return p.pending() == 0
		})
	})
}

func TestRelayEndsWhileRedisIsAway(t *testing.T) {
	addr, stop, err := Embedded(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	d, p := built(t, addr), newPaper(t)
	end := d.relaying(p)
	stop()
	for n := range 3 {
		p.write(d.event(chat(n), journal.Opened))
	}
	end()
	if n := p.pending(); n == 0 {
		t.Fatal("relayed to nowhere")
	}
}

// What another process committed before comes first, also when it is not told and the conversation is new.
func TestRelayKeepsTheOrderOfTwoProcesses(t *testing.T) {
	onBoth(t, func(t *testing.T, d *desk) {
		const conversations = 30
		p := newPaper(t)
		elsewhere := &paper{journal.New(p.db), t, p.db}
		d.relaying(p)
		for n := range conversations {
			elsewhere.write(d.event(chat(n), journal.Opened))
			p.write(d.event(chat(n), journal.Noted))
		}
		eventually(t, "all relayed", 10*time.Second, func() bool { return p.pending() == 0 })
		d.complete(conversations, 2)
	})
}
