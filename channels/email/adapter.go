package email

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"sportello/channels"
	"sportello/channels/email/field"
	"sportello/channels/email/letter"
	"sportello/channels/pause"
)

// Deps are the parts that an Adapter works with. Sink, Vault and Bookmarks are needed; the others may be nil.
type Deps struct {
	Sink      channels.Sink
	Vault     channels.Vault
	Bookmarks channels.Bookmarks
	Health    channels.HealthSink
	Scanner   Scanner        // is asked about each file that came with a mail; nil: nobody is
	Marks     channels.Marks // is told what others did to mail that was taken; nil: nobody is
	Log       *slog.Logger
	Now       func() time.Time

	// Staff is our people with their addresses and names, in any order; nil: there are none.
	Staff func(ctx context.Context) ([]channels.Address, error)

	// Read reads a mail in place of letter.Read.
	Read func(raw []byte, r letter.Reading) *letter.Mail
}

// Adapter is one mailbox: Run takes its mail in, Send sends from it, RunCopies copies what was sent into the folder of sent mail. Run and
// RunCopies are each called once; Send may be called from any goroutine, also while neither is running.
type Adapter struct {
	cfg  Config
	deps Deps
	log  *slog.Logger

	pool      pool
	state     state
	copies    copies
	restUntil atomic.Int64 // until when nobody is asked about senders, in milliseconds

	// Of the goroutine that calls Run.
	lastSuccess time.Time
	lag         int64
	held        int    // mails that were held back
	folder      string // of which the next report speaks
	trouble     error  // with a folder, while the others are read

	copied int // by the goroutine that calls RunCopies
}

// New builds an adapter. It panics when cfg is not valid or a needed part is missing: the caller has asked Validate before and told
// the operator. It opens no connection.
func New(cfg Config, deps Deps) *Adapter {
	if errs := cfg.Validate(); len(errs) > 0 {
		panic(fmt.Sprintf("email: invalid config: %v", errors.Join(errs...)))
	}
	if deps.Sink == nil || deps.Vault == nil || deps.Bookmarks == nil {
		panic("email: sink, vault and bookmarks are needed")
	}
	if deps.Health == nil {
		deps.Health = func(channels.Health) {}
	}
	if deps.Log == nil {
		deps.Log = slog.New(slog.DiscardHandler)
	}
	if deps.Read == nil {
		deps.Read = letter.Read
	}
	if deps.Now == nil {
		deps.Now = time.Now
	}
	return &Adapter{
		cfg: cfg.withDefaults(), deps: deps, log: deps.Log.With("channel", channels.Email, "account", cfg.Account),
		copies: copies{news: make(chan struct{}, 1)}, lag: -1,
	}
}

// Run takes mail in until ctx ends, whose error it returns. Whatever goes wrong in between is reported as Health and tried again.
func (a *Adapter) Run(ctx context.Context) error {
	defer a.pool.clear()
	if !a.cfg.reads() {
		<-ctx.Done()
		return ctx.Err()
	}
	delay := a.cfg.RetryMin
	for {
		before := a.lastSuccess
		a.folder = ""
		err := a.session(ctx)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if a.lastSuccess.After(before) {
			delay = a.cfg.RetryMin
		}
		code := healthCode(err)
		delay = a.knock(delay, code)
		wait := jitter(delay)
		if code == codeClosed && a.lastSuccess.After(before) {
			a.log.Info("the server ended a connection that served well, the next is opened", "err", err, "wait", wait) // servers do so every day
		} else {
			a.log.Warn("no mail can be taken in now, will be tried again", "code", code, "err", err, "wait", wait)
			a.report(false, code, err)
		}
		if !pause.For(ctx, wait) {
			return ctx.Err()
		}
		delay = min(2*delay, a.cfg.RetryMax)
	}
}

// knock is the delay after a failure. Providers lock accounts that knock too often; a quota comes back within hours; a server that has
// said goodbye is left alone for a moment.
func (a *Adapter) knock(delay time.Duration, code string) time.Duration {
	least := map[string]time.Duration{
		codeAuth: 20 * a.cfg.RetryMin, codeThrottled: 20 * a.cfg.RetryMin, codeQuota: a.cfg.RetryMax, codeClosed: 5 * a.cfg.RetryMin,
	}
	return max(delay, min(least[code], a.cfg.RetryMax))
}

// report publishes the account's health.
func (a *Adapter) report(ok bool, code string, err error) {
	h := channels.Health{
		Account: a.cfg.Account, Kind: channels.Email, OK: ok, Code: code, Folder: a.folder, Held: a.held,
		LastSuccess: a.lastSuccess, Lag: a.lag, At: a.deps.Now(),
	}
	if err != nil {
		h.Detail = field.Clip(field.OneLine(err.Error()), 500)
	}
	a.deps.Health(a.state.read(h))
}

// jitter spreads d over its second half, so that many mailboxes of one provider do not knock together.
func jitter(d time.Duration) time.Duration {
	return d/2 + rand.N(d/2+1)
}
