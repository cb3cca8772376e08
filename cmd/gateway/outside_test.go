//go:build e2e

package main

import (
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"net"
	"net/http"
	"net/http/httptest"
	"net/mail"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/uuid"
	"github.com/jhillyerd/enmime/v2"

	"sportello/channels/channeltest"
	"sportello/channels/channeltest/mailrig"
	"sportello/channels/pause"
	"sportello/inbox/db"
	"sportello/inbox/inboxtest"
)

// outside is everything around the gateway: its servers, its customers, and the power switch. Browsers' tests reach it by HTTP.
type outside struct {
	public, site, control string // addresses

	dovecot *mailrig.Dovecot
	wire    *line // to it, of the first mailbox
	postfix *mailrig.Postfix
	twilio  *channeltest.Twilio
	redis   string
	record  *db.DB
	binary  string
	config  string
	log     string
	metrics string
	process *exec.Cmd
}

const (
	e2eMailbox = "support@sportello.test"
	e2eOrders  = "ordini@sportello.test" // acknowledges what comes
	e2eNumber  = "+390236714980"
	e2eSID     = "AC0000000000000000000000000000e2e0"
	e2eToken   = "e2e0e2e0e2e0e2e0e2e0e2e0e2e0e2e0"
	e2eShopKey = "a key that shop and gateway share"
	e2ePass    = "correct horse battery"
)

func newOutside(t *testing.T) *outside {
	t.Helper()
	dir := t.TempDir()
	o := &outside{
		dovecot: mailrig.StartDovecot(t), redis: inboxtest.Redis(t), binary: filepath.Join(dir, "gateway"),
		config: filepath.Join(dir, "gateway.yaml"), log: filepath.Join(dir, "gateway.log"),
	}
	o.wire = newLine(t, fmt.Sprintf("127.0.0.1:%d", o.dovecot.IMAPSPort))
	o.postfix = mailrig.StartPostfix(t, o.dovecot, "sportello.test", "clienti.test")
	listen := free(t)
	o.public = "http://" + listen
	o.site = o.serveSite(t)
	o.control = o.serveControl(t)
	recordURL := inboxtest.PostgresURL(t)
	var err error
	if o.record, err = db.Open(t.Context(), recordURL); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = o.record.Close() })
	api := o.startTwilio(t)
	o.metrics = free(t) // when all others have their ports
	settings := fmt.Sprintf(`
listen: %q
public_url: %q
metrics: %q
record: %q
blobs: %q
secret: 0123456789abcdef0123456789abcdef
ca_file: %q
redis: {addresses: [%q]}
log: {level: info, format: text}
mail_hold: 3s
verify_senders: false
routing: {offer_time: 30s, disconnect_grace: 60s}
email:
  - account: support
    address: %s
    name: Bottega
    poll: 2s
    imap: {host: 127.0.0.1, port: %d, tls: tls, user: %s, password: %s}
    smtp: {host: 127.0.0.1, port: %d, tls: starttls, user: %s, password: %s}
  - account: ordini
    address: %s
    name: Bottega
    poll: 2s
    imap: {host: 127.0.0.1, port: %d, tls: tls, user: %s, password: %s}
    smtp: {host: 127.0.0.1, port: %d, tls: starttls, user: %s, password: %s}
    ack: {locale: it, texts: {it: {text: "Abbiamo ricevuto la sua mail."}}}
sms:
  - {account: sms, account_sid: %s, auth_tokens: [%s], number: %q, api_base: %q, name: Bottega}
chat:
  - {account: shop, name: Bottega, origins: [%q], locale: it, jwt_keys: [%q]}
`, listen, o.public, o.metrics, recordURL, filepath.Join(dir, "blobs"), o.authority(t, dir), o.redis,
		e2eMailbox, o.wire.port(), e2eMailbox, mailrig.Password, o.postfix.Port, e2eMailbox, mailrig.Password,
		e2eOrders, o.dovecot.IMAPSPort, e2eOrders, mailrig.Password, o.postfix.Port, e2eOrders, mailrig.Password,
		e2eSID, e2eToken, e2eNumber, api, o.site, e2eShopKey)
	if err := os.WriteFile(o.config, []byte(settings), 0o600); err != nil {
		t.Fatal(err)
	}
	o.build(t)
	return o
}

