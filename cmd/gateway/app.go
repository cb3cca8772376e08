package main

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"time"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"sportello/agentui"
	"sportello/agentui/session"
	"sportello/agentui/web"
	"sportello/channels"
	"sportello/channels/chat"
	"sportello/channels/email"
	"sportello/channels/email/letter"
	"sportello/channels/sms"
	"sportello/inbox"
	"sportello/inbox/blob"
	"sportello/inbox/customer"
	"sportello/inbox/db"
	"sportello/inbox/journal"
	"sportello/inbox/live"
	"sportello/router"
	"sportello/router/dispatch"
	"sportello/router/hub"
	"sportello/router/roster"
)

// options are what the demo and tests set beyond the settings. The zero value is what serve uses.
type options struct {
	wall  func() time.Time          // this machine's clock; nil: time.Now
	cas   *x509.CertPool            // trusted by the mail adapters; nil: the system's
	demo  []inbox.AgentID           // signed in by one click
	extra map[string]http.Handler   // further pages of the public listener, by prefix
	more  func(*app) (front []task) // further tasks

	readMail func([]byte, letter.Reading) *letter.Mail // in place of letter.Read
}

// app is the program as a value: build wires it, run runs it, close gives everything back.
type app struct {
	settings Settings
	opt      options
	log      *slog.Logger
	clock    *db.Clock
	now      func() time.Time // of the record: the same for all gateways
	node     string           // this program among the others
	metrics  *prometheus.Registry
	health   *healthBoard

	record    *db.DB
	vault     *blob.Store
	journal   *journal.Journal
	book      *customer.Book
	ledger    *inbox.Ledger
	outbox    *inbox.Outbox
	live      *live.Inbox
	closeLive func()
	leave     *customer.Unsubscriber

	roster   *roster.Book
	rules    *router.Rules
	router   *router.Router
	hub      *hub.Hub
	dispatch *dispatch.Dispatcher
	sessions *session.Keeper

	mailboxes map[channels.AccountID]*email.Adapter
	receivers []receiver
	phones    map[channels.AccountID]*sms.Adapter
	chat      *chat.Server // nil without chat accounts
	staff     *agentui.Server
}

// build opens the stores, migrates the record and wires every room. It starts nothing but connections. On an error everything
// opened is closed again.
func build(ctx context.Context, s Settings, log *slog.Logger, opt options) (*app, error) {
	if opt.wall == nil {
		opt.wall = time.Now
	}
	host, err := os.Hostname()
	if err != nil {
		host = "node"
	}
	a := &app{settings: s, opt: opt, log: log, node: host + "-" + uuid.NewString()[:8], health: newHealthBoard(log),
		metrics: prometheus.NewRegistry(), mailboxes: map[channels.AccountID]*email.Adapter{}, phones: map[channels.AccountID]*sms.Adapter{}}
	a.metrics.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	for _, step := range []func(context.Context) error{a.openRecord, a.openLive, a.wireRouter, a.wireChannels, a.wireStaff} {
		if err := step(ctx); err != nil {
			return nil, errors.Join(err, a.close())
		}
	}
	a.metrics.MustRegister(newStock(a))
	return a, nil
}

func (a *app) openRecord(ctx context.Context) (err error) {
	if a.record, err = db.Open(ctx, a.settings.Record); err != nil {
		return err
	}
	steps, err := a.record.Migrate(ctx)
	if err != nil {
		return err
	}
	if steps > 0 {
		a.log.Info("record migrated", "steps", steps)
	}
	if a.clock, err = a.record.NewClock(ctx, a.opt.wall); err != nil {
		return err
	}
	a.now = a.clock.Now
	a.vault = blob.Dir(a.settings.Blobs)
	a.journal = journal.New(a.record)
	a.book = customer.NewBook(a.record, a.journal, a.now)
	if a.leave, err = customer.NewUnsubscriber(a.book, a.settings.key("unsubscribe"), a.settings.PublicURL); err != nil {
		return fmt.Errorf("unsubscribing: %w", err)
	}
	house := a.settings.inboxConfig()
	house.Placer = router.NewPlacer(a.settings.zone(), a.now, a.log)
	a.ledger = inbox.NewLedger(a.record, a.journal, a.book, house, a.now)
	a.outbox = inbox.NewOutbox(a.record, a.journal, a.ledger, a.now)
	a.roster = roster.New(a.record, a.now)
	return a.firstQueue(ctx)
}

// firstQueue gives an empty record the one queue without which nothing could be routed.
func (a *app) firstQueue(ctx context.Context) error {
	queues, err := a.roster.Queues(ctx)
	if err != nil || len(queues) > 0 {
		return err
	}
	_, err = a.roster.AddQueue(ctx, roster.Queue{ID: "assistenza", Name: "Assistenza"})
	if errors.Is(err, roster.ErrTaken) {
		return nil // another gateway was faster
	}
	return err
}

// options are how the live inbox reaches Redis.
func (r RedisSettings) options(log *slog.Logger) live.Options {
	return live.Options{Addrs: r.Addresses, Username: r.Username, Password: r.Password, MasterName: r.Master, TLS: r.TLS, Log: log}
}

func (a *app) openLive(ctx context.Context) (err error) {
	live.LogClient(a.log)
	set, length := a.settings.Redis, int64(0)
	if set.Embedded() {
		var addr string
		if addr, a.closeLive, err = live.Embedded(ctx); err != nil {
			return err
		}
		set.Addresses, length = []string{addr}, live.EmbeddedFeedLength
	}
	o := set.options(a.log)
	o.Now, o.FeedLength = a.now, length
	a.live, err = live.Open(ctx, o)
	return err
}

