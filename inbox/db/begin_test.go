package db_test

import (
	"database/sql"
	"errors"
	"testing"

	"sportello/inbox/db"
	"sportello/inbox/inboxtest"
)

// Whatever a transaction runs first is in it: it stays when the transaction commits, and only then.
func TestTransactionBeginsWithWhatIsRunFirst(t *testing.T) {
	inboxtest.Databases(t, func(t *testing.T, d *db.DB) {
		if _, err := d.ExecContext(t.Context(), `CREATE TABLE one (id BIGINT)`); err != nil {
			t.Fatal(err)
		}
		add := db.Do(`INSERT INTO one (id) VALUES ($1)`, 1)
		count := db.Ask(func(row db.Row) error { return row.Scan(new(int)) }, `SELECT count(*) FROM one`)
		first := map[string]func(tx *sql.Tx) error{
			"nothing": func(*sql.Tx) error { return nil },
			"exec": func(tx *sql.Tx) error {
				_, err := tx.ExecContext(t.Context(), `INSERT INTO one (id) VALUES (1)`)
				return err
			},
			"query": func(tx *sql.Tx) error {
				return tx.QueryRowContext(t.Context(), `INSERT INTO one (id) VALUES (1) RETURNING id`).Scan(new(int))
			},
			"prepared": func(tx *sql.Tx) error {
				s, err := tx.PrepareContext(t.Context(), `INSERT INTO one (id) VALUES (1)`)
				if err == nil {
					_, err = s.ExecContext(t.Context())
				}
				return err
			},
			"one":     func(tx *sql.Tx) error { return d.Together(t.Context(), tx, add) },
			"several": func(tx *sql.Tx) error { return d.Together(t.Context(), tx, count, add, count) },
		}
		stays := 0
		for name, run := range first {
			changed := errors.New("changed his mind")
			for _, want := range []error{changed, nil} {
				err := d.Tx(t.Context(), func(tx *sql.Tx) error {
					if err := run(tx); err != nil {
						return err
					}
					return want
				})
				if !errors.Is(err, want) {
					t.Fatal(name, err)
				}
				if want == nil && name != "nothing" {
					stays++
				}
				var n int
				if err := d.QueryRowContext(t.Context(), `SELECT count(*) FROM one`).Scan(&n); err != nil || n != stays {
					t.Fatalf("%s: %d rows, want %d; %v", name, n, stays, err)
				}
			}
		}
	})
}

// A transaction of which a statement failed is lost on PostgreSQL, whoever overlooks it: also when it could not even begin.
func TestFailedTransactionIsNotCommitted(t *testing.T) {
	d := inboxtest.Postgres(t)
	if _, err := d.ExecContext(t.Context(), `CREATE TABLE one (id BIGINT PRIMARY KEY)`); err != nil {
		t.Fatal(err)
	}
	add := db.Do(`INSERT INTO one (id) VALUES ($1)`, 1)
	for name, broken := range map[string]db.Statement{
		"not to be planned": db.Do(`INSERT INTO nowhere (id) VALUES (1)`), "not to be run": db.Do(`SELECT 1 / (SELECT count(*) FROM one)`),
	} {
		for first, all := range map[string][]db.Statement{"at first": {broken, add}, "later": {db.Do(`SELECT 1`), broken}} {
			err := d.Tx(t.Context(), func(tx *sql.Tx) error {
				if err := d.Together(t.Context(), tx, all...); err == nil {
					t.Error("it was run")
				}
				_, err := tx.ExecContext(t.Context(), `INSERT INTO one (id) VALUES (2)`)
				if err == nil {
					t.Error("it goes on")
				}
				if d.Together(t.Context(), tx, add, add) == nil {
					t.Error("it goes on")
				}
				return nil
			})
			var n int
			if again := d.QueryRowContext(t.Context(), `SELECT count(*) FROM one`).Scan(&n); err == nil || again != nil || n != 0 {
				t.Fatalf("%s, %s: %d rows; %v, %v", name, first, n, err, again)
			}
		}
	}
}

// What is finished is committed with its last statements, or not at all: when one of them fails, when too few rows change, and when nothing
// was run before them.
func TestTransactionEndsWithItsLastStatements(t *testing.T) {
	inboxtest.Databases(t, func(t *testing.T, d *db.DB) {
		if _, err := d.ExecContext(t.Context(), `CREATE TABLE one (id BIGINT PRIMARY KEY)`); err != nil {
			t.Fatal(err)
		}
		add := func(n int) db.Statement { return db.Do(`INSERT INTO one (id) VALUES ($1)`, n) }
		with, args := d.With("w", db.Ints("id", []int{1, 2}, func(n int) int { return n }))
		short := errors.New("too few")
		both := d.Exactly(2, short, with, `UPDATE one SET id = one.id FROM w WHERE one.id = w.id`, args...)
		finish := func(before []db.Statement, last ...db.Statement) (told bool, err error) {
			err = d.Tx(t.Context(), func(tx *sql.Tx) error {
				d.AfterCommit(tx, func() { told = true })
				if err := d.Together(t.Context(), tx, before...); err != nil {
					return err
				}
				return d.Finish(t.Context(), tx, last...)
			})
			return told, err
		}
		var n int
		for _, c := range []struct {
			name         string
			before, last []db.Statement
			fails        bool
			want         int
		}{
			{"nothing", nil, nil, false, 0},
			{"too few", nil, []db.Statement{add(1), both, add(9)}, true, 0},
			{"at once", nil, []db.Statement{add(1)}, false, 1},
			{"a repeat", []db.Statement{add(2)}, []db.Statement{add(1), add(3)}, true, 1},
			{"in two steps", []db.Statement{add(2)}, []db.Statement{both, add(3)}, false, 3},
			{"only before", []db.Statement{add(4)}, nil, false, 4},
		} {
			told, err := finish(c.before, c.last...)
			if err := d.QueryRowContext(t.Context(), `SELECT count(*) FROM one`).Scan(&n); err != nil {
				t.Fatal(err)
			}
			if told == c.fails || (err != nil) != c.fails || n != c.want {
				t.Fatalf("%s: told %v, %v, %d rows", c.name, told, err, n)
			}
		}
	})
}
