package journal_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"sportello/inbox/db"
	"sportello/inbox/inboxtest"
	"sportello/inbox/journal"
)

func TestMain(m *testing.M) { inboxtest.Main(m) }

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

func event(s journal.Stream, seq int64, customer string, at time.Time) journal.Event {
	return journal.Event{Stream: s, Seq: seq, Customer: customer, Type: journal.Received, Actor: "system", At: at, Data: []byte(`{"n":1}`)}
}

func add(t *testing.T, d *db.DB, j *journal.Journal, events ...journal.Event) {
	t.Helper()
	if err := d.Tx(t.Context(), func(tx *sql.Tx) error { return j.Append(t.Context(), tx, events...) }); err != nil {
		t.Fatal(err)
	}
}

// Events stay pending, in the order of their stream, until they are named as relayed; naming one twice does nothing.
func TestPendingUntilRelayed(t *testing.T) {
	inboxtest.Databases(t, func(t *testing.T, d *db.DB) {
		j := journal.New(d)
		add(t, d, j, event("conversation:b", 1, "", noon), event("conversation:a", 1, "", noon))
		add(t, d, j, event("conversation:a", 2, "", noon))
		got, err := j.Pending(t.Context(), 10)
		if err != nil || len(got) != 3 || got[0].Stream != "conversation:a" || got[1].Seq != 2 || string(got[0].Data) != `{"n":1}` ||
			!got[0].At.Equal(noon) || got[0].ID == "" {
			t.Fatalf("%+v %v", got, err)
		}
		for range 2 {
			if err := j.Relayed(t.Context(), []journal.Position{{Stream: "conversation:a", Seq: 1}, {Stream: "conversation:b", Seq: 1}}); err != nil {
				t.Fatal(err)
			}
		}
		if got, err = j.Pending(t.Context(), 10); err != nil || len(got) != 1 || got[0].Seq != 2 {
			t.Fatalf("%+v %v", got, err)
		}
		if got, err = j.Stream(t.Context(), "conversation:a", 0, 10); err != nil || len(got) != 2 {
			t.Fatalf("relayed events stay in the journal: %+v %v", got, err)
		}
	})
}

// A position is taken once, and a refused event takes its transaction with it.
func TestPositionIsTakenOnce(t *testing.T) {
	inboxtest.Databases(t, func(t *testing.T, d *db.DB) {
		j := journal.New(d)
		add(t, d, j, event("rules", 1, "", noon))
		err := d.Tx(t.Context(), func(tx *sql.Tx) error {
			return j.Append(t.Context(), tx, event("rules", 2, "", noon), event("rules", 1, "", noon))
		})
		if !db.IsUnique(err) {
			t.Fatalf("want a unique violation, got %v", err)
		}
		if got, err := j.Stream(t.Context(), "rules", 0, 10); err != nil || len(got) != 1 {
			t.Fatalf("%+v %v", got, err)
		}
		err = d.Tx(t.Context(), func(tx *sql.Tx) error { return j.Append(t.Context(), tx, journal.Event{Stream: "rules", Type: "x"}) })
		if err == nil {
			t.Fatal("an event without a number was taken")
		}
	})
}

// A timeline is paged by key, newest first, and holds what belongs to those who were merged into the customer.
func TestTimelineIsPagedNewestFirst(t *testing.T) {
	inboxtest.Databases(t, func(t *testing.T, d *db.DB) {
		j := journal.New(d)
		for _, q := range []string{
			`INSERT INTO customer (id, created_at, updated_at) VALUES ('anna', 1, 1)`,
			`INSERT INTO customer (id, merged_into, created_at, updated_at) VALUES ('visitor', 'anna', 1, 1)`,
		} {
			if _, err := d.Exec(q); err != nil {
				t.Fatal(err)
			}
		}
		for n := range 7 {
			who := []string{"anna", "visitor"}[n%2]
			add(t, d, j, event("conversation:a", int64(n+1), who, noon.Add(time.Duration(n/2)*time.Second)), event("conversation:b", int64(n+1), "bruno", noon))
		}
		var seqs []int64
		before := journal.Cursor{}
		for range 10 {
			page, next, err := j.Timeline(t.Context(), "anna", before, 3)
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range page {
				seqs = append(seqs, e.Seq)
			}
			if next.IsZero() {
				break
			}
			if before, err = journal.ParseCursor(next.String()); err != nil {
				t.Fatal(err)
			}
		}
		if fmt.Sprint(seqs) != "[7 6 5 4 3 2 1]" {
			t.Fatal(seqs)
		}
	})
}

