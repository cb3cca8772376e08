package email

import (
	"bufio"
	"context"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"sportello/channels"
)

// faulty is a mail server that does as its script says. The script has a reply for each step: "banner", the verbs of SMTP, and "dot". A
// reply of "!close" hangs up, "!hang" says nothing any more, "!drip ..." says it octet by octet. What is not in the script goes well.
type faulty struct {
	script map[string]string
	port   int

	mu    sync.Mutex
	said  []string // what the client said, without the mail
	ahead bool     // it did not wait for an answer
}

func newFaulty(t testing.TB, script map[string]string) *faulty {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	f := &faulty{script: script, port: l.Addr().(*net.TCPAddr).Port}
	var conns sync.WaitGroup
	done := make(chan struct{})
	conns.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			conns.Go(func() { defer c.Close(); f.speak(c, done) })
		}
	})
	t.Cleanup(func() { l.Close(); close(done); conns.Wait() })
	return f
}

// speak is one session. done ends it.
func (f *faulty) speak(c net.Conn, done <-chan struct{}) {
	over := make(chan struct{})
	defer close(over)
	go func() {
		select {
		case <-done:
			c.Close()
		case <-over:
		}
	}()
	if !f.reply(c, "banner", "220 faulty ESMTP", done) {
		return
	}
	in := bufio.NewReader(c)
	for body := false; ; {
		line, err := in.ReadString('\n')
		if err != nil {
			return
		}
		line = strings.TrimRight(line, "\r\n")
		if body && line != "." {
			continue
		}
		verb, _, _ := strings.Cut(strings.ToUpper(line), " ")
		f.mu.Lock()
		f.said = append(f.said, line)
		f.ahead = f.ahead || in.Buffered() > 0
		f.mu.Unlock()
		good := map[string]string{"DATA": "354 go on", "EHLO": "250-faulty\r\n250 ENHANCEDSTATUSCODES", "STARTTLS": "220 go on"}[verb]
		if good == "" {
			good = "250 2.0.0 ok"
		}
		if body {
			verb = "dot"
		}
		if !f.reply(c, verb, good, done) {
			return
		}
		body = verb == "DATA" && f.script["DATA"] == ""
	}
}

// reply answers one step and reports whether the session goes on.
func (f *faulty) reply(c net.Conn, step, good string, done <-chan struct{}) bool {
	text, ok := f.script[step]
	if !ok {
		text = good
	}
	switch slow, drip := strings.CutPrefix(text, "!drip "); {
	case text == "!close":
		return false
	case text == "!hang":
		<-done
		return false
	case drip:
		for _, b := range []byte(slow + "\r\n") {
			if _, err := c.Write([]byte{b}); err != nil {
				return false
			}
		}
		return true
	}
	_, err := c.Write([]byte(text + "\r\n"))
	return err == nil && !strings.HasPrefix(text, "421")
}

func (f *faulty) config() Config {
	return Config{Account: "mail1", Address: support, InsecureLab: true, SMTP: Server{Host: "127.0.0.1", Port: f.port, TLS: TLSDisabled}}
}

