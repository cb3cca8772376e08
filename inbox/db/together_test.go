package db_test

import (
	"database/sql"
	"errors"
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
		if _, err := run(one("b"), none.Exactly(1, short), two("b")); !errors.Is(err, short) || count() != 2 {
			t.Fatal(err, count())
		}
		if _, err := run(two("nobody"), one("b")); err == nil || count() != 2 {
			t.Fatal("a reference to nothing was written", count())
		}
		if _, err := run(one("b"), two("b")); err != nil || count() != 4 {
			t.Fatal(err, count())
		}
	})
}
