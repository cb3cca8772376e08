package db_test

import (
	"context"
	"database/sql"
	"errors"
	"sync"
	"testing"
	"time"

	"sportello/inbox/db"
	"sportello/inbox/inboxtest"
)

func TestMain(m *testing.M) { inboxtest.Main(m) }

// The record keeps its own rules: whatever a program writes, a state is one of the known ones and fits what stands beside it.
func TestStatesAreChecked(t *testing.T) {
	inboxtest.Databases(t, func(t *testing.T, d *db.DB) {
		if _, err := d.Exec(`INSERT INTO customer (id, created_at, updated_at) VALUES ('c', 1, 1)`); err != nil {
			t.Fatal(err)
		}
		insert := func(id, state, queue, assignee string, closed any) error {
			_, err := d.Exec(`INSERT INTO conversation (id, number, customer_id, kind, account_id, state, queue, assignee, created_at, updated_at, closed_at)
				VALUES ($1, $2, 'c', 'email', 'a', $3, $4, $5, 1, 1, $6)`, id, len(id), state, queue, assignee, closed)
			return err
		}
		for name, err := range map[string]error{
			"unknown state":             insert("a", "lost", "q", "", nil),
			"assigned to nobody":        insert("a", "assigned", "q", "", nil),
			"waiting with an assignee":  insert("a", "waiting", "q", "anna", nil),
			"waiting in no queue":       insert("a", "waiting", "", "", nil),
			"closed without a time":     insert("a", "closed", "q", "", nil),
			"open with a time of close": insert("a", "waiting", "q", "", 1),
		} {
			if err == nil {
				t.Errorf("%s was taken", name)
			}
		}
		for _, err := range []error{
			insert("a", "new", "", "", nil), insert("bb", "waiting", "q", "", nil), insert("ccc", "assigned", "", "anna", nil),
			insert("dddd", "closed", "q", "", 1),
		} {
			if err != nil {
				t.Error(err)
			}
		}
	})
}

// An address has one owner, whatever races happened before.
func TestAddressHasOneOwner(t *testing.T) {
	inboxtest.Databases(t, func(t *testing.T, d *db.DB) {
		if _, err := d.Exec(`INSERT INTO customer (id, created_at, updated_at) VALUES ('c', 1, 1), ('e', 1, 1)`); err != nil {
			t.Fatal(err)
		}
		insert := func(id, customer string, owner int) error {
			_, err := d.Exec(`INSERT INTO identity (id, customer_id, kind, value, proof, owner, created_at) VALUES ($1, $2, 'email', 'x@y.it', 0, $3, 1)`,
				id, customer, owner)
			return err
		}
		if err := insert("1", "c", 1); err != nil {
			t.Fatal(err)
		}
		if err := insert("2", "e", 1); !db.IsUnique(err) {
			t.Fatalf("a second owner: %v", err)
		}
		if err := insert("3", "e", 0); err != nil {
			t.Fatalf("declared by another: %v", err)
		}
	})
}

// Lock makes transactions on one key wait for each other.
func TestLockIsExclusive(t *testing.T) {
	inboxtest.Databases(t, func(t *testing.T, d *db.DB) {
		var group sync.WaitGroup
		for range 8 {
			group.Go(func() {
				err := d.Tx(t.Context(), func(tx *sql.Tx) error {
					if err := d.Lock(t.Context(), tx, "counter"); err != nil {
						return err
					}
					var n int
					if err := tx.QueryRow(`SELECT value FROM counter WHERE name = 'conversation'`).Scan(&n); err != nil {
						return err
					}
					_, err := tx.Exec(`UPDATE counter SET value = $1 WHERE name = 'conversation'`, n+1)
					return err
				})
				if err != nil {
					t.Error(err)
				}
			})
		}
		group.Wait()
		var n int
		if err := d.QueryRow(`SELECT value FROM counter WHERE name = 'conversation'`).Scan(&n); err != nil || n != 1008 {
			t.Fatal(n, err)
		}
	})
}

// What fails is undone, and the error comes out as it is.
func TestTxUndoesWhatFails(t *testing.T) {
	inboxtest.Databases(t, func(t *testing.T, d *db.DB) {
		boom := errors.New("boom")
		err := d.Tx(t.Context(), func(tx *sql.Tx) error {
			if _, err := tx.Exec(`INSERT INTO queue (id, name, created_at) VALUES ('q', 'q', 1)`); err != nil {
				return err
			}
			return boom
		})
		var n int
		if scan := d.QueryRow(`SELECT count(*) FROM queue`).Scan(&n); !errors.Is(err, boom) || scan != nil || n != 0 {
			t.Fatal(err, scan, n)
		}
	})
}

