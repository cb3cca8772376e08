package email

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"sportello/channels"
	"sportello/channels/channeltest"
	"sportello/channels/channeltest/mailrig"
	"sportello/channels/email/field"
	"sportello/channels/email/letter"
	"sportello/channels/email/verp"
)

// E-51: mails in a row share a connection; one that a refusal or a lost server has spoilt is not used again.
func TestE51ConnectionsAreReused(t *testing.T) {
	server, r := startMail(t, channeltest.MailOptions{}), newRig()
	a := New(configFor(server), r.deps())
	send := func(n int) error {
		out := reply(r, t)
		out.Thread.MessageID = fmt.Sprintf("out-%d@sportello.test", n)
		_, err := a.Send(t.Context(), out)
		return err
	}
	if err := send(0); err != nil {
		t.Fatal(err)
	}
	once := server.SMTPSessions()
	for n := 1; n <= 20; n++ {
		if err := send(n); err != nil {
			t.Fatal(err)
		}
	}
	if more := server.SMTPSessions() - once; more != 0 {
		t.Errorf("20 mails in a row opened %d connections", more)
	}
	server.Refuse(func(string) error {
		return &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 7, 1}, Message: "greylisted"}
	})
	if f := channels.AsFault(send(21)); f == nil || f.Class != channels.Temporary {
		t.Error(f)
	}
	server.Refuse(nil)
	if err := send(22); err != nil {
		t.Fatal(err)
	}
	a.pool.idle[0].client.Close() // the server has ended it meanwhile
	if err := send(23); err != nil {
		t.Error("after a lost connection:", err)
	}
	if got := len(server.Mails("anna@example.test")); got != 23 {
		t.Errorf("%d mails arrived, want 23: none twice, none lost", got)
	}
	a.pool.clear()
	if len(a.pool.idle) != 0 {
		t.Error("connections are kept")
	}
}

// A kept connection is not used by a mail whose time is over.
func TestPoolMindsTheContext(t *testing.T) {
	server, r := startMail(t, channeltest.MailOptions{}), newRig()
	a := New(configFor(server), r.deps())
	if _, err := a.Send(t.Context(), reply(r, t)); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := a.Send(ctx, reply(r, t)); err == nil {
		t.Error("sent after its time")
	}
	if len(server.Mails("anna@example.test")) != 1 {
		t.Error("arrived after its time")
	}
}

// E-28, E-51: a machine's mail has the null sender, a person's its own address, which names the mail when it comes back.
func TestE51EnvelopeSenders(t *testing.T) {
	server, r := startMail(t, channeltest.MailOptions{}), newRig()
	cfg := configFor(server)
	cfg.Bounces, cfg.Key = "bounces@sportello.test", []byte("key")
	a := New(cfg, r.deps())
	out := reply(r, t)
	out.ID = "0198c1f2-7b3a-7c11-8d22-0123456789ab"
	out.Thread.MessageID = out.ID + "@sportello.test"
	out.Bcc = []channels.Address{{Kind: channels.Email, Value: "boss@else.test"}}
	if _, err := a.Send(t.Context(), out); err != nil {
		t.Fatal(err)
	}
	out.Auto = channels.AutoReply
	if _, err := a.Send(t.Context(), out); err != nil {
		t.Fatal(err)
	}
	got := server.Mails("anna@example.test")
	if id, ok := verp.Read(got[0].From, cfg.Bounces, cfg.Key); !ok || id != out.ID || got[1].From != "" {
		t.Errorf("senders %q, %q", got[0].From, got[1].From)
	}
	if all := server.Relayed(); len(all) != 2 || strings.Contains(string(got[0].Raw), "boss@else.test") || strings.Contains(string(all[0].Raw), "\nBcc:") {
		t.Errorf("a blind copy shows, or did not leave: %d", len(all))
	}
	bounce := letter.Read([]byte("Delivered-To: "+strings.ToUpper(got[0].From)+"\r\nFrom: mailer-daemon@x.test\r\nX-Failed-Recipients: anna@example.test\r\nSubject: x\r\n\r\nx"), letter.Reading{})
	if err := a.settle(t.Context(), bounce); err != nil {
		t.Fatal(err)
	}
	if all := r.sink.Receipts(); len(all) != 1 || all[0].MessageID != out.Thread.MessageID || all[0].Recipient != "anna@example.test" {
		t.Errorf("%+v", all)
	}
}

