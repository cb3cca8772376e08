// Package db opens the record, migrates it and runs transactions on it.
//
// It is the only importer of SQL drivers. Two databases are served by one set of queries: SQLite (one file, WAL, synchronous=FULL)
// and PostgreSQL (>= 15). Queries use $1 placeholders, the common subset of both dialects, and integers (UTC milliseconds) for
// times; the few differences are here: Lock, IsUnique, IsTransient and the migration lock.
package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// Dialect names a database.
type Dialect string

// The dialects.
const (
	SQLite   Dialect = "sqlite"
	Postgres Dialect = "postgres"
)

// DB is an open record. It is safe for concurrent use.
type DB struct {
	*sql.DB
	Dialect Dialect
	writer  chan struct{} // SQLite: held by the one who writes; nil otherwise

	mu   sync.Mutex
	open map[*sql.Tx]*underway
}

// Querier is what a query runs on: the DB or a transaction.
type Querier interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// Open opens the record at address: "sqlite:PATH" or "postgres://…". It does not migrate. The caller closes the DB.
func Open(ctx context.Context, address string) (*DB, error) {
	driver, dsn, dialect := "pgx", address, Postgres
	if path, ok := strings.CutPrefix(address, "sqlite:"); ok {
		driver, dialect = "sqlite", SQLite
		dsn = "file:" + (&url.URL{Path: path}).EscapedPath() + "?_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)&_pragma=foreign_keys(1)" +
			"&_pragma=synchronous(FULL)&_pragma=temp_store(MEMORY)&_pragma=cache_size(-65536)&_txlock=immediate"
	} else if !strings.HasPrefix(address, "postgres://") && !strings.HasPrefix(address, "postgresql://") {
		return nil, fmt.Errorf("open record: the address must begin with sqlite: or postgres://")
	}
	conn, err := open(driver, dsn)
	if err != nil {
		return nil, fmt.Errorf("open record: %w", err)
	}
	conn.SetMaxOpenConns(32)
	conn.SetMaxIdleConns(32)
	conn.SetConnMaxIdleTime(5 * time.Minute)
	if err := conn.PingContext(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("open record: %w", err), conn.Close())
	}
	d := &DB{DB: conn, Dialect: dialect, open: map[*sql.Tx]*underway{}}
	if dialect == SQLite {
		d.writer = make(chan struct{}, 1)
	}
	return d, nil
}

// plans are the settings of every connection to PostgreSQL. Rows are looked up by index: what a verb touches is small, and a plan that was
// made while a table was small, and kept, would read all of it when it has grown; no figures of tables are needed for that. The plan of a
// statement is made once for all arguments. A bitmap would gather all messages of a conversation where the first suffices. Where there is
// no index, the estimate would call for compiling the plan, which takes longer than running it.
const plans = `SET enable_seqscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off; SET enable_bitmapscan = off; SET jit = off;
	SET plan_cache_mode = force_generic_plan`

func open(driver, dsn string) (*sql.DB, error) {
	if driver != "pgx" {
		return openSQLite(dsn)
	}
	config, err := pgx.ParseConfig(dsn)
	if err != nil {
		return nil, err
	}
	return sql.OpenDB(pgConnector{stdlib.GetConnector(*config, stdlib.OptionAfterConnect(func(ctx context.Context, c *pgx.Conn) error {
		_, err := c.PgConn().Exec(ctx, plans).ReadAll()
		return err
	}))}), nil
}

// write runs fn while nobody else of this process writes to SQLite, in the order of arrival. SQLite has one writer at a time and lets
// the others try again after a sleep, so that the unlucky would wait for ever while much is written. PostgreSQL needs no such queue.
func (d *DB) write(ctx context.Context, fn func() error) error {
	if d.writer == nil {
		return fn()
	}
	select {
	case d.writer <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-d.writer }()
	return fn()
}

// ExecContext runs one statement that writes, by itself. Within a transaction it must be the transaction's.
func (d *DB) ExecContext(ctx context.Context, query string, args ...any) (r sql.Result, err error) {
	err = d.write(ctx, func() (err error) {
		r, err = d.DB.ExecContext(ctx, query, args...)
		return err
	})
	return r, err
}

// Tx runs fn in one transaction and commits when it returns nil. A transaction that the database gave up for reasons of its own
// (deadlock, serialisation, busy) is run again, up to five times: fn must have no effect outside the transaction.
// fn must not write through the DB itself: on SQLite a second writer would wait for the first for ever.
func (d *DB) Tx(ctx context.Context, fn func(tx *sql.Tx) error) error {
	var err error
	for range 5 {
		if err = d.write(ctx, func() error { return d.once(ctx, fn) }); !IsTransient(err) || ctx.Err() != nil {
			return err
		}
	}
	return err
}

func (d *DB) once(ctx context.Context, fn func(tx *sql.Tx) error) error {
	conn, err := d.Conn(ctx)
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	defer conn.Close() //nolint:errcheck // it goes back to the pool
	tx, err := conn.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	defer tx.Rollback() //nolint:errcheck // after Commit it does nothing, and an error of fn says more
	u := &underway{conn: conn}
	d.note(tx, u)
	defer d.note(tx, nil) // also when fn panics
	if err := fn(tx); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	for _, tell := range u.after {
		tell()
	}
	return nil
}

// Lock makes transactions that lock the same key wait for each other until they end. SQLite has one writer at a time, so there
// it does nothing. Several keys must be locked in one call: it sorts nothing, the caller does.
func (d *DB) Lock(ctx context.Context, tx *sql.Tx, key string) error {
	if d.Dialect == SQLite {
		return nil
	}
	if _, err := tx.ExecContext(ctx, `SELECT pg_advisory_xact_lock(hashtextextended($1, 0))`, key); err != nil {
		return fmt.Errorf("lock: %w", err)
	}
	return nil
}

// IsUnique reports whether err says that a unique constraint was violated.
func IsUnique(err error) bool {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return pg.Code == "23505"
	}
	var lite *sqlite.Error
	return errors.As(err, &lite) &&
		(lite.Code() == sqlite3.SQLITE_CONSTRAINT_UNIQUE || lite.Code() == sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY)
}

// IsTransient reports whether err says that the same transaction may succeed when it is run again.
func IsTransient(err error) bool {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return pg.Code == "40001" || pg.Code == "40P01"
	}
	var lite *sqlite.Error
	return errors.As(err, &lite) && lite.Code()&0xff == sqlite3.SQLITE_BUSY
}

// Millis is t as the record stores it; the zero time is stored as NULL.
func Millis(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UnixMilli()
}

// Time is a stored time; NULL is the zero time.
func Time(ms sql.NullInt64) time.Time {
	if !ms.Valid {
		return time.Time{}
	}
	return time.UnixMilli(ms.Int64).UTC()
}