func TestTimesAreUTCMilliseconds(t *testing.T) {
	at := time.Date(2026, 3, 29, 3, 30, 0, 1_999_999, time.FixedZone("", 7200))
	got := db.Time(sql.NullInt64{Int64: db.Millis(at).(int64), Valid: true})
	if !got.Equal(at.Truncate(time.Millisecond)) || got.Location() != time.UTC {
		t.Fatal(got)
	}
	if db.Millis(time.Time{}) != nil || !db.Time(sql.NullInt64{}).IsZero() {
		t.Fatal("the zero time is NULL")
	}
}

// A path may hold what has a meaning in addresses.
func TestOpenTakesAnyPath(t *testing.T) {
	for _, name := range []string{"a#b", "a?b", "a b", "a%20b"} {
		d, err := db.Open(t.Context(), "sqlite:"+t.TempDir()+"/"+name)
		if err != nil {
			t.Fatal(name, err)
		}
		if steps, err := d.Migrate(t.Context()); err != nil || steps == 0 {
			t.Fatal(name, steps, err)
		}
		if steps, err := d.Migrate(t.Context()); err != nil || steps != 0 {
			t.Fatal(name, steps, err)
		}
		if err := d.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := db.Open(t.Context(), "mysql://x"); err == nil {
		t.Fatal("an unknown database was opened")
	}
}

// However many write, each gets his turn in the order of arrival, and one who gives up leaves it to the others.
func TestWritersTakeTurns(t *testing.T) {
	inboxtest.Databases(t, func(t *testing.T, d *db.DB) {
		if _, err := d.Exec(`CREATE TABLE turns (n BIGINT NOT NULL)`); err != nil {
			t.Fatal(err)
		}
		var group sync.WaitGroup
		for n := range 24 {
			group.Go(func() {
				for range 10 {
					var err error
					if n%2 == 0 {
						_, err = d.ExecContext(t.Context(), `INSERT INTO turns (n) VALUES ($1)`, n)
					} else {
						err = d.Tx(t.Context(), func(tx *sql.Tx) error {
							_, err := tx.Exec(`INSERT INTO turns (n) VALUES ($1)`, n)
							return err
						})
					}
					if err != nil {
						t.Error(err)
					}
				}
			})
		}
		group.Wait()
		gone, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := d.ExecContext(gone, `INSERT INTO turns (n) VALUES (1)`); !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
		var n int
		if err := d.QueryRow(`SELECT count(*) FROM turns`).Scan(&n); err != nil || n != 240 {
			t.Fatal(n, err)
		}
	})
}

// A set is the same rows on either database, with texts of any kind, numbers, and times that may be missing.
func TestSetOfRows(t *testing.T) {
	inboxtest.Databases(t, func(t *testing.T, d *db.DB) {
		type row struct {
			text string
			n    int
			at   time.Time
		}
		rows := []row{{"", 0, time.Time{}}, {`a,"b'{}\ è`, -1, time.UnixMilli(5)}, {"NULL", 1 << 40, time.UnixMilli(0)}}
		with, args := d.With("w", db.Texts("text", rows, func(r row) string { return r.text }),
			db.Ints("n", rows, func(r row) int { return r.n }), db.Times("at", rows, func(r row) time.Time { return r.at }))
		found, err := d.Query(`WITH `+with+` SELECT text, n, at FROM w ORDER BY n`, args...)
		if err != nil {
			t.Fatal(err)
		}
		defer found.Close() //nolint:errcheck // Err says what matters
		for _, want := range []row{rows[1], rows[0], rows[2]} {
			var got row
			var at sql.NullInt64
			if !found.Next() || found.Scan(&got.text, &got.n, &at) != nil {
				t.Fatal(found.Err())
			}
			if got.text != want.text || got.n != want.n || at.Valid == want.at.IsZero() || at.Valid && at.Int64 != want.at.UnixMilli() {
				t.Fatalf("%+v %v, want %+v", got, at, want)
			}
		}
		if found.Next() || found.Err() != nil {
			t.Fatal("more rows", found.Err())
		}
	})
}
