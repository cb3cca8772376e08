package email

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"sportello/channels"
	"sportello/channels/channeltest"
)

// overheard is an IMAP server that offers everything but what it is told to refuse, and notes what it hears.
func overheard(t *testing.T, wrap func(net.Conn) net.Conn, startTLS string) (port int, heard func() string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var all strings.Builder
	var conns sync.WaitGroup
	conns.Go(func() {
		for {
			raw, err := l.Accept()
			if err != nil {
				return
			}
			conns.Go(func() {
				c := wrap(raw)
				defer c.Close()
				c.SetDeadline(time.Now().Add(patience))
				fmt.Fprint(c, "* OK [CAPABILITY IMAP4rev1 STARTTLS AUTH=PLAIN] ready\r\n")
				lines := bufio.NewScanner(c)
				for lines.Scan() {
					mu.Lock()
					all.WriteString(lines.Text() + "\n")
					mu.Unlock()
					tag, _, _ := strings.Cut(lines.Text(), " ")
					fmt.Fprint(c, tag+" "+startTLS+"\r\n")
				}
			})
		}
	})
	t.Cleanup(func() { l.Close(); conns.Wait() })
	return l.Addr().(*net.TCPAddr).Port, func() string { mu.Lock(); defer mu.Unlock(); return all.String() }
}

// E-01: a server that does not encrypt, or only as of old, hears no password; clear text must be wished for in a lab.
func TestE01NoPasswordInClearText(t *testing.T) {
	certificate, cas, err := channeltest.SelfSigned(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	plain := func(c net.Conn) net.Conn { return c }
	old := func(c net.Conn) net.Conn {
		return tls.Server(c, &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11})
	}
	for name, c := range map[string]struct {
		wrap     func(net.Conn) net.Conn
		mode     TLSMode
		startTLS string
	}{
		"STARTTLS is refused":     {plain, TLSStart, "BAD unknown command"},
		"STARTTLS is not meant":   {plain, TLSStart, "NO not now"},
		"TLS where there is none": {plain, TLSDirect, "BAD"},
		"TLS 1.1":                 {old, TLSDirect, "OK"},
	} {
		t.Run(name, func(t *testing.T) {
			port, heard := overheard(t, c.wrap, c.startTLS)
			r := newRig()
			cfg := Config{Account: "mail1", Address: support, CAs: cas, RetryMin: time.Millisecond, RetryMax: 5 * time.Millisecond,
				IMAP: Server{Host: "127.0.0.1", Port: port, TLS: c.mode, User: support, Password: "secret"}, SMTP: Server{Host: "127.0.0.1", Port: 25}}
			stop := r.run(t, cfg)
			r.awaitHealth(t, "tls", func(h channels.Health) bool { return h.Code == codeTLS })
			stop()
			if said := heard(); strings.Contains(said, "LOGIN") || strings.Contains(said, "AUTHENTICATE") || strings.Contains(said, "secret") {
				t.Errorf("it heard %q", said)
			}
		})
	}
	server := Server{Host: "127.0.0.1", Port: 143, TLS: TLSDisabled, User: "u", Password: "p"}
	for lab, want := range map[bool]int{false: 2, true: 0} {
		cfg := Config{Account: "mail1", Address: support, IMAP: server, SMTP: server, InsecureLab: lab}
		if errs := cfg.Validate(); len(errs) != want {
			t.Errorf("lab %v: %v", lab, errs)
		}
	}
}