// E-49, E-50: whatever a server does wrong, it is said what is to be done: again later, never, or that nobody knows.
func TestE49FaultsOfServers(t *testing.T) {
	const again, never, unknown = channels.Temporary, channels.Permanent, channels.Uncertain
	for name, c := range map[string]struct {
		script map[string]string
		class  channels.Class // "" is sent
		code   string
		detail string
	}{
		"greylisting":                  {map[string]string{"RCPT": "451 4.7.1 Greylisted, come back in 300 s"}, again, channels.CodeBlocked, "Greylisted, come back in 300 s"},
		"421 as banner":                {map[string]string{"banner": "421 4.3.2 too busy"}, again, channels.CodeThrottled, ""},
		"554 as banner":                {map[string]string{"banner": "554 no service here"}, again, "", ""},
		"421 at EHLO":                  {map[string]string{"EHLO": "421 4.3.2 bye"}, again, channels.CodeThrottled, ""},
		"421 at MAIL":                  {map[string]string{"MAIL": "421 4.3.2 bye"}, again, channels.CodeThrottled, ""},
		"421 at RCPT":                  {map[string]string{"RCPT": "421 4.3.2 bye"}, again, channels.CodeThrottled, ""},
		"421 at DATA":                  {map[string]string{"DATA": "421 4.3.2 bye"}, again, channels.CodeThrottled, ""},
		"421 after the mail":           {map[string]string{"dot": "421 4.3.2 bye"}, again, channels.CodeThrottled, ""},
		"451 after the mail":           {map[string]string{"dot": "451 4.3.0 disk full"}, again, "", ""},
		"554 after the mail":           {map[string]string{"dot": "554 5.6.0 no such content here"}, never, channels.CodeContent, ""},
		"hangs up at MAIL":             {map[string]string{"MAIL": "!close"}, again, channels.CodeNetwork, ""},
		"hangs up after the mail":      {map[string]string{"dot": "!close"}, unknown, "", ""},
		"never answers":                {map[string]string{"banner": "!hang"}, again, "", ""},
		"never answers RCPT":           {map[string]string{"RCPT": "!hang"}, again, "", ""},
		"never answers the mail":       {map[string]string{"dot": "!hang"}, unknown, "", ""},
		"nonsense":                     {map[string]string{"MAIL": "hello?"}, again, "", ""},
		"nonsense after the mail":      {map[string]string{"dot": "hello?"}, unknown, "", ""},
		"several lines":                {map[string]string{"RCPT": "550-5.1.1 The mailbox\r\n550-5.1.1 you wrote to\r\n550 5.1.1 does not exist"}, never, channels.CodeBadAddress, "The mailbox you wrote to does not exist"},
		"several lines of success":     {map[string]string{"dot": "250-2.0.0 ok\r\n250-2.0.0 very\r\n250 2.0.0 ok"}, "", "", ""},
		"octet by octet":               {map[string]string{"EHLO": "!drip 250-faulty\r\n250 8BITMIME", "RCPT": "!drip 250 2.1.5 ok", "dot": "!drip 250 2.0.0 ok"}, "", "", ""},
		"no EHLO":                      {map[string]string{"EHLO": "502 5.5.1 what?"}, "", "", ""},
		"full":                         {map[string]string{"RCPT": "452 4.2.2 over quota"}, again, channels.CodeMailboxFull, ""},
		"too large, by SIZE":           {map[string]string{"EHLO": "250-faulty\r\n250 SIZE 300"}, never, channels.CodeTooLarge, "the server takes 300 bytes"},
		"too large, said at MAIL":      {map[string]string{"MAIL": "552 5.3.4 too big"}, never, channels.CodeTooLarge, ""},
		"too large, said of the mail":  {map[string]string{"dot": "552 too big"}, never, channels.CodeTooLarge, ""},
		"sender refused":               {map[string]string{"MAIL": "553 5.7.1 not yours"}, never, channels.CodeBlocked, ""},
		"no code of RFC 3463, unknown": {map[string]string{"RCPT": "550 No such user here"}, never, channels.CodeBadAddress, ""},
	} {
		t.Run(name, func(t *testing.T) {
			server, r := newFaulty(t, c.script), newRig()
			ctx, cancel := context.WithTimeout(t.Context(), 400*time.Millisecond)
			if c.class == "" {
				cancel()
				ctx, cancel = context.WithTimeout(t.Context(), patience)
			}
			defer cancel()
			a := New(server.config(), r.deps())
			defer a.pool.clear()
			_, err := a.Send(ctx, reply(r, t))
			server.mu.Lock()
			defer server.mu.Unlock()
			if server.ahead {
				t.Errorf("it did not wait for an answer: %q", server.said)
			}
			if c.class == "" {
				if err != nil {
					t.Errorf("%v, said %q", err, server.said)
				}
				return
			}
			f := channels.AsFault(err)
			if f == nil || f.Class != c.class || c.code != "" && f.Code != c.code || c.detail != "" && !strings.Contains(f.Detail, c.detail) || strings.ContainsAny(f.Detail, "\r\n") {
				t.Errorf("%+v, said %q", f, server.said)
			}
			if strings.Contains(name, "by SIZE") && strings.Contains(strings.Join(server.said, " "), "MAIL") {
				t.Error("its limit was not asked first")
			}
		})
	}
}

