package sms

import (
	"sync"
	"time"

	"sportello/channels"
)

// pulse remembers how the account does, so that only changes are told.
type pulse struct {
	mu      sync.Mutex
	code    string
	success time.Time
}

// well tells that the provider or the sink worked.
func (a *Adapter) well() { a.beat("ok", "") }

// ill tells a trouble by its stable code; detail is for the operator.
func (a *Adapter) ill(code, detail string) { a.beat(code, detail) }

func (a *Adapter) beat(code, detail string) {
	now := a.deps.Now()
	a.pulse.mu.Lock()
	defer a.pulse.mu.Unlock() // held while telling, so that changes are told in order; a HealthSink does not block
	changed := a.pulse.code != code
	a.pulse.code = code
	if code == "ok" {
		a.pulse.success = now
	}
	if changed {
		a.deps.Health(channels.Health{
			Account: a.cfg.Account, Kind: channels.SMS, OK: code == "ok", Code: code, Detail: detail,
			LastSuccess: a.pulse.success, Lag: -1, At: now,
		})
	}
}

// healthOf returns the health code that a fault of the REST API stands for, "" when the fault is the message's own.
func healthOf(f *channels.Fault) string {
	switch f.Code {
	case channels.CodeAuth, channels.CodeConfig:
		return "auth"
	case channels.CodeThrottled:
		return "throttled"
	case channels.CodeNetwork, channels.CodeTimeout:
		return "network"
	case channels.CodeProvider:
		return "protocol"
	}
	return ""
}
