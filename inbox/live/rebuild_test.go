package live

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"sportello/channels"
	"sportello/inbox"
	"sportello/inbox/inboxtest"
	"sportello/inbox/journal"
)

// record is what a rebuild reads.
type record []inbox.Conversation

func (r record) Open(_ context.Context, each func(inbox.Conversation) error) error {
	for _, c := range r {
		if err := each(c); err != nil {
			return err
		}
	}
	return nil
}

// guarded runs a guard until the test ends.
func (d *desk) guarded(from Source) {
	d.t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() {
		if err := NewGuard(d.Inbox, from, d.o.Log).Run(ctx); err != nil {
			d.t.Error(err)
		}
	})
	d.t.Cleanup(func() { stop(); running.Wait() })
}

func open(n int) []inbox.Conversation {
	cs := make([]inbox.Conversation, n)
	for i := range cs {
		cs[i] = chat(i)
		cs[i].LastSeq = 5
		if i%3 == 1 {
			cs[i].State, cs[i].Assignee = inbox.Assigned, "anna"
		}
		if i%3 == 2 {
			cs[i].State, cs[i].Queue, cs[i].QueuedAt = inbox.New, "", time.Time{}
		}
	}
	return cs
}

// Promise 2: flush Redis under the running gateway, and within 5 s every open conversation is where it was.
func TestFlushIsRebuilt(t *testing.T) {
	inboxtest.Redises(t, func(t *testing.T, addr string) {
		cs := open(450)
		d := openAt(t, addr)
		d.guarded(record(cs))
		whole := func() bool {
			s, err := d.Snapshot(t.Context())
			if err != nil {
				return false
			}
			w, err := d.Work(t.Context(), "anna")
			if err != nil {
				return false
			}
			p, err := d.Placeable(t.Context(), 1000)
			return err == nil && len(s.Waiting) == 150 && len(w.Conversations) == 150 && len(p) == 150 &&
				s.Waiting[7].QueuedAt.Equal(cs[21].QueuedAt)
		}
		eventually(t, "the first build", 5*time.Second, whole)
		before, err := d.Head(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if err := d.rdb.FlushAll(t.Context()).Err(); err != nil {
			t.Fatal(err)
		}
		if _, err := d.Snapshot(t.Context()); err != nil && !errors.Is(err, ErrNoEpoch) {
			t.Fatal(err)
		}
		eventually(t, "rebuilt after the flush", 5*time.Second, whole)
		if _, _, err := d.Read(t.Context(), before, 10); !errors.Is(err, ErrGap) {
			t.Fatalf("a position from before: %v", err)
		}
	})
}

// A server that was started anew may have lost its newest writes, although the epoch is there.
func TestGuardRebuildsAfterARestart(t *testing.T) {
	d := built(t, inboxtest.Redis(t), chat(1))
	before, err := d.Head(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := d.rdb.Set(t.Context(), d.key("run"), "an earlier run", 0).Err(); err != nil {
		t.Fatal(err)
	}
	d.guarded(record{chat(1), chat(2)})
	eventually(t, "a new epoch", 5*time.Second, func() bool {
		now, err := d.Head(t.Context())
		return err == nil && now.Epoch != before.Epoch
	})
	if s := d.snapshot(); len(s.Waiting) != 2 {
		t.Fatalf("%d wait", len(s.Waiting))
	}
}

// What was in the record when it was read is passed over when the relay brings it; what came later is applied.
func TestRebuildAndRelayMeet(t *testing.T) {
	onBoth(t, func(t *testing.T, d *desk) {
		c := chat(1)
		events := []journal.Event{d.event(c, journal.Opened), d.event(c, journal.Queued), d.event(c, journal.Noted)}
		c.LastSeq = 2
		if err := d.Rebuild(t.Context(), record{c}); err != nil {
			t.Fatal(err)
		}
		if n, err := d.Apply(t.Context(), events); err != nil || n != 1 {
			t.Fatalf("applied %d, %v", n, err)
		}
	})
}

func TestRebuildReplacesAndForgets(t *testing.T) {
	inboxtest.Redises(t, func(t *testing.T, addr string) {
		d := built(t, addr, open(30)...)
		d.arrives("anna", 30)
		d.offered(chat(3), "anna")
		if err := d.Rebuild(t.Context(), record{chat(500)}); err != nil {
			t.Fatal(err)
		}
		s := d.snapshot()
		if len(s.Waiting) != 1 || s.Waiting[0].ID != "c500" || s.Waiting[0].Offer != nil || len(s.Agents) != 0 {
			t.Fatalf("%+v", s)
		}
		keys, err := d.rdb.Keys(t.Context(), d.key("*")).Result()
		if err != nil {
			t.Fatal(err)
		}
		slices.Sort(keys)
		e := s.Position.Epoch
		want := []string{d.key("epoch"), d.key("fence:rebuild"), d.key("run")}
		for _, name := range []string{"c:c500", "open", "queues", "wait:vendite"} {
			want = append(want, d.key(e+":"+name))
		}
		slices.Sort(want)
		if !slices.Equal(keys, want) {
			t.Fatalf("keys %v, want %v", keys, want)
		}
		if unknown, err := d.Heartbeat(t.Context(), []Tab{{"anna", "tab"}}, time.Minute); err != nil || len(unknown) != 1 {
			t.Fatalf("heartbeat: %v, %v", unknown, err)
		}
	})
}

// counted counts how often it was read.
type counted struct {
	record
	mu sync.Mutex
	n  int
}

func (c *counted) Open(ctx context.Context, each func(inbox.Conversation) error) error {
	c.mu.Lock()
	c.n++
	c.mu.Unlock()
	return c.record.Open(ctx, each)
}

func TestRebuildsAtTheSameTimeWorkOnce(t *testing.T) {
	inboxtest.Redises(t, func(t *testing.T, addr string) {
		d, from := openAt(t, addr), &counted{record: open(30)}
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				if err := d.rebuild(t.Context(), from, ""); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if from.n != 1 {
			t.Fatalf("read %d times", from.n)
		}
	})
}

// interrupted loses the lease while it is read, as a node does that was paused.
type interrupted struct {
	d    *desk
	then record
}

func (i interrupted) Open(ctx context.Context, each func(inbox.Conversation) error) error {
	if err := i.d.rdb.Del(ctx, i.d.key("lease:rebuild")).Err(); err != nil {
		return err
	}
	if err := i.d.rebuild(ctx, i.then, ""); err != nil {
		return err
	}
	return each(chat(999))
}

func TestAPausedRebuildWritesNothing(t *testing.T) {
	inboxtest.Redises(t, func(t *testing.T, addr string) {
		d := openAt(t, addr)
		if err := d.Rebuild(t.Context(), interrupted{d, record{chat(1)}}); !errors.Is(err, ErrLeaseLost) {
			t.Fatalf("got %v", err)
		}
		s := d.snapshot()
		if len(s.Waiting) != 1 || s.Waiting[0].ID != "c001" {
			t.Fatalf("%+v", s.Waiting)
		}
		keys, err := d.rdb.Keys(t.Context(), d.key("*:open")).Result()
		if err != nil || !slices.Equal(keys, []string{d.key(s.Position.Epoch + ":open")}) {
			t.Fatalf("keys %v, %v", keys, err)
		}
	})
}

// A source that fails leaves the inbox empty, never half built.
type broken struct{}

func (broken) Open(_ context.Context, each func(inbox.Conversation) error) error {
	return errors.Join(each(chat(1)), errors.New("the record is away"))
}

func TestABrokenRebuildIsNotSeen(t *testing.T) {
	onBoth(t, func(t *testing.T, d *desk) {
		if err := d.Rebuild(t.Context(), broken{}); err == nil {
			t.Fatal("no error")
		}
		if _, err := d.Snapshot(t.Context()); !errors.Is(err, ErrNoEpoch) {
			t.Fatalf("got %v", err)
		}
		if _, err := d.Apply(t.Context(), []journal.Event{d.event(chat(1), journal.Opened)}); !errors.Is(err, ErrNoEpoch) {
			t.Fatalf("apply: %v", err)
		}
		if err := d.Rebuild(t.Context(), record{chat(2)}); err != nil {
			t.Fatal(err)
		}
		if n, err := d.rdb.SCard(t.Context(), d.key("old")).Result(); err != nil || n != 0 {
			t.Fatalf("%d epochs are left over, %v", n, err)
		}
	})
}

// Chats of an agent who never comes back after a rebuild are listed as lost (O6).
func TestAssigneesOfARebuildCountAsLost(t *testing.T) {
	inboxtest.Redises(t, func(t *testing.T, addr string) {
		mail := chat(2)
		mail.Kind, mail.State, mail.Assignee = channels.Email, inbox.Assigned, "anna"
		one := chat(1)
		one.State, one.Assignee = inbox.Assigned, "anna"
		d := built(t, addr, one, mail)
		lost, err := d.Lost(t.Context(), d.clock.move(59*time.Second), time.Minute)
		if err != nil || len(lost) != 0 {
			t.Fatalf("within the grace: %+v, %v", lost, err)
		}
		lost, err = d.Lost(t.Context(), d.clock.move(time.Second), time.Minute)
		if err != nil || len(lost) != 1 || lost[0].Agent != "anna" || !lost[0].At.Equal(start) {
			t.Fatalf("%+v, %v", lost, err)
		}
		if cs := lost[0].Conversations; len(cs) != 1 || cs[0].ID != one.ID {
			t.Fatalf("conversations %+v", cs)
		}
	})
}
