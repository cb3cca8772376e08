package journal_test

import (
	"database/sql"
	"fmt"
	"sync"
	"testing"

	"sportello/inbox/db"
	"sportello/inbox/inboxtest"
	"sportello/inbox/journal"
)

// The hash of an event is stored for ever, so how it is made never changes.
func TestN04HashOfAnEventStaysTheSame(t *testing.T) {
	e := event("conversation:a", 7, "anna", noon)
	e.ID, e.Content = "0195a1", "c"
	const want = "RYBACvams6GowYVV-mPe_Lntlg5uO-wq2q9HpNC0vQI"
	if got := e.Chain("before"); got != want {
		t.Fatalf("%s, want %s", got, want)
	}
	changed := []journal.Event{}
	for n := range 8 {
		o := e
		switch n {
		case 0:
			o.Stream = "conversation:b"
		case 1:
			o.Seq++
		case 2:
			o.ID = "x"
		case 3:
			o.Customer = ""
		case 4:
			o.Type, o.Actor = o.Type+"s", o.Actor[1:] // the fields' borders count
		case 5:
			o.At = o.At.Add(1_000_000)
		case 6:
			o.Data = []byte(`{"n":2}`)
		case 7:
			o.Content = ""
		}
		changed = append(changed, o)
	}
	for n, o := range changed {
		if o.Chain("before") == want {
			t.Errorf("change %d does not change the hash", n)
		}
	}
	if e.Chain("") == want {
		t.Error("the hash before does not count")
	}
}

// Each stream is one unbroken chain, however many write at once and however many events come together.
func TestN04StreamsAreChains(t *testing.T) {
	inboxtest.Databases(t, func(t *testing.T, d *db.DB) {
		const writers, each, streams = 16, 8, 4
		j := journal.New(d)
		for n := range streams {
			if _, err := d.Exec(`INSERT INTO counter (name, value) VALUES ($1, 0)`, fmt.Sprintf("s%d", n)); err != nil {
				t.Fatal(err)
			}
		}
		var group sync.WaitGroup
		for w := range writers {
			group.Go(func() {
				for range each {
					if err := writeTwo(t, d, j, fmt.Sprintf("s%d", w%streams)); err != nil {
						t.Error(err)
						return
					}
				}
			})
		}
		group.Wait()
		for n := range streams {
			if got := chained(t, d, fmt.Sprintf("s%d", n)); got != 2*each*writers/streams {
				t.Errorf("%d events", got)
			}
		}
	})
}

// writeTwo appends two events of one stream together, and one of a stream of its own.
func writeTwo(t *testing.T, d *db.DB, j *journal.Journal, name string) error {
	return d.Tx(t.Context(), func(tx *sql.Tx) error {
		var seq int64
		if err := tx.QueryRow(`UPDATE counter SET value = value + 2 WHERE name = $1 RETURNING value`, name).Scan(&seq); err != nil {
			return err
		}
		own := event(journal.Stream(fmt.Sprintf("%s-%d", name, seq)), 1, "", noon)
		s := journal.Stream(name)
		return j.Append(t.Context(), tx, event(s, seq-1, "", noon), own, event(s, seq, "", noon))
	})
}

// chained checks the chain of a stream and counts its events.
func chained(t *testing.T, d *db.DB, name string) int {
	t.Helper()
	events, err := journal.New(d).Stream(t.Context(), journal.Stream(name), 0, 1000)
	if err != nil {
		t.Fatal(err)
	}
	before := ""
	for _, e := range events {
		var hash string
		if err := d.QueryRow(`SELECT hash FROM event WHERE stream = $1 AND seq = $2`, name, e.Seq).Scan(&hash); err != nil {
			t.Fatal(err)
		}
		if hash == "" || e.Chain(before) != hash {
			t.Fatalf("event %d of %s does not follow", e.Seq, name)
		}
		before = hash
	}
	return len(events)
}

// BenchmarkChain measures what the chain costs within this program for an event of usual size. The database looks up the hash before in
// the statement that notes the event for the relay: no statement is added.
func BenchmarkChain(b *testing.B) {
	e := event("conversation:0195a1b2-7000-7000-8000-000000000001", 7, "0195a1b2-7000-7000-8000-000000000002", noon)
	e.ID, e.Data = "0195a1b2-7000-7000-8000-000000000003", make([]byte, 1000)
	before := e.Chain("")
	for b.Loop() {
		before = e.Chain(before)
	}
}

// BenchmarkAppend appends 64 events of 64 streams that have one event each, as a batch of chat messages does.
func BenchmarkAppend(b *testing.B) {
	for name, open := range map[string]func(testing.TB) *db.DB{"sqlite": inboxtest.SQLite, "postgres": inboxtest.Postgres} {
		b.Run(name, func(b *testing.B) {
			d, j, seq := open(b), (*journal.Journal)(nil), int64(0)
			j = journal.New(d)
			for b.Loop() {
				seq++
				batch := make([]journal.Event, 64)
				for n := range batch {
					batch[n] = event(journal.Stream(fmt.Sprintf("conversation:%036d", n)), seq, "", noon)
					batch[n].Data = fmt.Appendf(nil, "%q", make([]byte, 250))
				}
				if err := d.Tx(b.Context(), func(tx *sql.Tx) error { return j.Append(b.Context(), tx, batch...) }); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/64, "µs/event")
		})
	}
}