// E-50: a connection that breaks while it is being encrypted is no reason to send in clear text, and none to give up.
func TestE50EncryptionThatBreaks(t *testing.T) {
	for name, script := range map[string]map[string]string{
		"dropped after STARTTLS": {"EHLO": "250-faulty\r\n250 STARTTLS", "STARTTLS": "!close"},
		"speaks on in clear":     {"EHLO": "250-faulty\r\n250 STARTTLS", "STARTTLS": "220 go on\r\n250 injected"},
		"refused":                {"EHLO": "250-faulty\r\n250 STARTTLS", "STARTTLS": "454 4.7.0 not now"},
		"not offered":            {},
	} {
		server, r := newFaulty(t, script), newRig()
		cfg := server.config()
		cfg.SMTP.TLS = TLSStart
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		_, err := New(cfg, r.deps()).Send(ctx, reply(r, t))
		cancel()
		server.mu.Lock()
		for _, line := range server.said {
			if strings.HasPrefix(line, "MAIL") || strings.HasPrefix(line, "AUTH") {
				t.Errorf("%s: in clear text: %q", name, line)
			}
		}
		server.mu.Unlock()
		if f := channels.AsFault(err); f == nil || f.Class != channels.Temporary {
			t.Errorf("%s: %+v", name, f)
		}
	}
}

// E-51: a connection that a server has ended meanwhile is not used again, and the mail goes by another one.
func TestE51KeptConnectionThatEnded(t *testing.T) {
	server, r := newFaulty(t, map[string]string{"NOOP": "421 4.4.2 idle for too long"}), newRig()
	a := New(server.config(), r.deps())
	defer a.pool.clear()
	for range 3 {
		if _, err := a.Send(t.Context(), reply(r, t)); err != nil {
			t.Fatal(err)
		}
	}
}

// REQ-EM2, for sending: a mailbox that is read and cannot send says so, in a code of its own, and says when it is well again.
func TestREQEM2SendingHasItsHealth(t *testing.T) {
	for want, script := range map[string]map[string]string{
		codeAuth:      {"EHLO": "250-faulty\r\n250 AUTH PLAIN", "AUTH": "535 5.7.8 bad password"},
		codeProtocol:  {"banner": "554 no service here"},
		codeThrottled: {"banner": "421 4.3.2 too busy"},
		codeNetwork:   {"banner": "!close"},
	} {
		r := newRig()
		cfg := newFaulty(t, script).config()
		cfg.SMTP.User, cfg.SMTP.Password = support, "secret"
		a := New(cfg, r.deps())
		a.lastSuccess = time.Now()
		a.report(true, codeOK, nil)
		if _, err := a.Send(t.Context(), reply(r, t)); channels.AsFault(err).Class != channels.Temporary {
			t.Errorf("%s: %v", want, err)
		}
		a.report(true, codeOK, nil) // it is read on
		if all := r.lastHealth(); len(all) != 3 || !all[0].OK || all[1].OK || all[1].Code != want || !all[1].Sending || all[2].OK || all[2].LastSuccess.IsZero() {
			t.Errorf("%s: %+v", want, all)
		}
		a.cfg.SMTP = newFaulty(t, map[string]string{"EHLO": "250-faulty\r\n250 AUTH PLAIN", "AUTH": "235 2.7.0 ok"}).config().SMTP
		a.cfg.SMTP.User, a.cfg.SMTP.Password = support, "secret"
		if _, err := a.Send(t.Context(), reply(r, t)); err != nil {
			t.Errorf("%s: %v", want, err)
		}
		a.pool.clear()
		if all := r.lastHealth(); !all[len(all)-1].OK || all[len(all)-1].Code != codeOK || all[len(all)-1].Sending {
			t.Errorf("%s: %+v", want, all)
		}
	}
}

// Trouble that is not met again for hours is over, and trouble with reading goes before.
func TestHealthOfBothSides(t *testing.T) {
	var s state
	now := time.Date(2026, 11, 2, 10, 0, 0, 0, time.UTC)
	well := channels.Health{Account: "mail1", OK: true, Code: codeOK, At: now}
	if h, changed := s.sent(errNoTLS, "mail1", now); !changed || h.Code != codeTLS || h.Account != "mail1" || h.OK {
		t.Errorf("%+v", h)
	}
	if _, changed := s.sent(errNoTLS, "mail1", now); changed {
		t.Error("told twice")
	}
	if h := s.read(channels.Health{Account: "mail1", Code: codeAuth, At: now}); h.Code != codeAuth || h.Sending {
		t.Errorf("%+v", h)
	}
	well.At = now.Add(sendingStale)
	if h := s.read(well); !h.OK {
		t.Errorf("%+v", h)
	}
}
