package receive_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
	"go.uber.org/goleak"

	"sportello/channels"
	"sportello/channels/channeltest"
	"sportello/channels/channeltest/mailrig"
	"sportello/channels/email"
	"sportello/channels/email/receive"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const patience = 20 * time.Second

// rig is a listener with two accounts in memory: support@ and sales@, and everything else at shop.test.
type rig struct {
	support, sales channeltest.RecordingSink
	vault          channeltest.MemoryVault
	addr           *net.TCPAddr
	stop           func()
}

func (r *rig) taker(sink channels.Sink, account channels.AccountID, address string) receive.Taker {
	return email.New(email.Config{
		Account: account, Address: address, InsecureLab: true,
		IMAP: email.Server{Host: "127.0.0.1", Port: 1, TLS: email.TLSDisabled, User: "u", Password: "p"}, SMTP: email.Server{Host: "127.0.0.1", Port: 1},
	}, email.Deps{Sink: sink, Vault: &r.vault, Bookmarks: &channeltest.MemoryBookmarks{}})
}

func start(t testing.TB, protocol receive.Protocol, change func(*receive.Config)) *rig {
	t.Helper()
	r := &rig{}
	cfg := receive.Config{Protocol: protocol, Domain: "mx.sportello.test", Networks: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")},
		MaxSize: 3 << 20, MaxRecipients: 5, Routes: map[string]receive.Taker{
			"support@sportello.test": r.taker(&r.support, "mail1", "support@sportello.test"),
			"sales@sportello.test":   r.taker(&r.sales, "mail2", "sales@sportello.test"),
		}}
	cfg.Routes["@shop.test"] = cfg.Routes["sales@sportello.test"]
	if change != nil {
		change(&cfg)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r.addr = l.Addr().(*net.TCPAddr)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := receive.New(cfg, slog.New(slog.DiscardHandler)).Run(ctx, l); !errors.Is(err, context.Canceled) {
			t.Errorf("Run ended with %v", err)
		}
	}()
	r.stop = sync.OnceFunc(func() { cancel(); <-done })
	t.Cleanup(r.stop)
	return r
}

// talk is a raw session.
type talk struct {
	testing.TB
	net.Conn
	lines *bufio.Reader
}

