package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/jackc/pgx/v5/pgconn"
)

// underway is a transaction of DB.Tx.
type underway struct {
	conn  *sql.Conn
	after []func() // whom it has to tell
}

// note remembers a transaction, or forgets it.
func (d *DB) note(tx *sql.Tx, u *underway) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if u == nil {
		delete(d.open, tx)
		return
	}
	d.open[tx] = u
}

func (d *DB) underway(tx *sql.Tx) *underway {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.open[tx]
}

// AfterCommit has tell called when a transaction of Tx has committed, before Tx returns; if it does not commit, never. A transaction
// that was begun otherwise tells nobody.
func (d *DB) AfterCommit(tx *sql.Tx, tell func()) {
	if u := d.underway(tx); u != nil {
		u.after = append(u.after, tell)
	}
}

// Statement is one statement of several that are run together. The zero value does nothing.
type Statement struct {
	query string
	args  []any
	each  func(Row) error // reads a row; nil for statements that give none
	want  int64           // rows that it must change, if fewer is not nil
	fewer error
}

// Row is a row that a statement gave.
type Row interface{ Scan(into ...any) error }

// Do makes a statement that changes rows, of a query and its arguments.
func Do(query string, args ...any) Statement { return Statement{query: query, args: args} }

// Ask makes a statement that gives rows: each is called for every one of them, and must not run statements itself. A transaction that is
// run again asks again. A truth must be one in the query too: PostgreSQL makes none of a number.
func Ask(each func(Row) error, query string, args ...any) Statement {
	return Statement{query: query, args: args, each: each}
}

// Exactly makes a statement that changes the rows of a set (With), and fails with fewer when those are not as many as rows. It fails where
// it is run, so that nothing behind it is done: PostgreSQL is made to divide by zero.
func (d *DB) Exactly(rows int, fewer error, with, change string, args ...any) Statement {
	if d.Dialect == SQLite {
		return Statement{query: `WITH ` + with + ` ` + change, args: args, want: int64(rows), fewer: fewer}
	}
	return Statement{
		query: `WITH ` + with + `, changed AS (` + change + ` RETURNING 1)
			SELECT 1 / CASE count(*) WHEN $` + strconv.Itoa(len(args)+1) + `::bigint THEN 1 ELSE 0 END FROM changed`,
		args: append(slices.Clip(args), int64(rows)), fewer: fewer, each: func(Row) error { return nil },
	}
}

// check is the error of a statement, given how many rows it changed and how it ended.
func (s Statement) check(changed int64, err error) error {
	var pg *pgconn.PgError
	if s.fewer != nil && (err == nil && s.each == nil && changed != s.want || errors.As(err, &pg) && pg.Code == divisionByZero) {
		return s.fewer
	}
	return err
}

const divisionByZero = "22012"

// on runs one statement by itself.
func (s Statement) on(ctx context.Context, q Querier) error {
	if s.each == nil {
		r, err := q.ExecContext(ctx, s.query, s.args...)
		if err != nil {
			return err
		}
		return s.check(r.RowsAffected())
	}
	rows, err := q.QueryContext(ctx, s.query, s.args...)
	if err != nil {
		return err
	}
	defer rows.Close() //nolint:errcheck // rows.Err says what matters
	for rows.Next() {
		if err := s.each(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// Together runs statements in their order within a transaction. The first that fails ends it, and the transaction is lost. PostgreSQL is
// sent all of them at once, so that they cost one round trip, if the transaction is one of Tx.
func (d *DB) Together(ctx context.Context, tx *sql.Tx, all ...Statement) error {
	batch := some(all)
	u := d.underway(tx)
	if d.Dialect == Postgres && u != nil && len(batch) > 0 {
		return pipelined(ctx, u.conn, batch, false)
	}
	for _, s := range batch {
		if err := s.on(ctx, tx); err != nil {
			return err
		}
	}
	return nil
}

// Finish is Together for the last statements of a transaction of Tx: PostgreSQL is sent the commit with them. Nothing more may be run in it,
// and whoever runs it must have no reason left not to commit. An error may mean that it has been committed all the same, like one of Tx.
func (d *DB) Finish(ctx context.Context, tx *sql.Tx, all ...Statement) error {
	u := d.underway(tx)
	if d.Dialect != Postgres || u == nil {
		return d.Together(ctx, tx, all...)
	}
	return pipelined(ctx, u.conn, some(all), true)
}

// Read is Together for statements that only read, outside a transaction: each sees the record as it is when its turn comes.
func (d *DB) Read(ctx context.Context, all ...Statement) error {
	batch := some(all)
	if d.Dialect == Postgres && len(batch) > 1 {
		conn, err := d.Conn(ctx)
		if err != nil {
			return err
		}
		defer conn.Close() //nolint:errcheck // it goes back to the pool
		return pipelined(ctx, conn, batch, false)
	}
	for _, s := range batch {
		if err := s.on(ctx, d); err != nil {
			return err
		}
	}
	return nil
}

// some leaves out what does nothing.
func some(all []Statement) []Statement {
	batch := make([]Statement, 0, len(all))
	for _, s := range all {
		if s.query != "" {
			batch = append(batch, s)
		}
	}
	return batch
}

func pipelined(ctx context.Context, conn *sql.Conn, all []Statement, last bool) error {
	return conn.Raw(func(driver any) error {
		c, ok := driver.(*pgConn)
		if !ok {
			return fmt.Errorf("the driver is %T", driver)
		}
		return c.pipeline(ctx, all, last)
	})
}
