package sms

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"sync/atomic"
	"time"

	"sportello/channels"
)

// Deps is what an adapter is built upon. Sink and Vault are needed; the rest has defaults.
type Deps struct {
	Sink   channels.Sink
	Vault  channels.Vault
	Health channels.HealthSink // nil: nobody is told
	Log    *slog.Logger        // nil: nothing is logged
	Now    func() time.Time    // nil: time.Now

	// Transport carries REST calls; nil for one of the adapter's own. It must honour net/http/httptrace as http.Transport does,
	// because that is how the adapter knows whether a call that failed had left.
	Transport http.RoundTripper
}

// Adapter is one SMS account. Its methods may be called from any goroutine.
type Adapter struct {
	cfg   Config
	deps  Deps
	own   *http.Transport // nil when Deps.Transport is used
	api   *url.URL
	local Keywords
	check []verifier
	pulse pulse
	count counters
}

var _ channels.Sender = (*Adapter)(nil)

// New returns the adapter of cfg, or every problem of its configuration at once. It starts nothing and calls nobody.
func New(cfg Config, deps Deps) (*Adapter, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	if deps.Sink == nil || deps.Vault == nil {
		return nil, errors.New("sms: sink and vault are needed")
	}
	api, err := url.Parse(cfg.apiBase())
	if err != nil {
		return nil, err
	}
	if deps.Log == nil {
		deps.Log = slog.New(slog.DiscardHandler)
	}
	if deps.Now == nil {
		deps.Now = time.Now
	}
	if deps.Health == nil {
		deps.Health = func(channels.Health) {}
	}
	a := &Adapter{cfg: cfg, deps: deps, api: api, local: cfg.Keywords, check: verifiers(cfg.AuthTokens)}
	a.deps.Log = deps.Log.With("account", string(cfg.Account))
	if a.local.isZero() {
		a.local = LocalKeywords(cfg.country())
	}
	if deps.Transport == nil {
		a.own = newTransport()
		a.deps.Transport = a.own
	}
	return a, nil
}

// Account returns the id of the account that the adapter serves.
func (a *Adapter) Account() channels.AccountID { return a.cfg.Account }

// Run returns when ctx has ended, after closing idle connections to the provider. While the API is in trouble it asks whether it is well
// again. The webhooks work through Handler and need no loop of their own.
func (a *Adapter) Run(ctx context.Context) error {
	a.recover(ctx)
	if a.own != nil {
		a.own.CloseIdleConnections()
	}
	return nil
}

// Handler serves the provider's webhooks of this account, with or without the prefix "/hooks" in the path:
//
//	POST /hooks/sms/{account}/inbound   a text for us
//	POST /hooks/sms/{account}/status    a delivery report
//
// Answers: 200 when the sink has committed, 503 when it has not, 403 on a missing or wrong signature or a foreign account,
// 413 over 256 KiB, 400 when a signed body cannot be read.
func (a *Adapter) Handler() http.Handler {
	mux := http.NewServeMux()
	for _, prefix := range []string{"/hooks/sms/", "/sms/"} {
		base := "POST " + prefix + string(a.cfg.Account)
		mux.HandleFunc(base+"/inbound", a.serveInbound)
		mux.HandleFunc(base+"/status", a.serveStatus)
	}
	return mux
}

// Counts is what an adapter has seen since it was built.
type Counts struct {
	Accepted   int64 // incoming texts committed, repetitions included
	Duplicates int64 // of these, repetitions
	Receipts   int64 // delivery reports committed
	Refused    int64 // requests with a missing or wrong signature (M-01)
	Foreign    int64 // signed requests of another provider account (M-03)
	Unreadable int64 // signed requests whose body could not be read
	NotTaken   int64 // requests answered 503 because the record did not take them
	Sent       int64 // texts that the provider took
	Failed     int64 // sends that it did not take, or of which nothing is known
}

type counters struct {
	accepted, duplicates, receipts, refused, foreign, unreadable, notTaken, sent, failed atomic.Int64
}

// Counts returns the adapter's counters.
func (a *Adapter) Counts() Counts {
	c := &a.count
	return Counts{
		Accepted: c.accepted.Load(), Duplicates: c.duplicates.Load(), Receipts: c.receipts.Load(), Refused: c.refused.Load(),
		Foreign: c.foreign.Load(), Unreadable: c.unreadable.Load(), NotTaken: c.notTaken.Load(),
		Sent: c.sent.Load(), Failed: c.failed.Load(),
	}
}
