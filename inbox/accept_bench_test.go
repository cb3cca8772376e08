package inbox_test

import (
	"context"
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"sportello/channels"
	"sportello/inbox"
	"sportello/inbox/customer"
	"sportello/inbox/db"
	"sportello/inbox/inboxtest"
	"sportello/inbox/journal"
)

// BenchmarkAccept measures chat messages into existing conversations: 64 visitors, each sends when his last message was taken. Beside
// it stands what the database itself does with one-row transactions over 32 connections. Both databases flush every commit to disk.
//
//	go test ./inbox -run '^$' -bench Accept -benchtime 20000x
func BenchmarkAccept(b *testing.B) {
	b.Run("postgres", func(b *testing.B) { benchAccept(b, inboxtest.Durable(b)) })
	b.Run("sqlite", func(b *testing.B) {
		d, err := db.Open(b.Context(), "sqlite:"+filepath.Join(b.TempDir(), "record.db"))
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { d.Close() }) //nolint:errcheck // the file goes anyway
		if _, err := d.Migrate(b.Context()); err != nil {
			b.Fatal(err)
		}
		benchAccept(b, d)
	})
}

func benchAccept(b *testing.B, d *db.DB) {
	const senders = 64
	j := journal.New(d)
	l := inbox.NewLedger(d, j, customer.NewBook(d, j, time.Now), inbox.Config{
		Accounts: []inbox.Account{{ID: "site", Kind: channels.Chat}}, TokenKey: make([]byte, 32),
	}, time.Now)
	var count atomic.Int64
	send := func(ctx context.Context, n int) error {
		visitor := fmt.Sprintf("%032x", n)
		_, err := l.Accept(ctx, channels.Inbound{
			Account: "site", Kind: channels.Chat, External: fmt.Sprintf("%s:%d", visitor, count.Add(1)), Proof: channels.ProofProvider,
			From: channels.Address{Kind: channels.Chat, Value: visitor, Name: "Anna"}, ReceivedAt: time.Now(),
			Text: "Buongiorno, il mio ordine 4711 non è ancora arrivato. Potete dirmi quando sarà consegnato? Grazie mille.",
		})
		return err
	}
	for n := range senders {
		if err := send(b.Context(), n); err != nil {
			b.Fatal(err)
		}
	}
	if _, err := d.Exec(`CREATE TABLE bench (id TEXT PRIMARY KEY, body TEXT NOT NULL)`); err != nil {
		b.Fatal(err)
	}
	b.Run("raw", func(b *testing.B) {
		closedLoop(b, 32, func(ctx context.Context, _ int) error {
			_, err := d.ExecContext(ctx, `INSERT INTO bench (id, body) VALUES ($1, $2)`, fmt.Sprintf("%032x", count.Add(1)), "Buongiorno")
			return err
		})
	})
	b.Run("accept", func(b *testing.B) { closedLoop(b, senders, send) })
}

// closedLoop has n workers do b.N things, each as fast as it can.
func closedLoop(b *testing.B, n int, do func(ctx context.Context, worker int) error) {
	var left atomic.Int64
	left.Store(int64(b.N))
	var group sync.WaitGroup
	b.ResetTimer()
	for worker := range n {
		group.Go(func() {
			for left.Add(-1) >= 0 {
				if err := do(b.Context(), worker); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	group.Wait()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "messages/s")
}
