package db_test

import (
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"testing"

	"sportello/inbox/db"
	"sportello/inbox/inboxtest"
)

// Statements run in their order; the first that fails says why, and nothing of them stays.
func TestTogether(t *testing.T) {
	inboxtest.Databases(t, func(t *testing.T, d *db.DB) {
		for _, s := range []string{`CREATE TABLE one (id TEXT PRIMARY KEY)`, `CREATE TABLE two (id TEXT REFERENCES one (id))`} {
			if _, err := d.ExecContext(t.Context(), s); err != nil {
				t.Fatal(err)
			}
		}
		one := func(id string) db.Statement { return db.Do(`INSERT INTO one (id) VALUES ($1)`, id) }
		two := func(id string) db.Statement { return db.Do(`INSERT INTO two (id) VALUES ($1)`, id) }
		none := db.Do(`UPDATE one SET id = $2 WHERE id = $1`, "nobody", "b")
		short := errors.New("too few")
		run := func(all ...db.Statement) (told bool, err error) {
			err = d.Tx(t.Context(), func(tx *sql.Tx) error {
				d.AfterCommit(tx, func() { told = true })
				return d.Together(t.Context(), tx, all...)
			})
			return told, err
		}
		count := func() (n int) {
			if err := d.QueryRowContext(t.Context(), `SELECT (SELECT count(*) FROM one) + (SELECT count(*) FROM two)`).Scan(&n); err != nil {
				t.Fatal(err)
			}
			return n
		}
		if told, err := run(db.Statement{}, one("a"), two("a"), none); err != nil || !told || count() != 2 {
			t.Fatal(told, err, count())
		}
		for name, all := range map[string][]db.Statement{
			"unique": {one("b"), one("a"), two("b")}, "alone": {one("a")}, "last": {one("b"), two("b"), one("a")},
		} {
			if told, err := run(all...); !db.IsUnique(err) || told || count() != 2 {
				t.Fatal(name, told, err, count())
			}
		}
		with, args := d.With("w", db.Texts("id", []string{"nobody"}, func(id string) string { return id }))
		exactly := func(rows int) db.Statement {
			return d.Exactly(rows, short, with, `UPDATE one SET id = w.id FROM w WHERE one.id = w.id`, args...)
		}
		if _, err := run(one("b"), exactly(1), two("b")); !errors.Is(err, short) || count() != 2 {
			t.Fatal(err, count())
		}
		if told, err := run(exactly(0)); err != nil || !told {
			t.Fatal(err)
		}
		if _, err := run(two("nobody"), one("b")); err == nil || count() != 2 {
			t.Fatal("a reference to nothing was written", count())
		}
		if _, err := run(one("b"), two("b")); err != nil || count() != 4 {
			t.Fatal(err, count())
		}
	})
}

// What is asked sees what was written before it in the same round trip, in rows of the types that the record uses; an answer that cannot be
// read fails like a statement that cannot be run.
func TestTogetherAsks(t *testing.T) {
	type name string
	inboxtest.Databases(t, func(t *testing.T, d *db.DB) {
		if _, err := d.ExecContext(t.Context(), `CREATE TABLE one (id TEXT PRIMARY KEY, n BIGINT, at BIGINT)`); err != nil {
			t.Fatal(err)
		}
		var found []string
		read := func(row db.Row) error {
			var id name
			var n int
			var at sql.NullInt64
			var known bool
			err := row.Scan(&id, &n, &at, &known)
			found = append(found, fmt.Sprint(id, n, db.Time(at).UnixMilli() > 0, known))
			return err
		}
		ask := db.Ask(read, `SELECT id, n, at, at IS NOT NULL FROM one WHERE n >= $1 ORDER BY id`, 1)
		add := db.Do(`INSERT INTO one (id, n, at) VALUES ($1, $2, $3)`, "a", 1, nil)
		more := db.Do(`INSERT INTO one (id, n, at) VALUES ($1, $2, $3)`, "b", 2, 5)
		err := d.Tx(t.Context(), func(tx *sql.Tx) error { return d.Together(t.Context(), tx, add, ask, more, ask) })
		if want := []string{"a1 false false", "a1 false false", "b2 true true"}; err != nil || !slices.Equal(found, want) {
			t.Fatalf("%q, %v; want %q", found, err, want)
		}
		for _, all := range [][]db.Statement{{ask}, {ask, ask}} {
			found = nil
			if err := d.Read(t.Context(), all...); err != nil || len(found) != 2*len(all) {
				t.Fatalf("%q, %v", found, err)
			}
		}
		broken := errors.New("not to be read")
		for _, all := range [][]db.Statement{
			{db.Ask(func(db.Row) error { return broken }, `SELECT 1`)}, {ask, db.Ask(func(db.Row) error { return broken }, `SELECT 1`), ask},
		} {
			if err := d.Read(t.Context(), all...); !errors.Is(err, broken) {
				t.Fatal(err)
			}
		}
		if err := d.Read(t.Context(), ask, ask); err != nil {
			t.Fatal("the connection is of no use any more:", err)
		}
	})
}
