package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"sportello/channels/channeltest"
	"sportello/channels/pause"
	"sportello/inbox/audit"
	"sportello/inbox/inboxtest"
	"sportello/inbox/journal"
)

const (
	auditSID    = "AC000000000000000000000000000a0d17"
	auditToken  = "0a0d170a0d170a0d170a0d170a0d1700"
	auditNumber = "+390236714980"
)

// audited is a gateway's record with a mail server and a provider around it.
type audited struct {
	*testing.T
	file   string
	app    *app
	mail   *channeltest.MailServer
	twilio *channeltest.Twilio
	away   atomic.Bool // the webhooks are answered 503
}

func newAudited(t *testing.T, record string) *audited {
	t.Helper()
	return newAuditedWith(t, record, options{})
}

func newAuditedWith(t *testing.T, record string, opt options) *audited {
	t.Helper()
	a := &audited{T: t}
	dir := t.TempDir()
	var err error
	if a.mail, err = channeltest.NewMailServer(channeltest.MailOptions{}); err != nil {
		t.Fatal(err)
	}
	if err := a.mail.AddMailbox("support@sportello.test", "secret"); err != nil {
		t.Fatal(err)
	}
	a.background(func(ctx context.Context) error { return a.mail.Run(ctx) })
	public := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if a.away.Load() {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		a.app.publicHandler().ServeHTTP(w, r)
	}))
	t.Cleanup(public.Close)
	a.twilio = channeltest.NewTwilio(channeltest.TwilioConfig{
		AccountSID: auditSID, AuthToken: auditToken, Numbers: []string{auditNumber}, InboundURL: public.URL + "/hooks/sms/sms/inbound", Client: public.Client(),
	})
	api := httptest.NewServer(a.twilio)
	t.Cleanup(api.Close)
	a.file = settingsFile(t, fmt.Sprintf(`
public_url: %q
listen: 127.0.0.1:0
metrics: 127.0.0.1:0
record: %q
blobs: %q
secret: 0123456789abcdef0123456789abcdef
zone: UTC
mail_hold: 0s
verify_senders: false
redis: {addresses: [embedded]}
email:
  - account: support
    address: support@sportello.test
    insecure_lab: true
    imap: {host: 127.0.0.1, port: %d, tls: none, user: support@sportello.test, password: secret}
    smtp: {host: 127.0.0.1, port: %d, tls: none, user: support@sportello.test, password: secret}
sms:
  - {account: sms, account_sid: %s, auth_tokens: ["%s"], number: %q, api_base: %q}
`, public.URL, record, filepath.Join(dir, "blobs"), a.mail.IMAPPort(), a.mail.SMTPPort(), auditSID, auditToken, auditNumber, api.URL))
	s, err := load(a.file, nil)
	if err != nil {
		t.Fatal(err)
	}
	if a.app, err = build(t.Context(), s, slog.New(slog.DiscardHandler), opt); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.app.close(); err != nil {
			t.Error(err)
		}
	})
	return a
}

// background runs something until the test ends, or stop is called.
func (a *audited) background(run func(context.Context) error) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); _ = run(ctx) }()
	stop = func() { cancel(); <-done }
	a.Cleanup(stop)
	return stop
}

// letter puts a mail into the mailbox.
func (a *audited) letter(id string) {
	a.Helper()
	raw := "From: Anna <anna@example.test>\r\nTo: <support@sportello.test>\r\nSubject: Ordine\r\nMessage-ID: <" + id + ">\r\n\r\nBuongiorno\r\n"
	if err := a.mail.DeliverAt("anna@example.test", "support@sportello.test", []byte(raw), time.Now().Add(-2*time.Second)); err != nil {
		a.Fatal(err)
	}
}

// text sends a text, which is answered as wanted.
func (a *audited) text(body string, want int) string {
	a.Helper()
	sid, status, err := a.twilio.Deliver(a.Context(), "+393331234567", auditNumber, body)
	if err != nil || status != want {
		a.Fatalf("status %d, %v", status, err)
	}
	return sid
}