// free is a loopback address that nobody listens on now.
func free(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}

// authority writes the mail servers' certificate, as they show it, into a file that the gateway trusts.
func (o *outside) authority(t *testing.T, dir string) string {
	t.Helper()
	conn, err := tls.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", o.dovecot.IMAPSPort), &tls.Config{RootCAs: o.dovecot.CAs, ServerName: "127.0.0.1"})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	name := filepath.Join(dir, "ca.pem")
	block := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: conn.ConnectionState().PeerCertificates[0].Raw})
	if err := os.WriteFile(name, block, 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func (o *outside) startTwilio(t *testing.T) (api string) {
	t.Helper()
	o.twilio = channeltest.NewTwilio(channeltest.TwilioConfig{
		AccountSID: e2eSID, AuthToken: e2eToken, Numbers: []string{e2eNumber}, InboundURL: o.public + "/hooks/sms/sms/inbound",
		Retries: 60, Pause: func(ctx context.Context, _ int) error { pause.For(ctx, 500*time.Millisecond); return ctx.Err() },
	})
	server := httptest.NewServer(o.twilio)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- o.twilio.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		<-done
		server.Close()
	})
	return server.URL
}

// build makes the program and its agents.
func (o *outside) build(t *testing.T) {
	t.Helper()
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", o.binary, ".").CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	o.cli(t, "", "queue", "add", "assistenza", "--name", "Assistenza")
	o.cli(t, e2ePass, "agent", "add", "giulia@sportello.test", "--name", "Giulia Ferri", "--password-stdin")
	o.cli(t, e2ePass, "agent", "add", "marco@sportello.test", "--name", "Marco Riva", "--password-stdin")
	o.cli(t, e2ePass, "agent", "add", "carla@sportello.test", "--name", "Carla Neri", "--role", "manager", "--password-stdin")
}

func (o *outside) cli(t *testing.T, stdin string, args ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), o.binary, append(args, "--settings", o.config)...)
	cmd.Stdin = strings.NewReader(stdin + "\n")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("gateway %v: %v\n%s", args, err, out)
	}
}

// start starts the gateway and stops it with the test.
func (o *outside) start(t *testing.T) {
	t.Helper()
	t.Cleanup(func() {
		if err := o.stop(syscall.SIGTERM); err != nil {
			t.Errorf("the gateway did not stop as it should: %v", err)
		}
	})
	if err := o.power(t.Context()); err != nil {
		o.tellLog(t)
		t.Fatal(err)
	}
}

