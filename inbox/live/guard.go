package live

import (
	"context"
	"log/slog"
	"time"
)

// guardPeriod is how long a loss may go unnoticed while nobody calls.
const guardPeriod = time.Second

// Guard rebuilds the live inbox whenever it is empty, and when the server has been started anew or replaced: then its newest writes
// may be lost, and positions with them, although the epoch is still there.
type Guard struct {
	in   *Inbox
	from Source
	log  *slog.Logger
}

// NewGuard makes the guard of this node. Every node may run one.
func NewGuard(in *Inbox, from Source, log *slog.Logger) *Guard { return &Guard{in, from, log} }

// Run looks each second, and at once when a call found no epoch, until ctx ends; then it returns nil.
func (g *Guard) Run(ctx context.Context) error {
	tick := time.NewTicker(guardPeriod)
	defer tick.Stop()
	var failing once
	for {
		err := g.check(ctx)
		if ctx.Err() != nil {
			return nil
		}
		if failing.isNew(err) {
			g.log.Error("the live inbox cannot be guarded", "err", err)
		}
		wake := g.in.empty
		if err != nil {
			wake = nil // the next try comes with the tick
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		case <-wake:
		}
	}
}

func (g *Guard) check(ctx context.Context) error {
	epoch, err := g.in.epoch(ctx)
	if err != nil {
		return err
	}
	if epoch != "" && !g.replaced(ctx) {
		return nil
	}
	g.log.Warn("the live inbox must be rebuilt", "empty", epoch == "")
	return g.in.rebuild(ctx, g.from, epoch)
}

// replaced reports whether another run of the server answers than the one that the inbox was built in.
func (g *Guard) replaced(ctx context.Context) bool {
	run := g.in.info(ctx, "server")["run_id"]
	built, err := g.in.rdb.Get(ctx, g.in.key("run")).Result()
	return err == nil && built != "" && run != "" && built != run
}
