package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"net"
	"net/http"
	"net/smtp"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/jhillyerd/enmime/v2"

	"sportello/channels/channeltest"
	"sportello/channels/pause"
	"sportello/cmd/gateway/demo"
	"sportello/inbox"
)

type demoCmd struct {
	Data    string `help:"Folder in which the demo keeps its state." default:".data" type:"path"`
	Listen  string `help:"Address of console and website; on loopback, because the demo lets anybody in." default:"127.0.0.1:8080"`
	Traffic bool   `help:"Simulated customers write now and then; can be switched on the website too." default:"true" negatable:""`
	Verbose bool   `help:"Log what happens." short:"v"`
}

// Run runs the demo until it is told to stop.
func (c *demoCmd) Run(w *world) error {
	d, err := newDemo(c, w)
	if err != nil {
		return err
	}
	return d.run(w)
}

// demoWorld is the outside of the demo: the providers that in production are somebody else's.
type demoWorld struct {
	cmd      *demoCmd
	log      *slog.Logger
	settings Settings
	mail     *channeltest.MailServer
	twilio   *channeltest.Twilio
	api      net.Listener // of twilio
	traffic  atomic.Bool
}

const (
	demoSID   = "AC00000000000000000000000000decade"
	demoToken = "0decade00decade00decade00decade0"
)

func newDemo(c *demoCmd, w *world) (*demoWorld, error) {
	host, port, err := net.SplitHostPort(c.Listen)
	if err != nil {
		return nil, fmt.Errorf("listen: %q is not host:port", c.Listen)
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return nil, errors.New("the demo signs anybody in with one click, so it listens on loopback only")
	}
	if err := os.MkdirAll(filepath.Join(c.Data, "mail"), 0o700); err != nil {
		return nil, fmt.Errorf("demo: %w", err)
	}
	secret, err := demoSecret(filepath.Join(c.Data, "secret"))
	if err != nil {
		return nil, err
	}
	key, known, err := demo.WriteKeys(c.Data)
	if err != nil {
		return nil, err
	}
	d := &demoWorld{cmd: c, log: LogSettings{Level: map[bool]string{true: "info", false: "warn"}[c.Verbose], Format: "text"}.logger(w.err)}
	d.traffic.Store(c.Traffic)
	if d.mail, err = channeltest.NewMailServer(channeltest.MailOptions{SMTP: "127.0.0.1:2525", Dir: filepath.Join(c.Data, "mail"), Log: d.log}); err != nil {
		return nil, fmt.Errorf("demo: %w", err)
	}
	if d.api, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		return nil, errors.Join(fmt.Errorf("demo: %w", err), d.mail.Close())
	}
	d.settings = d.demoSettings(secret, "http://"+net.JoinHostPort(host, port))
	d.settings.Email[0].Seal = SealSettings{PGP: []PGPSettings{{KeyFile: key}}, PGPKnown: []string{known}}
	d.twilio = channeltest.NewTwilio(channeltest.TwilioConfig{
		AccountSID: demoSID, AuthToken: demoToken, Numbers: []string{demo.Number}, First: int(time.Now().Unix()),
		InboundURL: d.settings.smsConfigs()[0].InboundURL(), Retries: 3,
		Pause: func(ctx context.Context, _ int) error { pause.For(ctx, time.Second); return ctx.Err() },
	})
	return d, nil
}

// demoSecret keeps the secret of the first start, so that tokens of yesterday still hold.
func demoSecret(path string) (string, error) {
	raw, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		raw = []byte(rand.Text() + rand.Text())
		err = os.WriteFile(path, raw, 0o600)
	}
	if err != nil {
		return "", fmt.Errorf("demo: %w", err)
	}
	return string(raw), nil
}

