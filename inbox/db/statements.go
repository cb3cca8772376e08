package db

import (
	"container/list"
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
)

// SQLite plans a statement each time that it is run, unless it is prepared, and planning the sets of a batch takes longer than running
// them. So each connection keeps what it has prepared, as PostgreSQL's driver does. The invariants:
//
//   - A connection is used by one goroutine at a time (database/sql sees to it).
//   - A prepared statement that still gives rows is not run again: the same text meanwhile is prepared anew, for once.

// mostText bounds the prepared statements of a connection, by the bytes of their text.
const mostText = 256 << 10

// connector opens connections that keep their statements.
type connector struct {
	driver driver.Driver
	dsn    string
}

// Connect implements driver.Connector.
func (c connector) Connect(context.Context) (driver.Conn, error) {
	conn, err := c.driver.Open(c.dsn)
	if err != nil {
		return nil, err
	}
	inner, ok := conn.(sqliteConn)
	if !ok {
		return nil, errors.Join(errors.New("the driver of SQLite lacks contexts"), conn.Close())
	}
	return &keeping{sqliteConn: inner, known: map[string]*list.Element{}}, nil
}

// Driver implements driver.Connector.
func (c connector) Driver() driver.Driver { return c.driver }

// sqliteConn is what the driver's connections can do.
type sqliteConn interface {
	driver.Conn
	driver.ConnPrepareContext
	driver.ConnBeginTx
	driver.ExecerContext
	driver.QueryerContext
	driver.Pinger
	driver.SessionResetter
	driver.Validator
}

// keeping is a connection that keeps its statements.
type keeping struct {
	sqliteConn
	known map[string]*list.Element // of order
	order list.List                // of *kept, the one used last in front
	size  int
}

// kept is a prepared statement.
type kept struct {
	text string
	stmt driver.Stmt
	busy bool
}

// Close implements driver.Conn.
func (c *keeping) Close() error {
	for c.order.Len() > 0 {
		c.drop(c.order.Back())
	}
	return c.sqliteConn.Close()
}

// ExecContext implements driver.ExecerContext.
func (c *keeping) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	k := c.prepared(ctx, query)
	if k == nil {
		return c.sqliteConn.ExecContext(ctx, query, args)
	}
	return k.stmt.(driver.StmtExecContext).ExecContext(ctx, args)
}

// QueryContext implements driver.QueryerContext.
func (c *keeping) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	k := c.prepared(ctx, query)
	if k == nil {
		return c.sqliteConn.QueryContext(ctx, query, args)
	}
	rows, err := k.stmt.(driver.StmtQueryContext).QueryContext(ctx, args)
	if err != nil {
		return nil, err
	}
	k.busy = true
	return &keptRows{rows, k}, nil
}

// prepared is a statement that is free to be run, or nil: then it is run as it is, and says itself what is wrong with it.
func (c *keeping) prepared(ctx context.Context, query string) *kept {
	if e := c.known[query]; e != nil {
		k := e.Value.(*kept) //nolint:forcetypeassert // the list holds nothing else
		if k.busy {
			return nil
		}
		c.order.MoveToFront(e)
		return k
	}
	if len(query) > mostText/4 {
		return nil
	}
	stmt, err := c.PrepareContext(ctx, query)
	if err != nil {
		return nil
	}
	k := &kept{text: query, stmt: stmt}
	c.known[query] = c.order.PushFront(k)
	for c.size += len(query); c.size > mostText; {
		oldest := c.order.Back()
		for oldest != nil && (oldest.Value.(*kept).busy || oldest.Value == any(k)) { //nolint:forcetypeassert // as above
			oldest = oldest.Prev()
		}
		if oldest == nil {
			break
		}
		c.drop(oldest)
	}
	return k
}

func (c *keeping) drop(e *list.Element) {
	k := c.order.Remove(e).(*kept) //nolint:forcetypeassert // the list holds nothing else
	delete(c.known, k.text)
	c.size -= len(k.text)
	k.stmt.Close() //nolint:errcheck // nothing depends on it any more
}

// keptRows frees its statement when it is closed.
type keptRows struct {
	driver.Rows
	of *kept
}

// Close implements driver.Rows.
func (r *keptRows) Close() error {
	err := r.Rows.Close()
	r.of.busy = false
	return err
}

// openSQLite opens a pool of connections that keep their statements.
func openSQLite(dsn string) (*sql.DB, error) {
	probe, err := sql.Open("sqlite", dsn) // only to learn which driver has that name
	if err != nil {
		return nil, err
	}
	defer probe.Close() //nolint:errcheck // it has connected to nothing
	return sql.OpenDB(connector{probe.Driver(), dsn}), nil
}
