package main

import (
	"bufio"
	"context"
	"fmt"
	"log/slog"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sportello/channels/pause"
	"sportello/inbox"
)

// E-15: mail that is handed over by LMTP is in the record when the 250 comes, and doctor looks at the listener.
func TestE15HandedOverMailIsInTheRecord(t *testing.T) {
	dir := t.TempDir()
	socket := filepath.Join(dir, "lmtp")
	s, err := load(settingsFile(t, loneSettings(dir)+fmt.Sprintf(`
email:
  - account: support
    address: support@example.it
    smtp: {host: 127.0.0.1, port: 1, tls: starttls, user: u, password: p}
receive: [{listen: "unix:%s", recipients: [{address: "@shop.example.it", account: support}]}]
`, socket)), nil)
	if err != nil {
		t.Fatal(err)
	}
	a, err := build(t.Context(), s, slog.New(slog.DiscardHandler), options{})
	if err != nil {
		t.Fatal(err)
	}
	d := &doctor{app: a}
	d.mailboxes(t.Context())
	d.receivers(t.Context())
	ctx, cancel := context.WithCancel(t.Context())
	ready, done := make(chan struct{}), make(chan error, 1)
	go func() { done <- a.run(ctx, func(net.Addr) { close(ready) }) }()
	<-ready
	c := dialUntil(t, socket)
	lines := bufio.NewReader(c)
	for _, step := range []struct{ say, want string }{
		{"", "220"}, {"LHLO x\r\n", "250"}, {"MAIL FROM:<anna@example.org>\r\n", "250"}, {"RCPT TO:<b@example.org>\r\n", "550"},
		{"RCPT TO:<ordini@shop.example.it>\r\n", "250"}, {"DATA\r\n", "354"},
		{"From: <anna@example.org>\r\nSubject: Ordine\r\nMessage-ID: <one@example.org>\r\n\r\nDov'e?\r\n.\r\n", "250"},
	} {
		if _, err := c.Write([]byte(step.say)); err != nil {
			t.Fatal(err)
		}
		for line := "   -"; line[3] == '-'; {
			if line, err = lines.ReadString('\n'); err != nil || !strings.HasPrefix(line, step.want) {
				t.Fatalf("%q was answered %q, %v; want %s", step.say, line, err, step.want)
			}
		}
	}
	all, err := a.ledger.ConversationByNumber(t.Context(), 1001)
	if err != nil || all.Subject != "Ordine" || all.State == inbox.Closed {
		t.Errorf("%+v %v", all, err)
	}
	d.receivers(t.Context())
	cancel()
	c.Close()
	if err := <-done; err != nil {
		t.Error(err)
	}
	if err := a.close(); err != nil {
		t.Error(err)
	}
	said := fmt.Sprint(d.found)
	for _, want := range []string{"no mailbox: mail is handed over", "SMTP", "free: the gateway is not running", "answers"} {
		if !strings.Contains(said, want) {
			t.Errorf("doctor does not say %q: %s", want, said)
		}
	}
}

// dialUntil connects once somebody listens.
func dialUntil(t *testing.T, socket string) net.Conn {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for {
		c, err := net.Dial("unix", socket)
		if err == nil {
			if err := c.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
				t.Fatal(err)
			}
			return c
		}
		if ctx.Err() != nil {
			t.Fatal(err)
		}
		pause.For(ctx, 10*time.Millisecond)
	}
}

func TestSettingsReceive(t *testing.T) {
	text := strings.Replace(goodSettings, "    imap: {", "    auth_servers: [mx.example.it]\n    #", 1)
	if _, err := load(settingsFile(t, text), goodEnv); err == nil || !strings.Contains(err.Error(), "email.0.imap") {
		t.Errorf("mail that comes in no way passes: %v", err)
	}
	if _, err := load(settingsFile(t, text+"receive: [{listen: \"127.0.0.1:2424\"}]\n"), goodEnv); err != nil {
		t.Error(err)
	}
	_, err := load(settingsFile(t, text+`receive: [{listen: nowhere, protocol: uucp, networks: [all], cert: /nowhere, recipients: [{address: x, account: none}], max_size: -1}]`), goodEnv)
	for _, want := range []string{"listen", "protocol", "networks", "cert", "recipients.0.address", "recipients.0.account", "max_size"} {
		if err == nil || !strings.Contains(err.Error(), "receive.0."+want) {
			t.Errorf("no word of %s in:\n%v", want, err)
		}
	}
}
