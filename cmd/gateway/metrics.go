package main

import (
	"context"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"sportello/inbox/db"
	"sportello/inbox/live"
)

// stock counts what lies in the stores when Prometheus asks, so that the figures are right after a restart and with several
// gateways: every one of them shows the same. The queries run on partial indexes of what is not done yet.
type stock struct {
	record *db.DB
	live   *live.Inbox
	health *healthBoard
	now    func() time.Time
	log    *slog.Logger

	outbox, relay, late, waiting, agents, account *prometheus.Desc
}

func newStock(a *app) *stock {
	desc := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc("sportello_"+name, help, labels, nil)
	}
	return &stock{
		record: a.record, live: a.live, health: a.health, now: a.now, log: a.log,
		outbox:  desc("outbox_messages", "Messages that wait to leave or are on their way.", "state", "kind"),
		relay:   desc("relay_events", "Journal events that are not in the live inbox yet."),
		late:    desc("outbox_late_seconds", "How long the message that is due longest has been due; 0 when none is."),
		waiting: desc("waiting_conversations", "Conversations that wait for an agent.", "queue"),
		agents:  desc("agents", "Connected agents.", "presence"),
		account: desc("account_up", "1 when an account works, 0 when it does not.", "account", "kind"),
	}
}

// Describe implements prometheus.Collector.
func (s *stock) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{s.outbox, s.relay, s.late, s.waiting, s.agents, s.account} {
		out <- d
	}
}

// Collect implements prometheus.Collector. A store that does not answer leaves its figures out.
func (s *stock) Collect(out chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	for _, look := range []func(context.Context, func(*prometheus.Desc, float64, ...string)) error{s.collectRecord, s.collectLive} {
		if err := look(ctx, gauge); err != nil {
			s.log.Warn("figures are left out", "err", err)
		}
	}
	for _, h := range s.health.all() {
		up := 0.0
		if h.OK {
			up = 1
		}
		gauge(s.account, up, string(h.Account), string(h.Kind))
	}
}

func (s *stock) collectRecord(ctx context.Context, gauge func(*prometheus.Desc, float64, ...string)) error {
	rows, err := s.record.QueryContext(ctx,
		`SELECT state, kind, count(*), min(due_at) FROM outbox WHERE state IN ('queued', 'sending') GROUP BY state, kind`)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	late := 0.0
	for rows.Next() {
		var state, kind string
		var n, due int64
		if err := rows.Scan(&state, &kind, &n, &due); err != nil {
			return err
		}
		gauge(s.outbox, float64(n), state, kind)
		late = max(late, s.now().Sub(time.UnixMilli(due)).Seconds())
	}
	gauge(s.late, late)
	if err := rows.Err(); err != nil {
		return err
	}
	var pending int64
	if err := s.record.QueryRowContext(ctx, `SELECT count(*) FROM relay`).Scan(&pending); err != nil {
		return err
	}
	gauge(s.relay, float64(pending))
	return nil
}

func (s *stock) collectLive(ctx context.Context, gauge func(*prometheus.Desc, float64, ...string)) error {
	snap, err := s.live.Snapshot(ctx)
	if err != nil {
		return err
	}
	queues, presences := map[string]float64{}, map[string]float64{}
	for _, w := range snap.Waiting {
		queues[string(w.Queue)]++
	}
	for _, a := range snap.Agents {
		if a.Connected {
			presences[string(a.Presence)]++
		}
	}
	for q, n := range queues {
		gauge(s.waiting, n, q)
	}
	for p, n := range presences {
		gauge(s.agents, n, p)
	}
	return nil
}
