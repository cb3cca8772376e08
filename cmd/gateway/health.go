package main

import (
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"sportello/channels"
)

// healthBoard knows how each account does. It is safe for concurrent use.
type healthBoard struct {
	log *slog.Logger

	mu    sync.Mutex
	last  map[channels.AccountID]channels.Health
	since map[channels.AccountID]time.Time // not well since
}

func newHealthBoard(log *slog.Logger) *healthBoard {
	return &healthBoard{log: log, last: map[channels.AccountID]channels.Health{}, since: map[channels.AccountID]time.Time{}}
}

// set is a channels.HealthSink.
func (b *healthBoard) set(h channels.Health) {
	b.mu.Lock()
	defer b.mu.Unlock()
	before, known := b.last[h.Account]
	b.last[h.Account] = h
	switch {
	case h.OK:
		delete(b.since, h.Account)
	case !known || before.OK:
		b.since[h.Account] = h.At
	}
	if known && before.OK != h.OK {
		b.log.Info("account changed", "account", h.Account, "ok", h.OK, "code", h.Code)
	}
}

// all is every account's health, ordered by account.
func (b *healthBoard) all() []channels.Health {
	b.mu.Lock()
	defer b.mu.Unlock()
	all := slices.SortedFunc(maps.Values(b.last), func(x, y channels.Health) int { return strings.Compare(string(x.Account), string(y.Account)) })
	for i := range all {
		all[i].Since = b.since[all[i].Account]
	}
	return all
}

// down are the accounts by which nothing can be sent, since when. A mailbox that cannot be read may still send, so that mail
// accounts are not among them: their sending is tried, and put off by its own faults.
func (b *healthBoard) down() map[channels.AccountID]time.Time {
	b.mu.Lock()
	defer b.mu.Unlock()
	down := map[channels.AccountID]time.Time{}
	for id, at := range b.since {
		if b.last[id].Kind == channels.SMS {
			down[id] = at
		}
	}
	return down
}