func (r *rig) talk(t testing.TB) *talk {
	t.Helper()
	c, err := net.DialTCP("tcp", nil, r.addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	c.SetDeadline(time.Now().Add(patience))
	return &talk{t, c, bufio.NewReader(c)}
}

// says sends and returns the last line of each of n answers.
func (c *talk) says(text string, n int) []string {
	c.Helper()
	if _, err := c.Write([]byte(text)); err != nil {
		c.Fatal(err)
	}
	var all []string
	for len(all) < n {
		line, err := c.lines.ReadString('\n')
		if err != nil {
			c.Fatalf("after %q: %v", all, err)
		}
		if len(line) > 3 && line[3] == ' ' {
			all = append(all, strings.TrimSpace(line))
		}
	}
	return all
}

func (c *talk) want(text string, codes ...string) {
	c.Helper()
	got := c.says(text, len(codes))
	for i, code := range codes {
		if !strings.HasPrefix(got[i], code) {
			c.Fatalf("%.200q was answered %q, want %v", text, got, codes)
		}
	}
}

func mail(id, text string) string {
	return "From: Anna <anna@example.test>\r\nTo: support@sportello.test\r\nSubject: Ordine\r\nMessage-ID: <" + id + ">\r\n\r\n" + text + "\r\n"
}

// E-15: commands in one piece, the recipient of the envelope kept with its token, plus-addresses, a domain's other addresses.
func TestE15EnvelopeIsKept(t *testing.T) {
	r := start(t, receive.SMTP, nil)
	c := r.talk(t)
	c.want("EHLO mx.example.test\r\n", "220", "250")
	c.want("MAIL FROM:<Anna@example.test> SIZE=500 BODY=8BITMIME\r\nRCPT TO:<Support+K7XQ.2MNO@sportello.test>\r\nRCPT TO:<chi@shop.test>\r\nDATA\r\n",
		"250", "250", "250", "354")
	c.want(mail("one@example.test", "Dov'è?\r\n..punto")+".\r\nQUIT\r\n", "250", "221")
	in, out := r.support.Inbounds(), r.sales.Inbounds()
	if len(in) != 1 || len(out) != 1 || in[0].Thread.Token != "k7xq.2mno" || out[0].Thread.Token != "" || in[0].Raw == "" {
		t.Fatalf("%+v %+v", in, out)
	}
	if in[0].Text != "Dov'è?\n.punto" || in[0].From.Value != "anna@example.test" || in[0].Account != "mail1" || out[0].Account != "mail2" {
		t.Errorf("%+v", in[0])
	}
}

// E-15: what is not ours is refused in every form, so that nothing can be relayed. swaks says so as well.
func TestE15NoRelay(t *testing.T) {
	r := start(t, receive.SMTP, nil)
	c := r.talk(t)
	c.want("EHLO x\r\nMAIL FROM:<support@sportello.test>\r\n", "220", "250", "250")
	for _, to := range []string{
		"someone@example.org", "support%example.org@sportello.test", "example.org!support@sportello.test", "\"someone@example.org\"@sportello.test",
		"@sportello.test:someone@example.org", "someone@example.org@sportello.test", "support@sportello.test@example.org", "postmaster", "nobody@sportello.test",
		"support@[127.0.0.1]", "support@shop.test.example.org", "",
	} {
		got := c.says("RCPT TO:<"+to+">\r\n", 1)[0]
		if !strings.HasPrefix(got, "5") {
			t.Errorf("%s: %s", to, got)
		}
	}
	c.want("DATA\r\n", "5")
	swaks := func(to string) (string, error) {
		out, err := exec.Command("swaks", "--server", r.addr.String(), "--from", "a@example.org", "--to", to, "--timeout", "10").CombinedOutput()
		return string(out), err
	}
	if out, err := swaks("b@example.org"); err == nil || !strings.Contains(out, "550 5.1.1") {
		t.Errorf("%v\n%s", err, out)
	}
	if out, err := swaks("support@sportello.test"); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	if n := len(r.support.Inbounds()); n != 1 {
		t.Errorf("%d mails", n)
	}
}

// Whoever is outside the networks is not spoken to.
func TestE15OtherNetworksAreRefused(t *testing.T) {
	r := start(t, receive.SMTP, func(c *receive.Config) { c.Networks = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")} })
	r.talk(t).want("", "554")
	full := start(t, receive.SMTP, func(c *receive.Config) { c.MaxConns = 1 })
	first := full.talk(t)
	first.want("", "220")
	full.talk(t).want("", "421")
	first.want("QUIT\r\n", "221")
}

// E-15, promise 1: 250 comes after the commit; while the record is away the answer is 4xx, in LMTP for each recipient by himself.
func TestE15RecordDownIsTemporary(t *testing.T) {
	r := start(t, receive.LMTP, nil)
	r.sales.Fail(errors.New("database is gone"))
	c := r.talk(t)
	c.want("LHLO x\r\nMAIL FROM:<>\r\nRCPT TO:<support@sportello.test>\r\nRCPT TO:<sales@sportello.test>\r\nDATA\r\n", "220", "250", "250", "250", "250", "354")
	c.want(mail("one@example.test", "x")+".\r\n", "250", "451")
	r.sales.Fail(nil)
	r.vault.Fail(errors.New("disk full"))
	c.want("MAIL FROM:<>\r\nRCPT TO:<sales@sportello.test>\r\nDATA\r\n", "250", "250", "354")
	c.want(mail("one@example.test", "x")+".\r\n", "451")
	r.vault.Fail(nil)

	release := r.sales.Hold()
	calls := r.sales.Calls()
	c.want("MAIL FROM:<>\r\nRCPT TO:<sales@sportello.test>\r\nDATA\r\n", "250", "250", "354")
	answered := make(chan []string, 1)
	go func() { answered <- c.says(mail("one@example.test", "x")+".\r\n", 1) }()
	if err := r.sales.WaitCalls(t.Context(), calls+1); err != nil {
		t.Fatal(err)
	}
	select {
	case got := <-answered:
		t.Errorf("answered %q before the commit", got)
	default:
	}
	release()
	if got := <-answered; !strings.HasPrefix(got[0], "250") {
		t.Error(got)
	}
}

// Killed between the commit and the 250: the mail comes again, and is one.
func TestE15CutBeforeTheAnswer(t *testing.T) {
	r := start(t, receive.SMTP, nil)
	for _, id := range []string{"one@example.test", ""} { // also one without an id
		n := len(r.support.Inbounds())
		release := r.support.Hold()
		calls := r.support.Calls()
		c := r.talk(t)
		c.want("EHLO x\r\nMAIL FROM:<a@example.test>\r\nRCPT TO:<support@sportello.test>\r\nDATA\r\n", "220", "250", "250", "250", "354")
		if _, err := c.Write([]byte(mail(id, "x") + ".\r\n")); err != nil {
			t.Fatal(err)
		}
		if err := r.support.WaitCalls(t.Context(), calls+1); err != nil {
			t.Fatal(err)
		}
		c.Close()
		release()
		if err := r.support.Wait(t.Context(), n+1); err != nil {
			t.Fatal(err)
		}
		again := r.talk(t)
		again.want("EHLO x\r\nMAIL FROM:<a@example.test>\r\nRCPT TO:<support@sportello.test>\r\nDATA\r\n", "220", "250", "250", "250", "354")
		again.want(mail(id, "x")+".\r\n", "250")
		if got := len(r.support.Inbounds()); got != n+1 {
			t.Errorf("%q: %d mails, want %d", id, got, n+1)
		}
	}
}

// The limits: size as announced and as sent, recipients, and lines that are longer than they ought to be but not without end.
func TestE15Limits(t *testing.T) {
	r := start(t, receive.SMTP, nil)
	c := r.talk(t)
	c.want("EHLO x\r\n", "220", "250")
	c.want("MAIL FROM:<a@example.test> SIZE=99999999\r\n", "552")
	c.want("MAIL FROM:<a@example.test>\r\n", "250")
	for range 5 {
		c.want("RCPT TO:<support@sportello.test>\r\n", "250")
	}
	c.want("RCPT TO:<support@sportello.test>\r\n", "452")
	c.want("DATA\r\n", "354")
	c.want(mail("long@example.test", strings.Repeat("x", 900_000))+".\r\n", "250")
	c.want("MAIL FROM:<a@example.test>\r\nRCPT TO:<support@sportello.test>\r\nDATA\r\n", "250", "250", "354")
	c.want(mail("large@example.test", strings.Repeat("riga\r\n", 600_000))+".\r\n", "552")
	c.want("MAIL FROM:<a@example.test>\r\nRCPT TO:<support@sportello.test>\r\nBDAT "+strconv.Itoa(len(mail("chunk@example.test", "x")))+" LAST\r\n"+mail("chunk@example.test", "x"),
		"250", "250", "250")
	c.want("MAIL FROM:<Анна@пример.test> SMTPUTF8\r\nRCPT TO:<support@sportello.test>\r\nDATA\r\n", "250", "250", "354")
	c.want(mail("utf8@example.test", "x")+".\r\n", "250")
	var ids []string
	for _, in := range r.support.Inbounds() {
		ids = append(ids, in.Thread.MessageID)
	}
	if want := []string{"long@example.test", "chunk@example.test", "utf8@example.test"}; !slices.Equal(ids, want) {
		t.Errorf("taken %v, want %v", ids, want)
	}
}

// With a certificate the session can be encrypted, and says so.
func TestE15StartTLS(t *testing.T) {
	cert, cas, err := channeltest.SelfSigned(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	r := start(t, receive.SMTP, func(c *receive.Config) {
		c.TLS = &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12}
	})
	c, err := smtp.DialStartTLS(r.addr.String(), &tls.Config{RootCAs: cas, ServerName: "127.0.0.1"})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for _, extension := range []string{"SIZE", "8BITMIME", "SMTPUTF8", "PIPELINING", "CHUNKING", "ENHANCEDSTATUSCODES"} {
		if ok, _ := c.Extension(extension); !ok {
			t.Errorf("%s is not offered", extension)
		}
	}
	if err := c.SendMail("a@example.test", []string{"support@sportello.test"}, strings.NewReader(mail("tls@example.test", "x"))); err != nil || len(r.support.Inbounds()) != 1 {
		t.Error(err)
	}
}

// A client that says nothing more is let go, in the middle of a mail too, and what he began is not taken.
func TestE15SlowClientsAreCut(t *testing.T) {
	r := start(t, receive.SMTP, func(c *receive.Config) { c.Idle = 100 * time.Millisecond })
	silent, half := r.talk(t), r.talk(t)
	silent.want("EHLO x\r\n", "220", "250")
	half.want("EHLO x\r\nMAIL FROM:<a@example.test>\r\nRCPT TO:<support@sportello.test>\r\nDATA\r\n", "220", "250", "250", "250", "354")
	if _, err := half.Write([]byte(mail("half@example.test", "x"))); err != nil { // without its end
		t.Fatal(err)
	}
	for _, c := range []*talk{silent, half} {
		if _, err := io.Copy(io.Discard, c.lines); err != nil && errors.Is(err, os.ErrDeadlineExceeded) {
			t.Error("still connected")
		}
	}
	if n := len(r.support.Inbounds()); n != 0 {
		t.Errorf("%d mails of a client who did not end one", n)
	}
}

// RFC 3030: a mail may come in pieces, of any bytes; pieces without a last one are no mail.
func TestE15Chunks(t *testing.T) {
	r := start(t, receive.LMTP, nil)
	c := r.talk(t)
	raw := mail("chunks@example.test", "uno\r\n.\r\ndue")
	c.want("LHLO x\r\nMAIL FROM:<a@example.test>\r\nRCPT TO:<support@sportello.test>\r\n", "220", "250", "250", "250")
	c.want("BDAT 10\r\n"+raw[:10]+"BDAT "+strconv.Itoa(len(raw)-10)+"\r\n"+raw[10:]+"BDAT 0 LAST\r\n", "250", "250", "250")
	c.want("MAIL FROM:<a@example.test>\r\nRCPT TO:<support@sportello.test>\r\nBDAT 5\r\nFrom:RSET\r\n", "250", "250", "250", "250")
	c.want("QUIT\r\n", "221")
	if in := r.support.Inbounds(); len(in) != 1 || in[0].Thread.MessageID != "chunks@example.test" || in[0].Text != "uno\n.\ndue" {
		t.Errorf("%+v", in)
	}
}

// What others take for the end of a mail is not one (SMTP smuggling): whatever follows stays part of the mail, or is refused.
func TestE15NothingIsSmuggled(t *testing.T) {
	for _, end := range []string{"\n.\n", "\n.\r\n", "\r\n.\n", "\r.\r", "\r\n.\r", "\r\n\x00.\r\n", "\r.\r\n", "\n.\r"} {
		r := start(t, receive.SMTP, nil)
		c := r.talk(t)
		c.want("EHLO x\r\nMAIL FROM:<a@example.test>\r\nRCPT TO:<support@sportello.test>\r\nDATA\r\n", "220", "250", "250", "250", "354")
		inner := "MAIL FROM:<ceo@example.test>\r\nRCPT TO:<sales@sportello.test>\r\nDATA\r\n" + mail("inner@example.test", "y")
		c.says(mail("outer@example.test", "x"+end+inner)+".\r\n", 1)
		c.want("QUIT\r\n", "221")
		if got := r.support.Inbounds(); len(got) > 1 || len(got) == 1 && got[0].Thread.MessageID != "outer@example.test" || len(r.sales.Inbounds()) != 0 {
			t.Errorf("%q: %d and %d mails", end, len(got), len(r.sales.Inbounds()))
		}
	}
}

// When the program stops, a mail under way is still taken and answered, and no new one begins.
func TestE15StopFinishesWhatIsUnderWay(t *testing.T) {
	r := start(t, receive.SMTP, nil)
	release := r.support.Hold()
	c, late := r.talk(t), r.talk(t)
	late.want("EHLO x\r\nMAIL FROM:<a@example.test>\r\nRCPT TO:<support@sportello.test>\r\nDATA\r\n", "220", "250", "250", "250", "354")
	c.want("EHLO x\r\nMAIL FROM:<a@example.test>\r\nRCPT TO:<support@sportello.test>\r\nDATA\r\n", "220", "250", "250", "250", "354")
	if _, err := c.Write([]byte(mail("one@example.test", "x") + ".\r\n")); err != nil {
		t.Fatal(err)
	}
	if err := r.support.WaitCalls(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	stopped := make(chan struct{})
	go func() { defer close(stopped); r.stop() }()
	release()
	late.Close()
	<-stopped
	if n := len(r.support.Inbounds()); n != 1 {
		t.Errorf("%d mails", n)
	}
}

// E-15 with a real Postfix, which hands over by LMTP: every mail once, also through a time in which the record is away; what is not ours
// comes back to its sender.
func TestE15RealPostfix(t *testing.T) {
	r := start(t, receive.LMTP, nil)
	d := mailrig.StartDovecot(t)
	p := mailrig.StartPostfixWith(t, d, map[string]string{"sportello.test": fmt.Sprintf("lmtp:inet:127.0.0.1:%d", r.addr.Port)}, "sportello.test", "example.test")
	r.support.Fail(errors.New("database is gone"))
	write := func(to, raw string) {
		t.Helper()
		c, err := smtp.Dial(net.JoinHostPort("127.0.0.1", strconv.Itoa(p.Port)))
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if err := c.SendMail("anna@example.test", []string{to}, strings.NewReader(raw)); err != nil {
			t.Fatal(err)
		}
	}
	const mails = 20
	for i := range mails {
		write("support+k7xq.2mno@sportello.test", mail(fmt.Sprintf("m%d@example.test", i), "x"))
	}
	ctx, cancel := context.WithTimeout(t.Context(), 3*patience)
	defer cancel()
	if err := r.support.WaitCalls(ctx, 1); err != nil {
		t.Fatal(err)
	}
	r.support.Fail(nil)
	write("nobody@sportello.test", mail("stray@example.test", "x"))
	if err := r.support.Wait(ctx, mails); err != nil {
		t.Fatal(err)
	}
	for _, in := range r.support.Inbounds() {
		if in.Thread.Token != "k7xq.2mno" || in.From.Value != "anna@example.test" {
			t.Errorf("%+v", in)
		}
	}
	if bounce := d.AwaitMails(t, "anna@example.test", 1)[0]; !bytes.Contains(bounce, []byte("5.1.1")) || !bytes.Contains(bounce, []byte("nobody@sportello.test")) {
		t.Errorf("%s", bounce)
	}
	if n := len(r.support.Inbounds()); n != mails {
		t.Errorf("%d mails, want %d", n, mails)
	}
}