// power starts the gateway and waits until it is ready.
func (o *outside) power(ctx context.Context) error {
	logFile, err := os.OpenFile(o.log, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer func() { _ = logFile.Close() }()
	o.process = exec.Command(o.binary, "serve", "--settings", o.config) //nolint:noctx // it outlives the request that starts it
	o.process.Stdout, o.process.Stderr = logFile, logFile
	if err := o.process.Start(); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	for ctx.Err() == nil {
		if res, err := http.Get("http://" + o.metrics + "/readyz"); err == nil {
			_ = res.Body.Close()
			if res.StatusCode == http.StatusOK {
				return nil
			}
		}
		pause.For(ctx, 50*time.Millisecond)
	}
	return errors.New("the gateway is not ready after 30 s")
}

// stop ends the gateway by a signal and waits for it.
func (o *outside) stop(signal syscall.Signal) error {
	if o.process == nil {
		return nil
	}
	process := o.process
	o.process = nil
	if err := process.Process.Signal(signal); err != nil {
		return err
	}
	err := process.Wait()
	if signal == syscall.SIGKILL {
		return nil
	}
	return err
}

func (o *outside) tellLog(t *testing.T) {
	t.Helper()
	text, err := os.ReadFile(o.log)
	if err != nil {
		t.Log(err)
	}
	lines := strings.Split(string(text), "\n")
	t.Logf("the gateway's log ends:\n%s", strings.Join(lines[max(0, len(lines)-60):], "\n"))
}

// serveSite is a customer's website on an origin of its own.
func (o *outside) serveSite(t *testing.T) string {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprintf(w, `<!doctype html><html lang="it"><title>Bottega</title><h1>Bottega</h1>
<script>(function(w,n){w[n]=w[n]||function(){(w[n].q=w[n].q||[]).push(arguments)}})(window,'Chat');Chat('init',{inbox:'shop',lang:'auto'});</script>
<script async src="%s/w/v1.js"></script></html>`, o.public)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// serveControl answers the browsers' tests; agentui/web/e2e/outside.ts is its other side.
func (o *outside) serveControl(t *testing.T) string {
	mux := http.NewServeMux()
	handle := func(path string, do func(r *http.Request, body []byte) (any, error)) {
		mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) {
			body, err := io.ReadAll(r.Body)
			var answer any
			if err == nil {
				answer, err = do(r, body)
			}
			if err != nil {
				http.Error(w, err.Error(), http.StatusInternalServerError)
				return
			}
			if answer != nil {
				_ = json.NewEncoder(w).Encode(answer)
			}
		})
	}
	handle("POST /mail", o.sendMail)
	handle("GET /mailbox", func(r *http.Request, _ []byte) (any, error) { return o.mailbox(t, r.URL.Query().Get("address")) })
	handle("POST /sms", o.sendSMS)
	handle("GET /phone", func(r *http.Request, _ []byte) (any, error) { return o.phone(r.URL.Query().Get("number")), nil })
	handle("POST /kill", func(*http.Request, []byte) (any, error) { return nil, o.stop(syscall.SIGKILL) })
	handle("POST /start", func(r *http.Request, _ []byte) (any, error) { return nil, o.power(r.Context()) })
	handle("POST /flush", func(*http.Request, []byte) (any, error) { return nil, o.flush() })
	handle("POST /line", o.cut)
	handle("GET /count", o.count)
	handle("POST /identity", o.identity)
	server := httptest.NewServer(mux)
	server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	t.Cleanup(server.Close)
	return server.URL
}

// customerMail is a mail as the tests see it.
type customerMail struct {
	From       string `json:"from"`
	To         string `json:"to"`
	Subject    string `json:"subject"`
	Text       string `json:"text"`
	MessageID  string `json:"messageId"`
	InReplyTo  string `json:"inReplyTo"`
	References string `json:"references"`
	ReplyTo    string `json:"replyTo"`
}

func (o *outside) sendMail(_ *http.Request, body []byte) (any, error) {
	var ask struct {
		From, To, Subject, Text string // To is the first mailbox when empty
		Raw                     string // the whole mail instead, with {from}, {to}, {date} and {id} where those belong
		Answer                  *customerMail
	}
	if err := json.Unmarshal(body, &ask); err != nil {
		return nil, err
	}
	to, threading := cmp.Or(ask.To, e2eMailbox), ""
	if a := ask.Answer; a != nil {
		address, err := mail.ParseAddress(a.ReplyTo)
		if err != nil {
			return nil, fmt.Errorf("Reply-To %q: %w", a.ReplyTo, err)
		}
		to = address.Address
		threading = fmt.Sprintf("In-Reply-To: %s\r\nReferences: %s %s\r\n", a.MessageID, a.References, a.MessageID)
	}
	if ask.Raw != "" {
		raw := strings.NewReplacer("{from}", ask.From, "{to}", to, "{date}", time.Now().Format(time.RFC1123Z), "{id}", uuid.NewString(),
			"\n", "\r\n").Replace(ask.Raw)
		return nil, submit(fmt.Sprintf("127.0.0.1:%d", o.postfix.Port), ask.From, to, raw)
	}
	raw := fmt.Sprintf("From: %s\r\nTo: %s\r\nSubject: %s\r\nDate: %s\r\nMessage-ID: <%s@clienti.test>\r\n%sMIME-Version: 1.0\r\n"+
		"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n%s\r\n",
		ask.From, to, mime.QEncoding.Encode("utf-8", ask.Subject), time.Now().Format(time.RFC1123Z), uuid.NewString(), threading,
		strings.ReplaceAll(ask.Text, "\n", "\r\n"))
	return nil, submit(fmt.Sprintf("127.0.0.1:%d", o.postfix.Port), ask.From, to, raw)
}

