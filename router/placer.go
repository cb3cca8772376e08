package router

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"sportello/inbox"
	"sportello/inbox/db"
)

// Placer decides where a conversation waits in the transaction that begins it, by the rules that this transaction sees in force. It is an
// inbox.Placer and safe for concurrent use.
type Placer struct {
	zone *time.Location
	now  func() time.Time
	log  *slog.Logger

	mu       sync.Mutex
	compiled Compiled // the newest version that any transaction saw
}

var _ inbox.Placer = (*Placer)(nil)

// NewPlacer makes a placer. zone is where the house is; nil is UTC.
func NewPlacer(zone *time.Location, now func() time.Time, log *slog.Logger) *Placer {
	return &Placer{zone: zone, now: now, log: log}
}

// Placing implements inbox.Placer. It decides nothing while no rules were ever published, and when those in force cannot be read: a message
// is taken all the same, and the Router, which publishes the first rules, places its conversation.
func (p *Placer) Placing(ctx context.Context, q db.Querier) (func(inbox.Conversation) (inbox.PlaceCmd, bool), error) {
	var version int64
	if err := q.QueryRowContext(ctx, `SELECT COALESCE(MAX(version), 0) FROM rule_set`).Scan(&version); err != nil {
		return nil, wrap("rules in force", err)
	}
	rules, err := p.version(ctx, q, version)
	if err != nil {
		p.log.Error("the rules in force cannot be read", "version", version, "error", err)
	}
	return func(c inbox.Conversation) (inbox.PlaceCmd, bool) {
		if rules.Version == 0 {
			return inbox.PlaceCmd{}, false
		}
		return placing(rules, c, p.now(), p.zone, p.log)
	}, nil
}

// version compiles a version, unless it is the same as the last time.
func (p *Placer) version(ctx context.Context, q db.Querier, version int64) (Compiled, error) {
	p.mu.Lock()
	known := p.compiled
	p.mu.Unlock()
	if known.Version == version {
		return known, nil
	}
	set, err := scanSet(q.QueryRowContext(ctx, selectSets+` WHERE version = $1`, version))
	if err != nil {
		return Compiled{}, err
	}
	compiled, err := compileSet(ctx, q, set, p.log)
	if err != nil {
		return Compiled{}, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if compiled.Version > p.compiled.Version {
		p.compiled = compiled
	}
	return compiled, nil
}

// placing is what rules say of a conversation; false when none of them matches.
func placing(rules Compiled, c inbox.Conversation, now time.Time, zone *time.Location, log *slog.Logger) (inbox.PlaceCmd, bool) {
	out := Evaluate(rules, FactsOf(c, now, zone))
	for _, f := range out.Failed {
		log.Warn("a rule could not be evaluated", "version", rules.Version, "rule", f.Index, "conversation", c.ID, "error", f.Err)
	}
	return inbox.PlaceCmd{
		Conversation: c.ID, Queue: out.Queue, Priority: out.Priority, Skills: out.Skills,
		Decision: out.decision(rules.Version, int64(waited(c, now)/time.Second)), OnlyNew: true,
	}, out.Queue != ""
}
