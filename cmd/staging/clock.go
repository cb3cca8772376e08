package staging

import (
	"context"
	"fmt"
	"slices"
	"time"

	"sportello/channels/pause"
	"sportello/inbox/db"
)

// All gateways of one PostgreSQL go by its clock, which they ask for by clock_timestamp(). The staging server has one of its own, which is
// found before PostgreSQL's: so its clock can be set although only root can set a machine's.

// SetClock sets the clock of the first database ahead of the right time, or behind it. It outlives the server.
func (p *Postgres) SetClock(ctx context.Context, ahead time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, commandTime)
	defer cancel()
	d, err := db.Open(ctx, p.URL())
	if err != nil {
		return err
	}
	defer d.Close() //nolint:errcheck // what was changed is committed
	for _, statement := range []string{
		`ALTER DATABASE postgres SET search_path = public, pg_catalog`,
		fmt.Sprintf(`CREATE OR REPLACE FUNCTION public.clock_timestamp() RETURNS timestamptz LANGUAGE sql VOLATILE PARALLEL UNSAFE
			AS 'SELECT pg_catalog.clock_timestamp() + interval ''%d milliseconds'''`, ahead.Milliseconds()),
	} {
		if _, err := d.ExecContext(ctx, statement); err != nil {
			return fmt.Errorf("set PostgreSQL's clock: %w", err)
		}
	}
	return nil
}

// setClock sets a clock wrong and right again.
func (w *World) setClock(ctx context.Context, s Step) error {
	ahead := time.Hour
	if s.Fault == ClockBehind || s.Fault == RecordBehind {
		ahead = -ahead
	}
	set := func(ahead time.Duration) error { return w.Postgres.SetClock(ctx, ahead) }
	if slices.Contains(ofGateway, s.Fault) {
		set = w.Gateways[(s.Which-1)%len(w.Gateways)].SetClock
	}
	if err := set(ahead); err != nil {
		return err
	}
	pause.For(ctx, s.For)
	return set(0)
}