func (o *outside) mailbox(t *testing.T, address string) (any, error) {
	all := []customerMail{}
	for _, raw := range o.dovecot.Mails(t, address) {
		e, err := enmime.ReadEnvelope(bytes.NewReader(raw))
		if err != nil {
			return nil, err
		}
		all = append(all, customerMail{
			From: e.GetHeader("From"), To: e.GetHeader("To"), Subject: e.GetHeader("Subject"), Text: e.Text, MessageID: e.GetHeader("Message-Id"),
			InReplyTo: e.GetHeader("In-Reply-To"), References: e.GetHeader("References"), ReplyTo: e.GetHeader("Reply-To"),
		})
	}
	return all, nil
}

func (o *outside) sendSMS(r *http.Request, body []byte) (any, error) {
	var ask struct {
		From, Text string
		Times      int
	}
	if err := json.Unmarshal(body, &ask); err != nil {
		return nil, err
	}
	sid, status, err := o.twilio.Deliver(r.Context(), ask.From, e2eNumber, ask.Text)
	for n := 1; n < ask.Times && err == nil; n++ {
		status, err = o.twilio.Redeliver(r.Context(), sid)
	}
	if err == nil && status/100 != 2 {
		err = fmt.Errorf("the webhook answered %d", status)
	}
	return nil, err
}

func (o *outside) phone(number string) any {
	type text struct {
		Text   string `json:"text"`
		Status string `json:"status"`
	}
	all := []text{}
	for _, m := range o.twilio.Sent() {
		if m.To == number {
			all = append(all, text{m.Body, m.Status})
		}
	}
	return all
}

func (o *outside) flush() error {
	conn, err := net.Dial("tcp", o.redis)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	if _, err := io.WriteString(conn, "FLUSHALL\r\n"); err != nil {
		return err
	}
	answer := make([]byte, 5)
	if _, err := io.ReadFull(conn, answer); err != nil || string(answer) != "+OK\r\n" {
		return fmt.Errorf("FLUSHALL answered %q: %w", answer, err)
	}
	return nil
}

// cut cuts the line to the first mailbox, or mends it.
func (o *outside) cut(_ *http.Request, body []byte) (any, error) {
	var ask struct{ Cut bool }
	err := json.Unmarshal(body, &ask)
	if err == nil {
		o.wire.set(ask.Cut)
	}
	return nil, err
}

func (o *outside) count(r *http.Request, _ []byte) (any, error) {
	tables := map[string]string{"messages": "message", "conversations": "conversation", "outbox": "outbox"}
	table, ok := tables[r.URL.Query().Get("of")]
	if !ok {
		return nil, errors.New("messages, conversations or outbox")
	}
	var n int
	err := o.record.QueryRowContext(r.Context(), "SELECT count(*) FROM "+table).Scan(&n)
	return map[string]int{"n": n}, err
}

func (o *outside) identity(_ *http.Request, body []byte) (any, error) {
	var who struct{ Name, Email, Phone string }
	if err := json.Unmarshal(body, &who); err != nil {
		return nil, err
	}
	token, err := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims{
		"sub": who.Email, "aud": "shop", "iat": time.Now().Unix(), "exp": time.Now().Add(time.Hour).Unix(), "jti": uuid.NewString(),
		"name": who.Name, "email": who.Email, "email_verified": true, "phone": who.Phone,
	}).SignedString([]byte(e2eShopKey))
	return map[string]string{"token": token}, err
}
