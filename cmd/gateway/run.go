package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/pprof"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"
	"golang.org/x/sync/errgroup"

	"sportello/channels"
	"sportello/channels/pause"
	"sportello/inbox/audit"
	"sportello/inbox/live"
)

// task is something that runs until its context ends.
type task struct {
	name string
	run  func(context.Context) error
}

// run listens and works until ctx ends or a task fails, then stops in two steps: what takes work in from outside ends first (front),
// then, when that is done or the grace time is over, what finishes the work at hand (back). ready, if not nil, is called with the
// public address once requests are answered.
func (a *app) run(ctx context.Context, ready func(net.Addr)) error {
	if err := a.fill(ctx); err != nil {
		return err
	}
	public, err := net.Listen("tcp", a.settings.Listen)
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	local, err := net.Listen("tcp", a.settings.Metrics)
	if err != nil {
		return errors.Join(fmt.Errorf("listen for metrics: %w", err), public.Close())
	}
	backCtx, stopBack := context.WithCancel(context.WithoutCancel(ctx))
	defer stopBack()
	back, backCtx := errgroup.WithContext(backCtx)
	for _, t := range a.backTasks(local) {
		back.Go(func() error { return ended(t, backCtx) })
	}
	frontCtx, stopFront := context.WithCancel(ctx)
	defer stopFront()
	context.AfterFunc(backCtx, stopFront) // nothing is taken in when the rest has failed
	front, frontCtx := errgroup.WithContext(frontCtx)
	for _, t := range a.frontTasks(public) {
		front.Go(func() error { return ended(t, frontCtx) })
	}
	a.log.Info("gateway runs", "node", a.node, "listen", public.Addr().String(), "metrics", local.Addr().String())
	if ready != nil {
		ready(public.Addr())
	}
	<-frontCtx.Done()
	a.log.Info("gateway stops")
	late := time.AfterFunc(a.settings.Grace, stopBack)
	defer late.Stop()
	frontErr := front.Wait()
	stopBack()
	return errors.Join(frontErr, back.Wait())
}

// fill builds the live inbox when it is empty, so that the first request finds it; the guard does it from then on.
func (a *app) fill(ctx context.Context) error {
	_, err := a.live.Head(ctx)
	if errors.Is(err, live.ErrNoEpoch) {
		err = a.live.Rebuild(ctx, a.ledger)
	}
	if err != nil {
		return fmt.Errorf("live inbox: %w", err)
	}
	return nil
}

// ended runs a task and makes an error of its ending too soon.
func ended(t task, ctx context.Context) error {
	err := t.run(ctx)
	if ctx.Err() != nil && (err == nil || errors.Is(err, context.Canceled)) {
		return nil
	}
	if err == nil {
		err = errors.New("ended by itself")
	}
	return fmt.Errorf("%s: %w", t.name, err)
}

// frontTasks take work in from outside.
func (a *app) frontTasks(public net.Listener) []task {
	tasks := []task{
		{"public listener", func(ctx context.Context) error { return serve(ctx, public, a.publicHandler(), a.settings.Grace) }},
		{"hub", a.hub.Run},
	}
	if a.chat != nil {
		tasks = append(tasks, task{"chat", a.chat.Run})
	}
	for _, r := range a.receivers {
		tasks = append(tasks, task{"receive " + r.settings.Listen, r.run})
	}
	for id, m := range a.mailboxes {
		if !m.Reads() {
			tasks = append(tasks, task{"mail account " + string(id), m.Run})
			continue
		}
		tasks = append(tasks, task{"mailbox " + string(id), func(ctx context.Context) error { return a.readAlone(ctx, id, m.Run) }})
	}
	for id, p := range a.phones {
		tasks = append(tasks, task{"sms " + string(id), p.Run})
	}
	if a.opt.more != nil {
		tasks = append(tasks, a.opt.more(a)...)
	}
	return tasks
}