// await waits until the record has so many messages, and relays their events.
func (a *audited) await(n int) {
	a.Helper()
	ctx, cancel := context.WithTimeout(a.Context(), 20*time.Second)
	defer cancel()
	for have := 0; have < n; pause.For(ctx, 5*time.Millisecond) {
		if err := a.app.record.QueryRowContext(ctx, `SELECT count(*) FROM message`).Scan(&have); err != nil {
			a.Fatal(err)
		}
	}
	events, err := a.app.journal.Pending(ctx, 1000)
	if err != nil {
		a.Fatal(err)
	}
	var done []journal.Position
	for _, e := range events {
		done = append(done, journal.Position{Stream: e.Stream, Seq: e.Seq})
	}
	if err := a.app.journal.Relayed(ctx, done); err != nil {
		a.Fatal(err)
	}
}

// audit runs the command and returns its output.
func (a *audited) audit(want int, args ...string) string {
	a.Helper()
	var out, logs bytes.Buffer
	yesterday := time.Now().UTC().AddDate(0, 0, -1).Format(time.DateOnly)
	args = append([]string{"audit", "--settings", a.file, "--grace", "0s", "--since", yesterday}, args...)
	if code := run(a.Context(), args, nil, &out, &logs); code != want {
		a.Fatalf("exit status %d, want %d\n%s\n%s", code, want, out.String(), logs.String())
	}
	return out.String()
}

// N4: what lies in the mailbox or at the provider and never came in is named, and the exit status says that it does not balance.
func TestN04AuditNamesWhatNeverCameIn(t *testing.T) {
	for name, record := range map[string]func(testing.TB) string{"sqlite": inboxtest.SQLiteURL, "postgres": inboxtest.PostgresURL} {
		t.Run(name, func(t *testing.T) {
			a := newAudited(t, record(t))
			stop := a.background(a.app.mailboxes["support"].Run)
			a.letter("one@example.test")
			a.text("Dov'è il mio ordine?", http.StatusOK)
			a.await(2)
			stop()
			if out := a.audit(0); !strings.Contains(out, "everything balances") || strings.Count(out, "balanced") != 2 {
				t.Fatal(out)
			}
			a.letter("lost@example.test")
			a.away.Store(true)
			sid := a.text("Pronto?", http.StatusServiceUnavailable)
			out := a.audit(1, "--json")
			found := map[audit.Code]audit.Finding{}
			for line := range strings.Lines(out) {
				var f struct {
					Type string `json:"type"`
					audit.Finding
				}
				if err := json.Unmarshal([]byte(line), &f); err != nil {
					t.Fatalf("%q: %v", line, err)
				}
				if f.Type == "finding" {
					found[audit.Code(string(f.Code)+" "+string(f.Account))] = f.Finding
				}
			}
			mail, text := found["not_taken support"], found["not_taken sms"]
			if len(found) != 2 || mail.Place != "INBOX UID 2" || !strings.HasPrefix(mail.External, "lost@example.test#") || text.External != sid {
				t.Fatal(out)
			}
			if out := a.audit(1); !strings.Contains(out, "DOES NOT BALANCE") || !strings.Contains(out, sid) || !strings.Contains(out, "INBOX UID 2") {
				t.Fatal(out)
			}
			if out := a.audit(0, "--no-outside"); !strings.Contains(out, "everything balances") {
				t.Fatal(out)
			}
		})
	}
}

// A mailbox that cannot be asked is noted, and with --outside it is an imbalance.
func TestN04AuditOfAMailboxThatCannotBeAsked(t *testing.T) {
	a := newAudited(t, inboxtest.SQLiteURL(t))
	a.mail.Interrupt(true)
	if out := a.audit(0); !strings.Contains(out, "note:") || !strings.Contains(out, "no messages") {
		t.Fatal(out)
	}
	if out := a.audit(1, "--outside"); !strings.Contains(out, string(audit.ProviderUnknown)) {
		t.Fatal(out)
	}
	var out, logs bytes.Buffer
	if code := run(t.Context(), []string{"audit", "--settings", a.file, "--day", "soon"}, nil, &out, &logs); code != 1 || !strings.Contains(logs.String(), "soon") {
		t.Fatalf("%d %s", code, logs.String())
	}
}
