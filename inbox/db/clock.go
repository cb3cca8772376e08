package db

import (
	"context"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"
)

// The times of the clock.
const (
	lookEvery = time.Second
	lookFor   = 2 * time.Second // a look that takes longer says too little about when it was answered
	stepFrom  = 2 * time.Second // what the clock is off by before it counts as set, and not only as corrected
)

// Clock is the time of a record. On PostgreSQL it is the server's, so that all gateways of one record have one time whatever the clocks
// of their machines say; on SQLite it is this machine's. Between two looks it goes by the monotonic clock, which nobody sets. It is
// safe for concurrent use.
type Clock struct {
	db   *DB
	wall func() time.Time // this machine's clock, which may be wrong and may jump
	at   atomic.Pointer[anchor]
}

// anchor is a time of the record and when it was.
type anchor struct {
	time time.Time
	read time.Time // carries a monotonic reading
}

// NewClock looks at the record's time. wall is this machine's clock.
func (d *DB) NewClock(ctx context.Context, wall func() time.Time) (*Clock, error) {
	c := &Clock{db: d, wall: wall}
	a, _, err := c.look(ctx)
	if err != nil {
		return nil, err
	}
	c.at.Store(a)
	return c, nil
}

// Now is the time of the record, in UTC.
func (c *Clock) Now() time.Time { return now(c.at.Load(), c.wall) }

// passed is an anchor's time by now.
func (a *anchor) passed() time.Time { return a.time.Add(time.Since(a.read)) }

// Run looks again each second until ctx ends; it returns nil then. When the record's clock was set, stepped is called with how far, after
// Now has followed. While the record cannot be reached the clock goes on by itself.
func (c *Clock) Run(ctx context.Context, log *slog.Logger, stepped func(ctx context.Context, by time.Duration)) error {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	astray := false
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		if by := c.follow(ctx); by.Abs() >= stepFrom {
			log.Warn("the record's clock was set", "by", by)
			stepped(ctx, by)
		}
		off := c.wall().Sub(c.at.Load().passed())
		if was := astray; astray != (off.Abs() >= stepFrom) {
			if astray = !was; astray {
				log.Warn("this machine's clock is not the record's, which counts", "ahead", off)
			}
		}
	}
}

// follow looks and returns by how much the clock was off. What is less than the look is exact to is left as it is.
func (c *Clock) follow(ctx context.Context) (by time.Duration) {
	ctx, cancel := context.WithTimeout(ctx, lookFor)
	defer cancel()
	a, took, err := c.look(ctx)
	if err != nil || took >= lookFor {
		return 0
	}
	by = a.passed().Sub(c.at.Load().passed())
	if by.Abs() <= took {
		return 0
	}
	c.at.Store(a)
	return by
}

// look asks for the time, and says how long that took.
func (c *Clock) look(ctx context.Context) (*anchor, time.Duration, error) {
	if c.db.Dialect == SQLite {
		return &anchor{c.wall().UTC().Round(0), time.Now()}, 0, nil // Round: without its monotonic reading
	}
	begun := time.Now()
	var micros int64
	err := c.db.QueryRowContext(ctx, `SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint`).Scan(&micros)
	took := time.Since(begun)
	if err != nil {
		return nil, took, fmt.Errorf("ask for the record's time: %w", err)
	}
	return &anchor{time.UnixMicro(micros).UTC(), begun.Add(took / 2)}, took, nil
}
