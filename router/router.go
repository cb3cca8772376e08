package router

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"sportello/inbox"
	"sportello/inbox/db"
	"sportello/inbox/journal"
	"sportello/inbox/live"
)

// Config says how the router behaves. The zero value of every field but Node is usable.
type Config struct {
	Node            string         // this program's name among the others, for leases
	Policy          Policy         // zero: DefaultPolicy
	Zone            *time.Location // where the house is, for the facts hour and weekday; nil is UTC
	DisconnectGrace time.Duration  // chats of an agent who is gone go back to their queue after this; 0 is 60 s
}

// Router acts on what rules and Match decide. It is safe for concurrent use.
type Router struct {
	ledger *inbox.Ledger
	live   *live.Inbox
	rules  *Rules
	cfg    Config
	now    func() time.Time
	log    *slog.Logger
	bell   journal.Bell

	mu       sync.Mutex
	compiled Compiled // the rules in force, as far as this node knows
	stale    bool     // rules were published since

	placed   map[inbox.ConversationID]time.Time // placed a moment ago: the feed has not said so yet. Only Run touches it
	choosing time.Duration                      // how long the last choice took. Only Run touches it
	told     map[inbox.ConversationID]told      // what the record was last told of those nobody can take. Only Run touches it
}

// New makes the router of this node.
func New(ledger *inbox.Ledger, in *live.Inbox, rules *Rules, cfg Config, now func() time.Time, log *slog.Logger) *Router {
	if cfg.Policy.HeadStart == 0 && cfg.Policy.OfferTime == 0 {
		cfg.Policy = DefaultPolicy()
	}
	if cfg.DisconnectGrace == 0 {
		cfg.DisconnectGrace = time.Minute
	}
	return &Router{ledger: ledger, live: in, rules: rules, cfg: cfg, now: now, log: log, stale: true,
		placed: map[inbox.ConversationID]time.Time{}, told: map[inbox.ConversationID]told{}}
}

const (
	beat  = time.Second      // offers past their time, lost agents, waits that end by the clock
	sweep = 10 * time.Second // everything, in case a wake-up was lost
)

// Run routes until ctx ends; it returns nil then. A failure of Redis or of the record is logged and tried again with the next beat.
func (r *Router) Run(ctx context.Context) error {
	var following sync.WaitGroup
	following.Go(func() { r.follow(ctx) })
	defer following.Wait()
	ticker := time.NewTicker(beat)
	defer ticker.Stop()
	var (
		swept   time.Time
		clocked bool // something waits for the clock: match at every beat
		failing bool
	)
	for {
		changed := r.bell.Changed()
		due := clocked || r.now().Sub(swept).Abs() >= sweep
		var err error
		if due {
			swept = r.now()
			clocked, err = r.pass(ctx)
		} else {
			err = r.tidy(ctx)
		}
		if ctx.Err() != nil {
			return nil
		}
		if err != nil && !failing && !errors.Is(err, live.ErrNoEpoch) {
			r.log.Error("routing failed, trying again", "error", err)
		}
		if err == nil && failing {
			r.log.Info("routing works again")
		}
		failing = err != nil
		select {
		case <-ctx.Done():
			return nil
		case <-changed:
			swept = time.Time{}
			r.rest(ctx)
		case <-ticker.C:
		}
	}
}

const (
	restTimes = 4                      // as long as the choice took
	restMost  = 250 * time.Millisecond // however much waits
)

// rest keeps a router that has thousands waiting from doing nothing but choose again with each that is added. It is too short to be felt
// where few wait.
func (r *Router) rest(ctx context.Context) {
	select {
	case <-ctx.Done():
	case <-time.After(min(restTimes*r.choosing, restMost)):
	}
}

// pass does everything once. clocked says that the next beat must match again, because a wait ends by the clock.
func (r *Router) pass(ctx context.Context) (clocked bool, err error) {
	if err := r.reload(ctx); err != nil {
		return false, err
	}
	if err := errors.Join(r.tidy(ctx), r.place(ctx)); err != nil {
		return false, err
	}
	return r.match(ctx)
}

// tidy ends what the clock has ended.
func (r *Router) tidy(ctx context.Context) error {
	return errors.Join(r.expire(ctx), r.takeBack(ctx))
}

// wakes are the entries that can change what Match answers. The others (a reply, an offer that this router made) cannot.
var wakes = map[string]bool{
	string(journal.Opened): true, string(journal.Queued): true, string(journal.OfferEnded): true, string(journal.Assigned): true,
	string(journal.Transferred): true, string(journal.Closed): true, string(journal.Reopened): true,
	string(journal.Merged): true, string(journal.Joined): true, string(journal.Split): true,
	string(journal.RulesPublished): true, live.EntryAgent: true, live.EntryOfferEnd: true,
}

// follow rings the bell for every entry of the feed that matters, and once after each interruption.
func (r *Router) follow(ctx context.Context) {
	for ctx.Err() == nil {
		from, err := r.live.Head(ctx)
		if err == nil {
			r.forget()
			r.bell.Ring()
			err = r.live.Follow(ctx, from, r.hear)
		}
		if err != nil && ctx.Err() == nil && !errors.Is(err, live.ErrNoEpoch) && !errors.Is(err, live.ErrGap) {
			r.log.Warn("the feed was interrupted", "error", err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(beat / 2):
		}
	}
}

func (r *Router) hear(entries []live.Entry) {
	ring := false
	for _, e := range entries {
		ring = ring || wakes[e.Type]
		if e.Type == string(journal.RulesPublished) {
			r.forget()
		}
	}
	if ring {
		r.bell.Ring()
	}
}

// forget makes the next pass read the rules again.
func (r *Router) forget() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.stale = true
}

// reload reads the rules in force when they may have changed.
func (r *Router) reload(ctx context.Context) error {
	r.mu.Lock()
	stale := r.stale
	r.stale = false
	r.mu.Unlock()
	if !stale {
		return nil
	}
	compiled, err := r.load(ctx)
	r.mu.Lock()
	defer r.mu.Unlock()
	if err != nil {
		r.stale = true
		return fmt.Errorf("load rules: %w", err)
	}
	r.compiled = compiled
	return nil
}

func (r *Router) load(ctx context.Context) (Compiled, error) {
	set, err := r.rules.Current(ctx)
	if err != nil {
		return Compiled{}, err
	}
	return compileSet(ctx, r.rules.db, set, r.log)
}

// compileSet compiles a published version against the queues that exist.
func compileSet(ctx context.Context, q db.Querier, set RuleSet, log *slog.Logger) (Compiled, error) {
	compiled, problems, err := check(ctx, q, set.Rules)
	if err != nil {
		return Compiled{}, err
	}
	if Fatal(problems) { // published rules had none; a newer program may know less, and what still compiles goes on working
		log.Error("the rules in force have problems", "version", set.Version, "problems", len(problems))
	}
	compiled.Version = set.Version
	return compiled, nil
}

// InForce are the rules this node goes by.
func (r *Router) InForce() Compiled {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.compiled
}
