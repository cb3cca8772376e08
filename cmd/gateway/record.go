package main

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"sportello/inbox"
	"sportello/inbox/customer"
	"sportello/inbox/db"
	"sportello/inbox/journal"
	"sportello/inbox/live"
)

// withRecord opens the record, brings it to its newest form and runs do.
func withRecord(w *world, f settingsFlag, do func(*db.DB) error) error {
	s, err := f.load(w)
	if err != nil {
		return err
	}
	d, err := db.Open(w.ctx, s.Record)
	if err != nil {
		return err
	}
	if _, err = d.Migrate(w.ctx); err == nil {
		err = do(d)
	}
	return errors.Join(err, d.Close())
}

// withApp builds the gateway without starting it, silent in the log, and runs do.
func withApp(w *world, f settingsFlag, do func(*app) error) error {
	s, err := f.load(w)
	if err != nil {
		return err
	}
	a, err := build(w.ctx, s, slog.New(slog.DiscardHandler), options{})
	if err != nil {
		return err
	}
	return errors.Join(do(a), a.close())
}

type migrateCmd struct{ settingsFlag }

// Run migrates the record.
func (c *migrateCmd) Run(w *world) error {
	s, err := c.load(w)
	if err != nil {
		return err
	}
	d, err := db.Open(w.ctx, s.Record)
	if err != nil {
		return err
	}
	steps, err := d.Migrate(w.ctx)
	if err == nil {
		fmt.Fprintf(w.out, "%d steps taken\n", steps)
	}
	return errors.Join(err, d.Close())
}

type rebuildCmd struct{ settingsFlag }

// Run builds the live inbox anew.
func (c *rebuildCmd) Run(w *world) error {
	s, err := c.load(w)
	if err != nil {
		return err
	}
	if s.Redis.Embedded() {
		return errors.New("the live inbox is inside the gateway's own process; it is rebuilt at every start")
	}
	return withRecord(w, c.settingsFlag, func(d *db.DB) error {
		in, err := live.Open(w.ctx, s.Redis.options(s.Log.logger(w.err)))
		if err != nil {
			return err
		}
		j := journal.New(d)
		ledger := inbox.NewLedger(d, j, customer.NewBook(d, j, time.Now), s.inboxConfig(), time.Now)
		started := time.Now()
		if err = in.Rebuild(w.ctx, ledger); err == nil {
			var snap live.Snapshot
			if snap, err = in.Snapshot(w.ctx); err == nil {
				fmt.Fprintf(w.out, "rebuilt in %s: %d conversations wait\n", time.Since(started).Round(time.Millisecond), len(snap.Waiting))
			}
		}
		return errors.Join(err, in.Close())
	})
}

type healthyCmd struct{ settingsFlag }

// Run asks the local listener.
func (c *healthyCmd) Run(w *world) error {
	s, err := c.load(w)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(w.ctx, http.MethodGet, "http://"+s.Metrics+"/readyz", nil)
	if err != nil {
		return err
	}
	client := http.Client{Timeout: 2 * time.Second}
	res, err := client.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("not ready: %s", res.Status)
	}
	return nil
}