func (d *demoWorld) demoSettings(secret, public string) Settings {
	s := defaults()
	s.Listen, s.PublicURL, s.Metrics = d.cmd.Listen, public, "127.0.0.1:0"
	s.Record, s.Blobs, s.Secret = "sqlite:"+filepath.Join(d.cmd.Data, "record.db"), filepath.Join(d.cmd.Data, "blobs"), secret
	s.Redis.Addresses = []string{"embedded"}
	s.Grace = 5 * time.Second
	s.VerifySenders = false // nothing leaves this machine, not even a question; the demo's mail server says who vouches for whom
	s.Routing.OfferTime = 30 * time.Second
	server := func(port int) MailServerSettings {
		return MailServerSettings{Host: "127.0.0.1", Port: port, TLS: "starttls", User: demo.Mailbox, Password: demo.Password}
	}
	s.Email = []EmailSettings{{Account: string(demo.EmailID), Address: demo.Mailbox, Name: "Bottega Lume", Poll: 5 * time.Second,
		IMAP: server(d.mail.IMAPPort()), SMTP: server(d.mail.SMTPPort()), AuthServers: []string{demo.AuthServer},
		Ack: AckSettings{Locale: "it", Texts: map[string]AckTextSettings{
			"it": {Text: "Buongiorno,\n\nabbiamo ricevuto la sua mail e le rispondiamo entro domani. Il numero della richiesta è {number}.\n\nBottega Lume"},
			"en": {Text: "Hello,\n\nwe have received your mail and will answer by tomorrow. Your request has the number {number}.\n\nBottega Lume"},
		}}}}
	s.SMS = []SMSSettings{{Account: string(demo.SMSID), AccountSID: demoSID, AuthTokens: []string{demoToken}, Number: demo.Number,
		APIBase: "http://" + d.api.Addr().String(), Name: "Bottega Lume"}}
	s.Chat = []ChatSettings{{Account: string(demo.ChatID), Name: "Bottega Lume", Origins: []string{public}, Locale: "it", Colour: "#7a4d0c",
		Welcome: "Ciao! Come possiamo aiutarti?", JWTKeys: []string{d.shopKey(secret)}}}
	return s
}

// shopKey is what the shop's server and the gateway share, to vouch for signed-in customers.
func (d *demoWorld) shopKey(secret string) string { return "shop " + secret }

func (d *demoWorld) run(w *world) error {
	if err := d.settings.validate(); err != nil {
		return fmt.Errorf("demo settings:\n%w", err)
	}
	for _, p := range demo.People() {
		if err := d.mail.AddMailbox(p.Email, demo.Password); err != nil {
			return err
		}
	}
	if err := d.mail.AddMailbox(demo.Mailbox, demo.Password); err != nil {
		return err
	}
	site, err := demo.Site("/demo/", demo.SiteConfig{
		Console: "/", Loader: "/w/v1.js", Commands: d.commands(), JWTKey: []byte(d.shopKey(d.settings.Secret)),
		SendMail: d.sendMail, SendSMS: d.sendSMS, Received: d.received, Traffic: &d.traffic, Log: d.log, Now: time.Now,
	})
	if err != nil {
		return err
	}
	a, err := build(w.ctx, d.settings, d.log, options{
		cas: d.mail.CAs(), demo: []inbox.AgentID{"giulia", "marco", "lea", "carla"}, extra: map[string]http.Handler{"/demo/": site}, more: d.tasks,
	})
	if err != nil {
		return err
	}
	if err := d.seed(w.ctx, a); err != nil {
		return errors.Join(err, a.close())
	}
	return errors.Join(a.run(w.ctx, func(net.Addr) { fmt.Fprint(w.out, d.greeting()) }), a.close())
}

// seed fills an empty record, and puts into the mailbox what strangers wrote.
func (d *demoWorld) seed(ctx context.Context, a *app) error {
	now := time.Now()
	answered, err := demo.Seed(ctx, a.record, d.settings.inboxConfig(), now)
	if err != nil || answered == "" {
		return err
	}
	letters, err := demo.Letters(answered, now)
	for _, l := range letters {
		err = errors.Join(err, d.mail.DeliverAt(l.From, demo.Mailbox, l.Raw, l.At))
	}
	return err
}

// tasks are the providers and the simulated customers.
func (d *demoWorld) tasks(a *app) []task {
	traffic := &demo.Traffic{
		On: &d.traffic, Base: d.settings.PublicURL, Origin: d.settings.PublicURL, Most: 6, SendMail: d.sendMail, SendSMS: d.sendSMS, Log: d.log,
		Waiting: func(ctx context.Context) (int, error) {
			snap, err := a.live.Snapshot(ctx)
			return len(snap.Waiting), err
		},
	}
	return []task{
		{"demo mail server", d.mail.Run},
		{"demo SMS provider", d.twilio.Run},
		{"demo SMS provider's API", func(ctx context.Context) error { return serve(ctx, d.api, d.twilio, time.Second) }},
		{"simulated customers", traffic.Run},
	}
}