// backTasks bring what has been taken to where it belongs.
func (a *app) backTasks(local net.Listener) []task {
	tasks := []task{
		{"local listener", func(ctx context.Context) error { return serve(ctx, local, a.localHandler(), time.Second) }},
		{"clock", func(ctx context.Context) error { return a.clock.Run(ctx, a.log, a.clockSet) }},
		{"list of gateways", func(ctx context.Context) error { return a.live.Attend(ctx, a.node) }},
		{"health of accounts", func(ctx context.Context) error { return a.health.share(ctx, a.live, a.node) }},
		{"relay", live.NewRelay(a.journal, a.live, a.log).Run},
		{"guard", live.NewGuard(a.live, a.ledger, a.log).Run},
		{"router", a.router.Run},
		{"dispatch", a.dispatch.Run},
		{"sessions", a.sessions.Run},
		{"memory", giveBack},
		{"seals", audit.NewSealer(audit.New(a.record, a.now), a.log).Run},
	}
	for id, m := range a.mailboxes {
		tasks = append(tasks, task{"copies of sent mail " + string(id), m.RunCopies}) // on each gateway, as dispatch
	}
	return tasks
}

// clockSet builds the live inbox anew, because what ends there by the clock would end wrongly.
func (a *app) clockSet(ctx context.Context, _ time.Duration) {
	if err := a.live.Rebuild(ctx, a.ledger); err != nil && ctx.Err() == nil {
		a.log.Error("the live inbox was not rebuilt after the clock was set", "err", err) // the guard rebuilds what is empty
	}
}

// readAlone runs a mailbox on one gateway of all at a time (E-12). Another takes over within the lease when this one is gone.
func (a *app) readAlone(ctx context.Context, id channels.AccountID, run func(context.Context) error) error {
	const lease = 15 * time.Second
	for ctx.Err() == nil {
		err := a.live.Hold(ctx, "mailbox:"+string(id), a.node, lease, func(ctx context.Context, _ int64) error { return run(ctx) })
		a.health.forget(id)
		if ctx.Err() == nil {
			a.log.Warn("mailbox is not read by this gateway", "account", id, "err", err)
			pause.For(ctx, time.Second)
		}
	}
	return ctx.Err()
}

// serve answers HTTP requests until ctx ends, and then finishes those under way within the grace time.
func serve(ctx context.Context, l net.Listener, h http.Handler, grace time.Duration) error {
	server := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 2 * time.Minute, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10}
	var stopping sync.WaitGroup
	stopping.Add(1)
	stop := context.AfterFunc(ctx, func() {
		defer stopping.Done()
		within, cancel := context.WithTimeout(context.WithoutCancel(ctx), grace)
		defer cancel()
		if server.Shutdown(within) != nil {
			_ = server.Close() // requests that outlast the grace time are cut; their clients try again
		}
	})
	err := server.Serve(l)
	if stop() {
		stopping.Done() // it was not the context that ended it
	}
	stopping.Wait()
	if errors.Is(err, http.ErrServerClosed) {
		return ctx.Err()
	}
	return err
}

// publicHandler is what the world reaches: chat, webhooks, console, widget.
func (a *app) publicHandler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/", a.staff.Handler())
	if a.chat != nil {
		mux.Handle("/chat/", a.chat.Handler())
	}
	for id, p := range a.phones {
		mux.Handle("/hooks/sms/"+string(id)+"/", p.Handler())
	}
	for prefix, h := range a.opt.extra {
		mux.Handle(prefix, h)
	}
	return mux
}

// localHandler is what only this machine reaches. /healthz says that the process answers; /readyz that it can do its work.
func (a *app) localHandler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(a.metrics, promhttp.HandlerOpts{}))
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), 2*time.Second)
		defer cancel()
		if err := a.ready(ctx); err != nil {
			a.log.Warn("not ready", "err", err)
			http.Error(w, "not ready", http.StatusServiceUnavailable)
			return
		}
		fmt.Fprintln(w, "ready")
	})
	mux.HandleFunc("GET /debug/pprof/", pprof.Index)
	mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
	return mux
}

// ready reports what keeps this gateway from its work: the record or the live inbox cannot be reached, or is not built yet.
func (a *app) ready(ctx context.Context) error {
	if err := a.record.PingContext(ctx); err != nil {
		return fmt.Errorf("record: %w", err)
	}
	if _, err := a.live.Head(ctx); err != nil {
		return fmt.Errorf("live inbox: %w", err)
	}
	return nil
}