func (a *app) wireRouter(context.Context) error {
	policy := router.DefaultPolicy()
	policy.OfferTime = a.settings.Routing.OfferTime
	a.rules = router.NewRules(a.record, a.journal, a.now)
	a.router = router.New(a.ledger, a.live, a.rules, router.Config{
		Node: a.node, Policy: policy, Zone: a.settings.zone(), DisconnectGrace: a.settings.Routing.DisconnectGrace,
	}, a.now, a.log)
	a.sessions = session.New(a.record, a.settings.secure(), a.log, a.now)
	a.hub = hub.New(hub.Options{
		Live: a.live, Roster: a.roster, Origin: agentui.SameOrigin(origin(a.settings.PublicURL)), Log: a.log, Now: a.now,
		Alive: a.sessions.Alive, Visitor: hub.VisitorOf(a.ledger), Metrics: a.metrics,
	})
	return nil
}

func (a *app) wireChannels(context.Context) error {
	senders := map[channels.AccountID]channels.Sender{}
	cas := a.opt.cas
	if cas == nil {
		var err error
		if cas, err = a.settings.authorities(); err != nil {
			return fmt.Errorf("ca_file: %w", err)
		}
	}
	scanner, err := a.settings.Files.scanner()
	if err != nil {
		return err
	}
	bookmarks := inbox.NewBookmarks(a.record, a.now)
	for i, cfg := range a.settings.emailConfigs(bookmarks) {
		cfg.CAs = cas
		deps := email.Deps{Sink: a.ledger, Vault: a.vault, Bookmarks: bookmarks, Health: a.health.set, Log: a.log, Now: a.now, Scanner: scanner, Read: a.opt.readMail,
			Staff: a.roster.Staff}
		if a.settings.Email[i].Answered != "off" {
			deps.Marks = a.ledger
		}
		m := email.New(cfg, deps)
		a.mailboxes[cfg.Account], senders[cfg.Account] = m, m
	}
	if err := a.wireReceivers(); err != nil {
		return err
	}
	for _, cfg := range a.settings.smsConfigs() {
		p, err := sms.New(cfg, sms.Deps{Sink: a.ledger, Vault: a.vault, Health: a.health.set, Log: a.log, Now: a.now})
		if err != nil {
			return err
		}
		a.phones[cfg.Account], senders[cfg.Account] = p, p
	}
	if len(a.settings.Chat) > 0 {
		var err error
		a.chat, err = chat.New(a.settings.chatSettings(), chat.Deps{
			Sink: a.ledger, Record: a.ledger, Bus: a.live, Presence: returning{a.live.Visitors(), a.outbox, a.log}, Log: a.log, Now: a.now,
			First: a.live.First, Claim: a.ledger.Claim, Typing: a.customerTypes,
		})
		if err != nil {
			return err
		}
		for _, c := range a.settings.Chat {
			senders[channels.AccountID(c.Account)] = a.chat
		}
	}
	pace, shared := a.settings.pace()
	a.dispatch = dispatch.New(a.outbox, a.ledger, a.live, senders, dispatch.Config{
		Node: a.node, Grace: a.settings.Grace, Down: a.health.down, Zone: a.settings.Zone, Pace: pace, Shared: shared,
	}, a.now, a.log)
	return nil
}

// returning is the visitors' presence, which also sends what waited for a visitor when he comes back into the chat.
type returning struct {
	live.Visitors
	outbox *inbox.Outbox
	log    *slog.Logger
}

// Here implements chat.Presence.
func (r returning) Here(ctx context.Context, account channels.AccountID, visitor string, ttl time.Duration) error {
	was, err := r.Visitors.Present(ctx, account, visitor)
	if err == nil {
		err = r.Visitors.Here(ctx, account, visitor, ttl)
	}
	if err != nil || was {
		return err
	}
	if _, err := r.outbox.DueNow(ctx, channels.Address{Kind: channels.Chat, Value: visitor}); err != nil {
		r.log.Warn("what waited for a visitor is sent later", "err", err) // the dispatcher looks again by itself
	}
	return nil
}

// customerTypes shows agents that a visitor types. It does not block.
func (a *app) customerTypes(_ channels.AccountID, _, conversation string) {
	a.hub.CustomerTyping(inbox.ConversationID(conversation), "")
}

func (a *app) wireStaff(context.Context) (err error) {
	var widgets []string
	for _, c := range a.settings.Chat {
		widgets = append(widgets, c.Origins...)
	}
	scanner, err := a.settings.Files.scanner()
	if err != nil {
		return err
	}
	files := &inspector{policy: a.settings.Files.policy(), scanner: scanner, vault: a.vault, now: a.now, log: a.log}
	a.staff, err = agentui.NewServer(agentui.Deps{
		Unsubscriber: a.leave,
		Ledger:       a.ledger, Book: a.book, Journal: a.journal, Live: a.live, Router: a.router, Rules: a.rules, Roster: a.roster, Hub: a.hub,
		Sessions: a.sessions, Vault: a.vault, Web: web.Dist(), Log: a.log, Now: a.now,
		Original: a.original, Inspect: files.inspect, Retry: a.retryHeld, Health: a.health.all, Down: a.health.down, Metrics: a.metrics,
	}, agentui.Settings{Public: origin(a.settings.PublicURL), Widgets: widgets, Lists: a.settings.lists(), Demo: a.opt.demo,
		SendUnscanned: a.settings.Files.Unscanned == "send"})
	if err != nil {
		return fmt.Errorf("console: %w", err)
	}
	return nil
}

// close gives back what build opened. It may be called on a half-built app.
func (a *app) close() error {
	var errs []error
	if a.live != nil {
		errs = append(errs, a.live.Close())
	}
	if a.closeLive != nil {
		a.closeLive()
	}
	if a.record != nil {
		errs = append(errs, a.record.Close())
	}
	return errors.Join(errs...)
}
