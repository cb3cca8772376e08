package channeltest

import (
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"strconv"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

func runMail(t *testing.T, o MailOptions) (*MailServer, func()) {
	t.Helper()
	s, err := NewMailServer(o)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.AddMailbox("shop@demo.test", "secret"); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); s.Run(ctx) }()
	stop := func() { cancel(); <-done }
	t.Cleanup(stop)
	return s, stop
}

func signIn(t *testing.T, s *MailServer, pushed chan<- uint32) *imapclient.Client {
	t.Helper()
	c, err := imapclient.DialStartTLS(net.JoinHostPort("127.0.0.1", strconv.Itoa(s.IMAPPort())), &imapclient.Options{
		TLSConfig: &tls.Config{RootCAs: s.CAs(), ServerName: "127.0.0.1"},
		UnilateralDataHandler: &imapclient.UnilateralDataHandler{Mailbox: func(d *imapclient.UnilateralDataMailbox) {
			if d.NumMessages != nil && pushed != nil {
				pushed <- *d.NumMessages
			}
		}},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	if err := c.Login("shop@demo.test", "secret").Wait(); err != nil {
		t.Fatal(err)
	}
	return c
}

func send(t *testing.T, s *MailServer, to string, raw string) {
	t.Helper()
	c, err := smtp.DialStartTLS(net.JoinHostPort("127.0.0.1", strconv.Itoa(s.SMTPPort())), &tls.Config{RootCAs: s.CAs(), ServerName: "127.0.0.1"})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.Auth(sasl.NewPlainClient("", "shop@demo.test", "secret")); err != nil {
		t.Fatal(err)
	}
	if err := c.SendMail("anna@demo.test", []string{to}, bytes.NewReader([]byte(raw))); err != nil {
		t.Fatal(err)
	}
}

func TestMailServerDeliversAndPushes(t *testing.T) {
	s, _ := runMail(t, MailOptions{})
	pushed := make(chan uint32, 10)
	c := signIn(t, s, pushed)
	if _, err := c.Select("INBOX", nil).Wait(); err != nil {
		t.Fatal(err)
	}
	send(t, s, "Shop+token@demo.test", "Subject: before IDLE\r\n\r\nx\r\n")
	idle, err := c.Idle()
	if err != nil {
		t.Fatal(err)
	}
	send(t, s, "shop@demo.test", "Subject: during IDLE\r\n\r\nx\r\n")
	for last := uint32(0); last < 2; {
		select {
		case last = <-pushed:
		case <-time.After(20 * time.Second):
			t.Fatal("nothing was pushed")
		}
	}
	if err := idle.Close(); err != nil {
		t.Fatal(err)
	}
	if got := s.Mails("shop@demo.test"); len(got) != 2 || got[0].UID != 1 || got[0].From != "anna@demo.test" || got[0].To != "Shop+token@demo.test" {
		t.Errorf("%+v", got)
	}
	send(t, s, "elsewhere@other.test", "Subject: relayed\r\n\r\nx\r\n")
	if got := s.Relayed(); len(got) != 1 {
		t.Errorf("relayed %+v", got)
	}
}

func TestMailServerKeepsMailOverARestart(t *testing.T) {
	dir := t.TempDir()
	s, stop := runMail(t, MailOptions{Dir: dir})
	at := time.Date(2026, 10, 1, 8, 0, 0, 0, time.UTC)
	for i := range 12 {
		if err := s.DeliverAt("anna@demo.test", "shop@demo.test", fmt.Appendf(nil, "Subject: %d\r\n\r\nx\r\n", i), at.Add(time.Duration(i)*time.Hour)); err != nil {
			t.Fatal(err)
		}
	}
	before := s.Mails("shop@demo.test")
	stop()
	s, _ = runMail(t, MailOptions{Dir: dir})
	send(t, s, "shop@demo.test", "Subject: new\r\n\r\nx\r\n")
	after := s.Mails("shop@demo.test")
	if len(after) != 13 {
		t.Fatalf("%d mails", len(after))
	}
	for i, m := range before {
		if a := after[i]; a.UID != m.UID || !bytes.Equal(a.Raw, m.Raw) || !a.Received.Equal(m.Received) {
			t.Errorf("mail %d came back as %+v", i, a)
		}
	}
	c := signIn(t, s, nil)
	selected, err := c.Select("INBOX", nil).Wait()
	if err != nil || selected.UIDValidity != 1 || selected.UIDNext != 14 {
		t.Errorf("%+v %v", selected, err)
	}
	got, err := c.Fetch(imap.UIDSetNum(5), &imap.FetchOptions{InternalDate: true}).Collect()
	if err != nil || len(got) != 1 || !got[0].InternalDate.Equal(at.Add(4*time.Hour)) {
		t.Errorf("%+v %v", got, err)
	}
}

func TestMailServerRefusesWrongPasswords(t *testing.T) {
	s, _ := runMail(t, MailOptions{})
	c := signIn(t, s, nil)
	c.Close()
	c, err := imapclient.DialInsecure(net.JoinHostPort("127.0.0.1", strconv.Itoa(s.IMAPPort())), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.Login("shop@demo.test", "wrong").Wait(); err == nil {
		t.Error("signed in")
	}
}
