package sms

import (
	"context"
	"sync"
	"time"

	"sportello/channels"
)

// pulse remembers how the account does, so that only changes are told. The record and the API are two things: a text that came in
// says nothing of whether texts can go out.
type pulse struct {
	mu         sync.Mutex
	store, api trouble
	told       string // the code told last
	success    time.Time
}

// trouble is empty when there is none.
type trouble struct{ code, detail string }

// storeHealth notes whether the record takes what comes in; an empty code means that it does.
func (a *Adapter) storeHealth(code, detail string) { a.beat(&a.pulse.store, trouble{code, detail}) }

// apiHealth notes whether the provider takes what goes out; an empty code means that it does.
func (a *Adapter) apiHealth(code, detail string) { a.beat(&a.pulse.api, trouble{code, detail}) }

func (a *Adapter) beat(part *trouble, now trouble) {
	at := a.deps.Now()
	p := &a.pulse
	p.mu.Lock()
	defer p.mu.Unlock() // held while telling, so that changes are told in order; a HealthSink does not block
	*part = now
	if now.code == "" {
		p.success = at
	}
	worst := p.store
	if worst.code == "" {
		worst = p.api
	}
	if worst.code == "" {
		worst.code = "ok"
	}
	if worst.code == p.told {
		return
	}
	p.told = worst.code
	a.deps.Health(channels.Health{
		Account: a.cfg.Account, Kind: channels.SMS, OK: worst.code == "ok", Code: worst.code, Detail: worst.detail,
		LastSuccess: p.success, Lag: -1, At: at,
	})
}

// recover finds out that the API is well again after trouble, until ctx ends. Nobody else would: while an account is in trouble, nothing
// is sent by it.
func (a *Adapter) recover(ctx context.Context) {
	ticker := time.NewTicker(a.cfg.askEvery())
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		a.pulse.mu.Lock()
		was := a.pulse.api
		a.pulse.mu.Unlock()
		if was.code != "" && a.Check(ctx) == nil {
			a.apiHealth("", "")
		}
	}
}

// healthOf returns the health code that a fault stands for, "" when the fault is the message's own affair.
func healthOf(f *channels.Fault) string {
	switch f.Code {
	case channels.CodeAuth:
		return "auth"
	case channels.CodeThrottled:
		return "throttled"
	case channels.CodeNetwork, channels.CodeTimeout:
		return "network"
	case channels.CodeProvider:
		return "protocol"
	case channels.CodeConfig:
		if f.Provider != "21408" { // a region that is not enabled concerns the recipient
			return "protocol"
		}
	}
	return ""
}