// sendMail sends a customer's mail by SMTP, as a mail program would.
func (d *demoWorld) sendMail(_ context.Context, from, subject, text string) error {
	if strings.ContainsAny(from+subject, "\r\n") {
		return errors.New("an address and a subject are one line each")
	}
	name := ""
	for _, p := range demo.People() {
		if p.Email == from {
			name = p.Name
		}
	}
	_, domain, _ := strings.Cut(from, "@")
	raw := fmt.Sprintf("Authentication-Results: %s; dkim=pass header.d=%s; spf=pass smtp.mailfrom=%s; dmarc=pass header.from=%s\r\n"+
		"From: %s <%s>\r\nTo: %s\r\nSubject: %s\r\nDate: %s\r\nMessage-ID: <%s@posta.example>\r\nMIME-Version: 1.0\r\n"+
		"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n%s\r\n",
		demo.AuthServer, domain, domain, domain, mime.QEncoding.Encode("utf-8", name), from, demo.Mailbox, mime.QEncoding.Encode("utf-8", subject), time.Now().Format(time.RFC1123Z),
		uuid.NewString(), strings.ReplaceAll(text, "\n", "\r\n"))
	return submit(net.JoinHostPort("127.0.0.1", fmt.Sprint(d.mail.SMTPPort())), from, demo.Mailbox, raw)
}

// submit speaks SMTP in clear text, which stays on this machine.
func submit(server, from, to, raw string) error {
	c, err := smtp.Dial(server)
	if err != nil {
		return err
	}
	defer func() { _ = c.Close() }()
	if err := c.Mail(from); err != nil {
		return err
	}
	if err := c.Rcpt(to); err != nil {
		return err
	}
	w, err := c.Data()
	if err != nil {
		return err
	}
	_, err = io.WriteString(w, raw)
	return errors.Join(err, w.Close(), c.Quit())
}

// sendSMS sends a customer's text; the provider signs it and calls the webhook.
func (d *demoWorld) sendSMS(ctx context.Context, from, text string) error {
	_, status, err := d.twilio.Deliver(ctx, from, demo.Number, text)
	if err == nil && status/100 != 2 {
		err = fmt.Errorf("the webhook answered %d", status)
	}
	return err
}

// received is what customers got, from their mailboxes and phones.
func (d *demoWorld) received(context.Context) ([]demo.Received, error) {
	var all []demo.Received
	for _, m := range d.twilio.Sent() {
		all = append(all, demo.Received{Kind: "sms", To: m.To, Text: m.Body, At: m.At})
	}
	mails := d.mail.Relayed()
	for _, p := range demo.People() {
		mails = append(mails, d.mail.Mails(p.Email)...)
	}
	for _, m := range mails {
		e, err := enmime.ReadEnvelope(io.LimitReader(bytes.NewReader(m.Raw), 1<<20))
		if err != nil {
			continue // not one of ours
		}
		all = append(all, demo.Received{Kind: "email", To: m.To, Subject: e.GetHeader("Subject"), Text: e.Text, At: m.Received})
	}
	return all, nil
}

// commands are how to write from a shell.
func (d *demoWorld) commands() string {
	return fmt.Sprintf("# a mail\nprintf 'From: Anna Rossi <%s>\\nTo: %s\\nSubject: Una domanda\\n\\nBuongiorno, una domanda.\\n' | \\\n"+
		"  curl -sS smtp://127.0.0.1:%d --mail-from %s --mail-rcpt %s -T -\n\n# an SMS, signed as the provider signs it\n%s\n",
		demo.Anna.Email, demo.Mailbox, d.mail.SMTPPort(), demo.Anna.Email, demo.Mailbox,
		d.twilio.CurlInbound(d.settings.smsConfigs()[0].InboundURL(), demo.Anna.Phone, demo.Number, "Ciao, una domanda per SMS"))
}

func (d *demoWorld) greeting() string {
	return fmt.Sprintf("\nSportello runs. Nothing leaves this machine; state is kept in %s.\n\n"+
		"  console        %s/        (one click signs in as agent or manager)\n"+
		"  website        %s/demo/   (the chat widget, and the customers' mail and phone)\n"+
		"  from a shell   as follows\n\n%s\nStop with Ctrl-C.\n",
		d.cmd.Data, d.settings.PublicURL, d.settings.PublicURL, d.commands())
}