func TestCursorOfStrangersIsRefused(t *testing.T) {
	for _, s := range []string{"x", "1.", ".a", "1e3.a"} {
		if _, err := journal.ParseCursor(s); err == nil {
			t.Errorf("%q was taken", s)
		}
	}
}

// The journal has no gaps and loses nothing: 32 writers number their streams under a row lock, a follower drains what is pending
// meanwhile and must see every event once, each stream in order.
func TestNoGapsWith32Writers(t *testing.T) {
	inboxtest.Databases(t, func(t *testing.T, d *db.DB) {
		const writers, each, streams = 32, 20, 4
		j := journal.New(d)
		if _, err := d.Exec(`INSERT INTO counter (name, value) VALUES ('s0', 0), ('s1', 0), ('s2', 0), ('s3', 0)`); err != nil {
			t.Fatal(err)
		}
		var group sync.WaitGroup
		failures := make(chan error, writers)
		for w := range writers {
			group.Go(func() {
				for range each {
					if err := write(t.Context(), d, j, fmt.Sprintf("s%d", w%streams)); err != nil {
						failures <- err
						return
					}
				}
			})
		}
		done := make(chan struct{})
		go func() { group.Wait(); close(done) }()
		seen := map[journal.Stream]int64{}
		total := 0
		for last := false; ; {
			changed := j.Changed()
			total += drain(t, j, seen)
			if last {
				break
			}
			select {
			case <-changed:
			case <-done:
				last = true
			}
		}
		close(failures)
		for err := range failures {
			t.Error(err)
		}
		if total != writers*each {
			t.Fatalf("%d events of %d", total, writers*each)
		}
	})
}

func write(ctx context.Context, d *db.DB, j *journal.Journal, name string) error {
	return d.Tx(ctx, func(tx *sql.Tx) error {
		var seq int64
		if err := tx.QueryRowContext(ctx, `UPDATE counter SET value = value + 1 WHERE name = $1 RETURNING value`, name).Scan(&seq); err != nil {
			return err
		}
		return j.Append(ctx, tx, event(journal.Stream(name), seq, "", noon))
	})
}

// drain takes everything that is pending and checks that each stream goes on where it ended.
func drain(t *testing.T, j *journal.Journal, seen map[journal.Stream]int64) int {
	t.Helper()
	total := 0
	for {
		events, err := j.Pending(t.Context(), 50)
		if err != nil {
			t.Fatal(err)
		}
		if len(events) == 0 {
			return total
		}
		done := make([]journal.Position, 0, len(events))
		for _, e := range events {
			if e.Seq != seen[e.Stream]+1 {
				t.Fatalf("stream %s: %d after %d", e.Stream, e.Seq, seen[e.Stream])
			}
			seen[e.Stream] = e.Seq
			done = append(done, journal.Position{Stream: e.Stream, Seq: e.Seq})
		}
		if err := j.Relayed(t.Context(), done); err != nil {
			t.Fatal(err)
		}
		total += len(events)
	}
}

// A bell that rings between taking Changed and waiting is heard; ringing never blocks.
func TestBellIsHeardByAll(t *testing.T) {
	var b journal.Bell
	b.Ring()
	one, two := b.Changed(), b.Changed()
	b.Ring()
	b.Ring()
	<-one
	<-two
	select {
	case <-b.Changed():
		t.Fatal("an old ring was heard")
	default:
	}
}

func TestStreamNames(t *testing.T) {
	if journal.ConversationStream("x").Conversation() != "x" || journal.CustomerStream("x").Conversation() != "" {
		t.Fatal(errors.New("names of streams"))
	}
}
