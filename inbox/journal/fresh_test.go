package journal_test

import (
	"context"
	"database/sql"
	"errors"
	"testing"

	"sportello/inbox/db"
	"sportello/inbox/inboxtest"
	"sportello/inbox/journal"
)

// What was committed is fresh once, in order; what was rolled back never is.
func TestFreshIsWhatWasCommitted(t *testing.T) {
	inboxtest.Databases(t, func(t *testing.T, d *db.DB) {
		j := journal.New(d)
		append1 := func(seq int64, fail error) {
			err := d.Tx(t.Context(), func(tx *sql.Tx) error {
				return errors.Join(j.Append(context.Background(), tx, event("conversation:a", seq, "", noon)), fail)
			})
			if !errors.Is(err, fail) {
				t.Fatal(err)
			}
		}
		changed := j.Changed()
		append1(1, errors.New("no"))
		select {
		case <-changed:
			t.Fatal("told of what was rolled back")
		default:
		}
		append1(1, nil)
		<-changed
		append1(2, nil)
		got, lost := j.Fresh()
		if len(got) != 2 || lost || got[0].Seq != 1 || got[1].Seq != 2 || got[0].ID == "" {
			t.Fatalf("fresh %v, lost %v", got, lost)
		}
		if again, _ := j.Fresh(); len(again) != 0 {
			t.Fatalf("fresh again: %v", again)
		}
	})
}

// Nobody takes them: memory stays bounded, and it is said that some must be read from the record.
func TestFreshIsBounded(t *testing.T) {
	d := inboxtest.SQLite(t)
	j := journal.New(d)
	for n := range 50 {
		err := d.Tx(t.Context(), func(tx *sql.Tx) error {
			events := make([]journal.Event, 100)
			for i := range events {
				events[i] = event("conversation:a", int64(n*100+i+1), "", noon)
			}
			return j.Append(t.Context(), tx, events...)
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	got, lost := j.Fresh()
	if !lost || len(got) > 2048 {
		t.Fatalf("%d events, lost %v", len(got), lost)
	}
	if _, lost = j.Fresh(); lost {
		t.Fatal("lost twice")
	}
}
