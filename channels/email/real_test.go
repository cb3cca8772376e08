package email

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"sportello/channels"
	"sportello/channels/channeltest/mailrig"
	"sportello/channels/email/letter"
)

const customer = "anna@example.test"

// realConfig is a mailbox at real servers.
func realConfig(d *mailrig.Dovecot, p *mailrig.Postfix) Config {
	cfg := Config{
		Account: "mail1", Address: support, Name: "Assistenza", Key: []byte("key of the house"), CAs: d.CAs,
		IMAP:     Server{Host: "127.0.0.1", Port: d.IMAPSPort, TLS: TLSDirect, User: support, Password: mailrig.Password},
		SMTP:     Server{Host: "127.0.0.1", Port: 25, TLS: TLSStart, User: support, Password: mailrig.Password},
		RetryMin: 20 * time.Millisecond, RetryMax: time.Second, IdleRenew: 20 * time.Minute,
	}
	if p != nil {
		cfg.SMTP.Port = p.Port
	}
	return cfg
}

// write sends a mail as a customer's provider does.
func write(t testing.TB, p *mailrig.Postfix, to string, raw []byte) {
	t.Helper()
	addr := net.JoinHostPort("127.0.0.1", strconv.Itoa(p.Port))
	c, err := smtp.Dial(addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.SendMail(customer, []string{to}, bytes.NewReader(raw)); err != nil {
		t.Fatal(err)
	}
}

// The whole thread with real servers: a customer's mail by Postfix into Dovecot and by IDLE to us, our answer through Postfix into the
// customer's mailbox, and the customer's answer to the address with the token.
func TestRealConversation(t *testing.T) {
	d := mailrig.StartDovecot(t)
	p := mailrig.StartPostfix(t, d, "sportello.test", "example.test")
	r := newRig()
	cfg := realConfig(d, p)
	r.run(t, cfg)
	r.awaitHealth(t, "ok", func(h channels.Health) bool { return h.OK })

	write(t, p, support, written("c1@example.test", "Ordine 7: città", "Dov'è?"))
	in := r.await(t, 1)[0]
	if in.From.Value != customer || in.Subject != "Ordine 7: città" || in.Thread.MessageID != "c1@example.test" {
		t.Fatalf("read %+v", in)
	}

	out := reply(r, t)
	out.Thread = channels.Thread{
		MessageID: "out-1@sportello.test", InReplyTo: []string{in.Thread.MessageID}, References: []string{in.Thread.MessageID}, Token: "k7xq.2mno",
	}
	if _, err := New(cfg, r.deps()).Send(t.Context(), out); err != nil {
		t.Fatal(err)
	}
	got := letter.Read(d.AwaitMails(t, customer, 1)[0], letter.Reading{})
	if got.Flaw != "" || got.Text != out.Text || got.Thread.InReplyTo[0] != "c1@example.test" || got.Thread.References[0] != "c1@example.test" {
		t.Errorf("arrived as %q %+v", got.Text, got.Thread)
	}
	if len(got.ReplyTo) != 1 || got.ReplyTo[0].Value != "support+k7xq.2mno@sportello.test" || string(got.Files[0].Data) != "%PDF-1.4 fattura" {
		t.Errorf("reply-to %+v, files %+v", got.ReplyTo, got.Files)
	}

	answer := strings.Replace(string(written("c2@example.test", "Re: Ordine 7", "Grazie", "In-Reply-To: <out-1@sportello.test>")),
		"To: <"+support+">", "To: Support+K7XQ.2MNO@sportello.test", 1)
	write(t, p, "Support+K7XQ.2MNO@sportello.test", []byte(answer))
	in = r.await(t, 2)[1]
	if in.Thread.Token != "k7xq.2mno" || in.Thread.InReplyTo[0] != "out-1@sportello.test" {
		t.Errorf("thread %+v", in.Thread)
	}
}

// E-31, E-33: a real delivery report settles the mail it speaks of, and is kept as a bounce.
func TestRealBounceIsSettled(t *testing.T) {
	d := mailrig.StartDovecot(t)
	p := mailrig.StartPostfix(t, d, "sportello.test", "example.test")
	r := newRig()
	cfg := realConfig(d, p)
	r.run(t, cfg)
	out := reply(r, t)
	out.To = []channels.Address{{Kind: channels.Email, Value: "nobody@unknown.test"}, {Kind: channels.Email, Value: "anna@full.test"}}
	if _, err := New(cfg, r.deps()).Send(t.Context(), out); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := r.sink.WaitReceipts(ctx, 2); err != nil {
		t.Fatal(err)
	}
	byRecipient := make(map[string]channels.Receipt)
	for _, receipt := range r.sink.Receipts() {
		byRecipient[receipt.Recipient] = receipt
	}
	for _, c := range []struct {
		recipient, code string
		suppress        bool
	}{{"nobody@unknown.test", channels.CodeBadAddress, true}, {"anna@full.test", channels.CodeMailboxFull, false}} {
		got := byRecipient[c.recipient]
		if got.MessageID != "out-1@sportello.test" || got.State != channels.StateFailed || got.Fault == nil || got.Fault.Code != c.code || got.Fault.Suppress != c.suppress {
			t.Errorf("%s: %+v %+v", c.recipient, got, got.Fault)
		}
	}
	for _, in := range r.await(t, 1) {
		if in.Auto != channels.AutoBounce || in.Raw == "" || len(in.Details.Reports) != 2 || !slices.Contains(in.Thread.References, "out-1@sportello.test") {
			t.Errorf("kept as %+v", in)
		}
	}
}

// REQ-EM1 and E-04 with a real server: 500 mails dated back 30 days are all taken after an outage, and a new UIDVALIDITY brings
// nothing twice.
func TestRealOutageAndRenumbering(t *testing.T) {
	d := mailrig.StartDovecot(t)
	r := newRig()
	cfg := realConfig(d, nil)
	cfg.IMAP.Port, cfg.IMAP.TLS = d.IMAPPort, TLSStart
	d.Append(t, support, time.Now(), written("first@example.test", "prima", "x"))
	stop := r.run(t, cfg)
	r.await(t, 1)
	stop()

	var mails [][]byte
	for i := range 500 {
		mails = append(mails, written(fmt.Sprintf("m%d@example.test", i), fmt.Sprint("Domanda ", i), "Buongiorno"))
	}
	d.Append(t, support, time.Now().AddDate(0, 0, -30), mails...)
	stop = r.run(t, cfg)
	r.await(t, 501)
	stop()

	d.Renumber(t, support)
	calls := r.sink.Calls()
	r.run(t, cfg)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := r.sink.WaitCalls(ctx, calls+501); err != nil {
		t.Fatal(err)
	}
	d.Append(t, support, time.Now(), written("last@example.test", "ultima", "x"))
	if got := r.await(t, 502); len(got) != 502 {
		t.Errorf("%d messages", len(got))
	}
}
