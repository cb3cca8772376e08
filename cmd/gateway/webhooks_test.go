package main

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"

	"sportello/inbox"
	"sportello/inbox/inboxtest"
)

// REQ-IN1: while 1,000 webhooks come in, Redis goes away for good. Each that is answered 2xx is in the record, each is answered so, and all
// are in the inbox that is rebuilt afterwards.
func TestREQIN1RedisEndsDuringWebhooks(t *testing.T) {
	t.Parallel()
	const webhooks, phones, workers = 1000, 40, 8
	a := newAudited(t, inboxtest.SQLiteURL(t))
	ready := make(chan struct{})
	stop := a.background(func(ctx context.Context) error { return a.app.run(ctx, func(net.Addr) { close(ready) }) })
	<-ready
	endRedis := sync.OnceFunc(a.app.closeLive)
	a.app.closeLive = endRedis
	var sent, refused atomic.Int64
	var all sync.WaitGroup
	for w := range workers {
		all.Go(func() {
			for n := w; n < webhooks; n += workers {
				if sent.Add(1) == webhooks/3 {
					endRedis()
				}
				_, status, err := a.twilio.Deliver(t.Context(), fmt.Sprintf("+3933312345%02d", n%phones), auditNumber, fmt.Sprint("text ", n))
				if err != nil || status != http.StatusOK {
					refused.Add(1)
					t.Errorf("webhook %d: %d %v", n, status, err)
				}
			}
		})
	}
	all.Wait()
	stop()
	count := func(query string) (n int) {
		t.Helper()
		if err := a.app.record.QueryRowContext(t.Context(), query).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	if n := count(`SELECT count(DISTINCT external_id) FROM message WHERE direction = 'in'`); n != webhooks || refused.Load() != 0 {
		t.Fatalf("%d of %d messages are in the record, %d were refused", n, webhooks, refused.Load())
	}
	b, err := build(t.Context(), a.app.settings, slog.New(slog.DiscardHandler), options{})
	if err != nil {
		t.Fatal(err)
	}
	defer b.close() //nolint:errcheck // nothing is written
	if err := b.live.Rebuild(t.Context(), b.ledger); err != nil {
		t.Fatal(err)
	}
	rows, err := b.record.QueryContext(t.Context(), `SELECT id FROM conversation WHERE state <> 'closed'`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close() //nolint:errcheck // only read
	var ids []inbox.ConversationID
	for rows.Next() {
		var id inbox.ConversationID
		if err := rows.Scan(&id); err != nil {
			t.Fatal(err)
		}
		ids = append(ids, id)
	}
	live, err := b.live.Conversations(t.Context(), ids)
	if err != nil || rows.Err() != nil || len(ids) != phones || len(live) != phones {
		t.Errorf("%d conversations are in the inbox, %d in the record, want %d; %v %v", len(live), len(ids), phones, err, rows.Err())
	}
}