// E-50, E-51 with a real server: DSN is asked for, the mail is seven-bit, dots arrive, and a bounce comes back to the mail's own address.
func TestE51RealServerReturnsToTheMailsOwnAddress(t *testing.T) {
	d := mailrig.StartDovecot(t)
	p := mailrig.StartPostfix(t, d, "sportello.test", "example.test")
	r := newRig()
	cfg := realConfig(d, p)
	cfg.Bounces, cfg.Key, cfg.DKIM = support, []byte("key"), signers(t)["ed25519"]
	r.run(t, cfg)
	a := New(cfg, r.deps())
	out := reply(r, t)
	out.ID = "0198c1f2-7b3a-7c11-8d22-0123456789ab"
	out.Thread.MessageID = out.ID + "@sportello.test"
	out.Text = ".\r\n..\r\nfine città 😀\r\n.\r\nQUIT\r\n"
	out.To = append(out.To, channels.Address{Kind: channels.Email, Value: "nobody@unknown.test"})
	if _, err := a.Send(t.Context(), out); err != nil {
		t.Fatal(err)
	}
	raw := d.AwaitMails(t, customer, 1)[0]
	if m := letter.Read(raw, letter.Reading{}); m.Text != ".\n..\nfine città 😀\n.\nQUIT" {
		t.Errorf("%q", m.Text)
	}
	for _, b := range raw {
		if b >= 0x80 {
			t.Fatal("not seven-bit")
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := r.sink.WaitReceipts(ctx, 1); err != nil {
		t.Fatal(err)
	}
	in := r.await(t, 1)[0]
	if got := r.sink.Receipts()[0]; got.MessageID != out.Thread.MessageID || got.Recipient != "nobody@unknown.test" || in.Auto != channels.AutoBounce {
		t.Errorf("%+v", got)
	}
	rc, err := r.vault.Open(t.Context(), in.Raw)
	if err != nil {
		t.Fatal(err)
	}
	defer rc.Close()
	buf := make([]byte, 64<<10)
	n, _ := rc.Read(buf)
	h, _ := field.Split(buf[:n])
	if !strings.Contains(strings.Join(append(h.All("delivered-to"), h.All("to")...), " "), "+0198c1f27b3a7c118d220123456789ab.") {
		t.Errorf("delivered to %v", h.All("delivered-to"))
	}
}

// An address with letters beyond ASCII goes by IDNA where only the domain has them, and is explained where the server cannot take it.
func TestE50LettersBeyondASCII(t *testing.T) {
	r := newRig()
	cfg := Config{Account: "mail1", Address: support, InsecureLab: true, IMAP: Server{Host: "127.0.0.1", Port: 1, User: "u", Password: "p"},
		SMTP: Server{Host: "127.0.0.1", Port: brokenSMTP(t, "dot"), TLS: TLSDisabled}}
	a := New(cfg, r.deps())
	for _, c := range []struct {
		to, code string
	}{{"anna@città.example", channels.CodeNetwork}, {"citt\u00e0@example.test", channels.CodeNotCapable}} {
		out := reply(r, t)
		out.To = []channels.Address{{Kind: channels.Email, Value: c.to}}
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		_, err := a.Send(ctx, out)
		cancel()
		var f *channels.Fault
		if !errors.As(err, &f) || (f.Code == channels.CodeNotCapable) != (c.code == channels.CodeNotCapable) {
			t.Errorf("%s: %v", c.to, err)
		}
	}
}
