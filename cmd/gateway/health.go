package main

import (
	"cmp"
	"context"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"sportello/channels"
	"sportello/inbox/live"
)

// healthBoard knows how each account does: what this gateway hears of its adapters, and what the others say of theirs, so that whoever
// asks any gateway is told the same. It is safe for concurrent use.
type healthBoard struct {
	log *slog.Logger

	mu     sync.Mutex
	last   map[channels.AccountID]channels.Health // of this gateway
	others map[channels.AccountID]channels.Health // as the other gateways last said
	news   chan struct{}                          // holds one
}

func newHealthBoard(log *slog.Logger) *healthBoard {
	return &healthBoard{log: log, last: map[channels.AccountID]channels.Health{}, others: map[channels.AccountID]channels.Health{},
		news: make(chan struct{}, 1)}
}

// set is a channels.HealthSink. Trouble that goes on when a mailbox passes from one gateway to another has begun when it began.
func (b *healthBoard) set(h channels.Health) {
	b.mu.Lock()
	defer b.mu.Unlock()
	before, known := b.last[h.Account]
	if !known {
		before = b.others[h.Account]
	}
	if h.Since = (time.Time{}); !h.OK {
		h.Since = h.At
		if !before.Since.IsZero() {
			h.Since = before.Since
		}
	}
	if h.LastSuccess.IsZero() {
		h.LastSuccess = before.LastSuccess
	}
	b.last[h.Account] = h
	if known && before.OK != h.OK {
		b.log.Info("account changed", "account", h.Account, "ok", h.OK, "code", h.Code)
	}
	if !known || before.Code != h.Code || before.Held != h.Held {
		b.ring()
	}
}

// forget is for an account that another gateway looks after from now on.
func (b *healthBoard) forget(id channels.AccountID) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if h, ok := b.last[id]; ok {
		delete(b.last, id)
		b.others[id] = h // until the other one says something
		b.ring()
	}
}

func (b *healthBoard) ring() {
	select {
	case b.news <- struct{}{}:
	default:
	}
}

// own is what this gateway knows, ordered by account.
func (b *healthBoard) own() []channels.Health {
	b.mu.Lock()
	defer b.mu.Unlock()
	return ordered(b.last)
}

// all is every account's health as all gateways know it, ordered by account.
func (b *healthBoard) all() []channels.Health {
	b.mu.Lock()
	defer b.mu.Unlock()
	both := maps.Clone(b.others)
	for _, h := range b.last {
		worse(both, h)
	}
	return ordered(both)
}

func ordered(all map[channels.AccountID]channels.Health) []channels.Health {
	return slices.SortedFunc(maps.Values(all), func(x, y channels.Health) int { return cmp.Compare(x.Account, y.Account) })
}

// worse puts together what two gateways say of an account: it does as well as where it does worst.
func worse(all map[channels.AccountID]channels.Health, h channels.Health) {
	have, known := all[h.Account]
	if known && (have.OK == h.OK && have.At.After(h.At) || !have.OK && h.OK) {
		have, h = h, have
	}
	if have.LastSuccess.After(h.LastSuccess) {
		h.LastSuccess = have.LastSuccess
	}
	if !have.Since.IsZero() && have.Since.Before(h.Since) {
		h.Since = have.Since
	}
	h.Held = max(h.Held, have.Held)
	all[h.Account] = h
}

// down are the accounts by which nothing can be sent from here, since when. A mailbox that cannot be read may still send, so that mail
// accounts are not among them: their sending is tried, and put off by its own faults.
func (b *healthBoard) down() map[channels.AccountID]time.Time {
	b.mu.Lock()
	defer b.mu.Unlock()
	down := map[channels.AccountID]time.Time{}
	for id, h := range b.last {
		if h.Kind == channels.SMS && !h.OK {
			down[id] = h.Since
		}
	}
	return down
}

// healthBeat is how late a gateway may know what another one says.
const healthBeat = 2 * time.Second

// share tells the other gateways what this one knows and listens to them, until ctx ends. While Redis is away each knows its own.
func (b *healthBoard) share(ctx context.Context, in *live.Inbox, node string) error {
	beat := time.NewTicker(healthBeat)
	defer beat.Stop()
	for ctx.Err() == nil {
		if err := b.exchange(ctx, in, node); err != nil && ctx.Err() == nil {
			b.log.Debug("the health of accounts is not shared", "err", err) // the guard says that Redis is away
		}
		select {
		case <-beat.C:
		case <-b.news:
		case <-ctx.Done():
		}
	}
	leaving, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	_ = in.SetHealth(leaving, node, nil) // it is forgotten by itself
	return nil
}

func (b *healthBoard) exchange(ctx context.Context, in *live.Inbox, node string) error {
	if err := in.SetHealth(ctx, node, b.own()); err != nil {
		return err
	}
	return b.listen(ctx, in, node)
}

// listen learns what the others say.
func (b *healthBoard) listen(ctx context.Context, in *live.Inbox, node string) error {
	said, err := in.Health(ctx)
	if err != nil {
		return err
	}
	delete(said, node)
	others := map[channels.AccountID]channels.Health{}
	for _, all := range said {
		for _, h := range all {
			worse(others, h)
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.others = others
	return nil
}
