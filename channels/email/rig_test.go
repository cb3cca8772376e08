package email

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"sportello/channels"
	"sportello/channels/channeltest"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m)
}

const patience = 20 * time.Second // the longest that any single wait may take on a loaded machine

// rig is an adapter with everything around it in memory.
type rig struct {
	sink      channeltest.RecordingSink
	vault     channeltest.MemoryVault
	bookmarks channeltest.MemoryBookmarks

	mu     sync.Mutex
	health []channels.Health
	news   chan struct{}
}

func newRig() *rig { return &rig{news: make(chan struct{}, 1)} }

func (r *rig) deps() Deps {
	return Deps{Sink: &r.sink, Vault: &r.vault, Bookmarks: &r.bookmarks, Health: func(h channels.Health) {
		r.mu.Lock()
		r.health = append(r.health, h)
		r.mu.Unlock()
		select {
		case r.news <- struct{}{}:
		default:
		}
	}}
}

// run starts an adapter and returns what stops it and waits.
func (r *rig) run(t testing.TB, cfg Config) (stop func()) {
	t.Helper()
	return runWith(t, cfg, r.deps())
}

func runWith(t testing.TB, cfg Config, deps Deps) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	a := New(cfg, deps)
	go func() { defer close(done); a.Run(ctx) }()
	stop = sync.OnceFunc(func() { cancel(); <-done })
	t.Cleanup(stop)
	return stop
}

// awaitHealth waits for a report that is as wanted, and returns it.
func (r *rig) awaitHealth(t testing.TB, what string, wanted func(channels.Health) bool) channels.Health {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	seen := 0
	for {
		r.mu.Lock()
		for ; seen < len(r.health); seen++ {
			if h := r.health[seen]; wanted(h) {
				r.mu.Unlock()
				return h
			}
		}
		r.mu.Unlock()
		select {
		case <-r.news:
		case <-ctx.Done():
			t.Fatalf("no health report %s; the last are %+v", what, r.lastHealth())
		}
	}
}

func (r *rig) lastHealth() []channels.Health {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.health[max(0, len(r.health)-3):])
}

func (r *rig) await(t testing.TB, n int) []channels.Inbound {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := r.sink.Wait(ctx, n); err != nil {
		t.Fatalf("%v; health: %+v", err, r.lastHealth())
	}
	return r.sink.Inbounds()
}

const support = "support@sportello.test"

// startMail starts an in-process provider with the mailbox support.
func startMail(t testing.TB, o channeltest.MailOptions) *channeltest.MailServer {
	t.Helper()
	s, err := channeltest.NewMailServer(o)
	if err != nil {
		t.Fatal(err)
	}
	for _, address := range []string{support, "anna@example.test"} {
		if err := s.AddMailbox(address, "secret"); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); s.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-done })
	return s
}

func configFor(s *channeltest.MailServer) Config {
	return Config{
		Account: "mail1", Address: support, Name: "Assistenza",
		IMAP: Server{Host: "127.0.0.1", Port: s.IMAPPort(), TLS: TLSStart, User: support, Password: "secret"},
		SMTP: Server{Host: "127.0.0.1", Port: s.SMTPPort(), TLS: TLSStart, User: support, Password: "secret"},
		Key:  []byte("key of the house"), CAs: s.CAs(), RetryMin: 10 * time.Millisecond, RetryMax: 200 * time.Millisecond,
	}
}

// written is a simple mail to support.
func written(id, subject, text string, more ...string) []byte {
	head := []string{
		"From: Anna Rossi <anna@example.test>", "To: <" + support + ">", "Subject: " + subject,
		"Date: Mon, 02 Nov 2026 10:00:00 +0100", "MIME-Version: 1.0", "Content-Type: text/plain; charset=utf-8",
	}
	if id != "" {
		head = append(head, "Message-ID: <"+id+">")
	}
	return []byte(strings.Join(append(head, more...), "\r\n") + "\r\n\r\n" + strings.ReplaceAll(text, "\n", "\r\n") + "\r\n")
}

func deliver(t testing.TB, s *channeltest.MailServer, raw []byte) {
	t.Helper()
	if err := s.Deliver("anna@example.test", support, raw); err != nil {
		t.Fatal(err)
	}
}

func deliverMany(t testing.TB, s *channeltest.MailServer, n int, first time.Time) {
	t.Helper()
	for i := range n {
		raw := written(fmt.Sprintf("m%d@example.test", i), fmt.Sprintf("Domanda %d", i), "Buongiorno")
		if err := s.DeliverAt("anna@example.test", support, raw, first.Add(time.Duration(i)*time.Minute)); err != nil {
			t.Fatal(err)
		}
	}
}
