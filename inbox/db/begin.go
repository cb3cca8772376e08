package db

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
)

// A transaction on PostgreSQL begins with its first statements, in the same round trip (DB.Together), so that beginning it costs nothing of
// its own; if the caller knows its last statements, it is committed with them (DB.Finish), since what they answer is no reason not to: one
// that is (DB.Exactly) fails, and PostgreSQL passes over the rest. The invariant: nothing is run in a transaction before "begin"; whatever
// a connection is asked for sends it first.

// pgConnector opens connections whose transactions begin with their first statement.
type pgConnector struct{ driver.Connector }

// Connect implements driver.Connector.
func (c pgConnector) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	inner, ok := conn.(*stdlib.Conn)
	if !ok {
		return nil, errors.Join(fmt.Errorf("the driver's connection is %T", conn), conn.Close())
	}
	return &pgConn{Conn: inner}, nil
}

// pgConn is a connection to PostgreSQL. Like every connection of database/sql it is used by one goroutine at a time.
type pgConn struct {
	*stdlib.Conn
	pending bool  // a transaction was asked for, and nothing was sent
	failed  error // why it could not begin: nothing more is run until it is over
	over    bool  // it was committed with its last statements
}

// BeginTx implements driver.ConnBeginTx.
func (c *pgConn) BeginTx(ctx context.Context, opts driver.TxOptions) (driver.Tx, error) {
	if opts != (driver.TxOptions{}) {
		return c.Conn.BeginTx(ctx, opts)
	}
	c.pending, c.failed, c.over = true, nil, false
	return pgTx{ctx, c}, nil
}

// Begin implements driver.Conn.
func (c *pgConn) Begin() (driver.Tx, error) {
	return c.BeginTx(context.Background(), driver.TxOptions{})
}

// ExecContext implements driver.ExecerContext.
func (c *pgConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	if err := c.begin(ctx); err != nil {
		return nil, err
	}
	return c.Conn.ExecContext(ctx, query, args)
}

// QueryContext implements driver.QueryerContext.
func (c *pgConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	if err := c.begin(ctx); err != nil {
		return nil, err
	}
	return c.Conn.QueryContext(ctx, query, args)
}

// PrepareContext implements driver.ConnPrepareContext.
func (c *pgConn) PrepareContext(ctx context.Context, query string) (driver.Stmt, error) {
	if err := c.begin(ctx); err != nil {
		return nil, err
	}
	return c.Conn.PrepareContext(ctx, query)
}

// Prepare implements driver.Conn.
func (c *pgConn) Prepare(query string) (driver.Stmt, error) {
	return c.PrepareContext(context.Background(), query)
}

// begin begins what is pending, by itself.
func (c *pgConn) begin(ctx context.Context) error {
	if c.pending {
		c.pending = false
		_, c.failed = c.Conn.Conn().Exec(ctx, "begin")
	}
	return c.failed
}

// open reports whether the server has a transaction open.
func (c *pgConn) open() bool { return c.Conn.Conn().PgConn().TxStatus() != 'I' }

// pgTx is a transaction of a pgConn.
type pgTx struct {
	ctx  context.Context // of BeginTx
	conn *pgConn
}

// Commit implements driver.Tx.
func (t pgTx) Commit() error {
	c := t.conn
	nothing, failed := c.pending, c.failed
	c.pending, c.failed = false, nil
	if nothing || failed != nil || c.over {
		return failed
	}
	tag, err := c.Conn.Conn().Exec(t.ctx, "commit")
	if err == nil && tag.String() != "COMMIT" {
		err = pgx.ErrTxCommitRollback
	}
	if err != nil && c.open() {
		c.Conn.Close() //nolint:errcheck // err says more
	}
	return err
}

// Rollback implements driver.Tx.
func (t pgTx) Rollback() error {
	c := t.conn
	c.pending, c.failed = false, nil
	if !c.open() {
		return nil
	}
	_, err := c.Conn.Conn().Exec(t.ctx, "rollback")
	if err != nil {
		c.Conn.Close() //nolint:errcheck // err says more
	}
	return err
}

// pipeline sends statements in one round trip, with the beginning of the transaction if that is pending, and with its end if they are its
// last. The first that fails says why.
func (c *pgConn) pipeline(ctx context.Context, all []Statement, last bool) error {
	if c.failed != nil {
		return c.failed
	}
	if last {
		if c.pending && len(all) == 0 {
			return nil
		}
		all = append(slices.Clip(all), Statement{query: "commit"})
	}
	if !c.pending {
		err := c.send(ctx, all)
		c.over = last && err == nil
		return err
	}
	c.pending = false
	err := c.send(ctx, append([]Statement{{query: "begin"}}, all...))
	c.over = last && err == nil
	if err != nil && !c.open() {
		c.failed = err
	}
	return err
}

func (c *pgConn) send(ctx context.Context, all []Statement) error {
	var batch pgx.Batch
	for _, s := range all {
		batch.Queue(s.query, s.args...)
	}
	results := c.Conn.Conn().SendBatch(ctx, &batch)
	for _, s := range all {
		if err := s.result(results); err != nil {
			results.Close() //nolint:errcheck // err is the first
			return err
		}
	}
	return results.Close()
}

// result takes what PostgreSQL answers to one statement.
func (s Statement) result(from pgx.BatchResults) error {
	if s.each == nil {
		tag, err := from.Exec()
		if err == nil && s.query == "commit" && tag.String() != "COMMIT" {
			err = pgx.ErrTxCommitRollback
		}
		return s.check(tag.RowsAffected(), err)
	}
	rows, err := from.Query()
	if err != nil {
		return s.check(0, err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := s.each(rows); err != nil {
			return err
		}
	}
	return s.check(0, rows.Err())
}
