package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
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

// Statement is a statement that changes rows. The zero value does nothing.
type Statement struct {
	query string
	args  []any
	want  int64 // rows that it must change, if fewer is not nil
	fewer error
}

// Do makes a statement of a query and its arguments.
func Do(query string, args ...any) Statement { return Statement{query: query, args: args} }

// Exactly makes a statement fail with err when it does not change that many rows.
func (s Statement) Exactly(rows int, err error) Statement {
	s.want, s.fewer = int64(rows), err
	return s
}

func (s Statement) check(changed int64) error {
	if s.fewer != nil && changed != s.want {
		return s.fewer
	}
	return nil
}

// Together runs statements in their order within a transaction. The first that fails ends it, and the transaction is lost. PostgreSQL is
// sent all of them at once, so that they cost one round trip, if the transaction is one of Tx.
func (d *DB) Together(ctx context.Context, tx *sql.Tx, all ...Statement) error {
	batch := make([]Statement, 0, len(all))
	for _, s := range all {
		if s.query != "" {
			batch = append(batch, s)
		}
	}
	u := d.underway(tx)
	if d.Dialect == SQLite || u == nil || len(batch) < 2 {
		for _, s := range batch {
			r, err := tx.ExecContext(ctx, s.query, s.args...)
			if err != nil {
				return err
			}
			changed, err := r.RowsAffected()
			if err = errors.Join(err, s.check(changed)); err != nil {
				return err
			}
		}
		return nil
	}
	return u.conn.Raw(func(driver any) error {
		c, ok := driver.(*stdlib.Conn)
		if !ok {
			return fmt.Errorf("the driver is %T", driver)
		}
		return pipeline(ctx, c.Conn(), batch)
	})
}

func pipeline(ctx context.Context, c *pgx.Conn, all []Statement) (err error) {
	var batch pgx.Batch
	for _, s := range all {
		batch.Queue(s.query, s.args...)
	}
	results := c.SendBatch(ctx, &batch)
	for _, s := range all {
		tag, failed := results.Exec()
		if failed == nil {
			failed = s.check(tag.RowsAffected())
		}
		if err == nil {
			err = failed
		}
	}
	if closed := results.Close(); err == nil {
		err = closed
	}
	return err
}
