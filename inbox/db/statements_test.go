package db

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
)

func openTest(t *testing.T) *DB {
	d, err := Open(t.Context(), "sqlite:"+filepath.Join(t.TempDir(), "record.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() }) //nolint:errcheck // the file goes anyway
	d.SetMaxOpenConns(1)
	if _, err := d.ExecContext(t.Context(), `CREATE TABLE a (n INTEGER)`); err != nil {
		t.Fatal(err)
	}
	return d
}

// One text runs within itself, over and over, and after the table has changed.
func TestKeptStatementsRunAgain(t *testing.T) {
	d := openTest(t)
	const insert, query = `INSERT INTO a (n) VALUES (?)`, `SELECT n FROM a WHERE n >= ? ORDER BY n`
	for n := range 5 {
		if _, err := d.ExecContext(t.Context(), insert, n); err != nil {
			t.Fatal(err)
		}
	}
	read := func(ctx context.Context, q Querier, from int) (all []int) {
		rows, err := q.QueryContext(ctx, query, from)
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close() //nolint:errcheck // rows.Err says what matters
		for rows.Next() {
			var n int
			if err := rows.Scan(&n); err != nil {
				t.Fatal(err)
			}
			all = append(all, n)
		}
		if err := rows.Err(); err != nil {
			t.Fatal(err)
		}
		return all
	}
	err := d.Tx(t.Context(), func(tx *sql.Tx) error {
		outer, err := tx.QueryContext(t.Context(), query, 0)
		if err != nil {
			return err
		}
		defer outer.Close() //nolint:errcheck // as above
		seen := 0
		for outer.Next() {
			var n int
			if err := outer.Scan(&n); err != nil {
				return err
			}
			if got := read(t.Context(), tx, n); len(got) != 5-n || n != seen {
				t.Errorf("%d: %v", n, got)
			}
			seen++
		}
		return outer.Err()
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.ExecContext(t.Context(), `ALTER TABLE a ADD COLUMN m INTEGER`); err != nil {
		t.Fatal(err)
	}
	if got := read(t.Context(), d, 3); fmt.Sprint(got) != "[3 4]" {
		t.Fatal(got)
	}
	if _, err := d.ExecContext(t.Context(), insert, 5); err != nil {
		t.Fatal(err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if rows, err := d.QueryContext(ended, query, 0); err == nil {
		rows.Close() //nolint:errcheck // it failed anyway
		t.Fatal("a query whose context has ended was run")
	}
	if got := read(t.Context(), d, 4); fmt.Sprint(got) != "[4 5]" {
		t.Fatal(got)
	}
}

// What is kept is bounded, and what is wrong is said.
func TestKeptStatementsAreBounded(t *testing.T) {
	d := openTest(t)
	for n := range 200 {
		var got int
		text := fmt.Sprintf(`SELECT %d /* %s */`, n, strings.Repeat("x", 5000))
		if err := d.QueryRowContext(t.Context(), text).Scan(&got); err != nil || got != n {
			t.Fatal(got, err)
		}
	}
	conn, err := d.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close() //nolint:errcheck // it goes back to the pool
	err = conn.Raw(func(c any) error {
		k := c.(*keeping) //nolint:forcetypeassert // nothing else is opened
		if k.size > mostText || len(k.known) != k.order.Len() || k.order.Len() < 10 {
			return fmt.Errorf("%d bytes in %d statements, %d known", k.size, k.order.Len(), len(k.known))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	conn.Close() //nolint:errcheck // as above
	for range 2 {
		if _, err := d.ExecContext(t.Context(), `SELEKT`); err == nil || !strings.Contains(err.Error(), "syntax") {
			t.Fatal(err)
		}
	}
}
