package email

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"

	"sportello/channels"
	"sportello/channels/channeltest/mailrig"
)

// wire stands between the adapter and a mail server, and can fail as networks and servers do.
type wire struct {
	port   int
	poison string      // a FETCH of bodies that names this UID ends the connection, as a server does that falls over a mail
	most   int64       // so often, if it is not 0
	silent atomic.Bool // nothing gets through any more, and nobody is told
	cuts   atomic.Int64

	answers func(tag, command string) string // in place of the server's; after a BYE the connection ends; nil, or "": the server answers
}

var fetchedBodies = regexp.MustCompile(`UID FETCH (\S+) .*BODY\.PEEK\[\]`)

// newWire connects to a server's port without encryption.
func newWire(t testing.TB, to int) *wire {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w := &wire{port: l.Addr().(*net.TCPAddr).Port}
	var all sync.WaitGroup
	all.Go(func() {
		for {
			near, err := l.Accept()
			if err != nil {
				return
			}
			far, err := net.Dial("tcp", fmt.Sprint("127.0.0.1:", to))
			if err != nil {
				near.Close()
				continue
			}
			all.Go(func() { defer near.Close(); defer far.Close(); w.there(near, far) })
			all.Go(func() { defer near.Close(); defer far.Close(); w.back(far, near) })
		}
	})
	t.Cleanup(func() { l.Close(); all.Wait() })
	return w
}

func (w *wire) there(from, to net.Conn) {
	lines := bufio.NewReader(from)
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			return
		}
		if w.silent.Load() {
			continue
		}
		if m := fetchedBodies.FindStringSubmatch(line); m != nil && w.poison != "" && names(m[1], w.poison) && (w.most == 0 || w.cuts.Load() < w.most) {
			w.cuts.Add(1)
			return
		}
		if tag, command, _ := strings.Cut(strings.TrimSpace(line), " "); w.answers != nil {
			if says := w.answers(tag, command); says != "" {
				w.cuts.Add(1)
				if _, err := io.WriteString(from, says+"\r\n"); err != nil || strings.HasPrefix(says, "* BYE") {
					return
				}
				continue
			}
		}
		if _, err := io.WriteString(to, line); err != nil {
			return
		}
	}
}

func (w *wire) back(from, to net.Conn) {
	chunk := make([]byte, 32<<10)
	for {
		n, err := from.Read(chunk)
		if err != nil {
			return
		}
		if w.silent.Load() {
			continue
		}
		if _, err := to.Write(chunk[:n]); err != nil {
			return
		}
	}
}

// names reports whether a set of UIDs, such as 1:3,7, has one in it.
func names(set, uid string) bool {
	var want, from, to int
	fmt.Sscan(uid, &want)
	for part := range strings.SplitSeq(set, ",") {
		if n, _ := fmt.Sscanf(part, "%d:%d", &from, &to); n < 2 {
			to = from
		}
		if want >= from && want <= to {
			return true
		}
	}
	return false
}

func (w *wire) config(d *mailrig.Dovecot) Config {
	cfg := realConfig(d, nil)
	cfg.IMAP.Port, cfg.IMAP.TLS, cfg.InsecureLab = w.port, TLSDisabled, true
	cfg.RetryMin, cfg.RetryMax = time.Millisecond, 5*time.Millisecond
	return cfg
}

// E-13: a line that breaks again and again in the middle of the same mail, but not for ever, makes no bad mail of it.
func TestE13BadLineHoldsNoMailBack(t *testing.T) {
	d, r := mailrig.StartDovecot(t), newRig()
	w := newWire(t, d.IMAPPort)
	w.poison, w.most = "2", 3*mostTries
	for i := range 3 {
		d.Append(t, support, time.Now(), written(fmt.Sprintf("m%d@example.test", i+1), fmt.Sprint("numero ", i+1), "x"))
	}
	r.run(t, w.config(d))
	for _, in := range r.await(t, 3) {
		if in.Flaw != "" {
			t.Errorf("held back: %+v", in)
		}
	}
	if w.cuts.Load() != w.most {
		t.Errorf("%d connections were lost", w.cuts.Load())
	}
}

// E-13: a mail over which the server falls, so that every try costs the connection, is found among its neighbours and held back by its
// header; those behind it come in.
func TestE13MailThatCostsTheConnection(t *testing.T) {
	d, r := mailrig.StartDovecot(t), newRig()
	w := newWire(t, d.IMAPPort)
	w.poison = "3"
	for i := range 6 {
		d.Append(t, support, time.Now(), written(fmt.Sprintf("m%d@example.test", i+1), fmt.Sprint("numero ", i+1), "x"))
	}
	r.run(t, w.config(d))
	held := 0
	for _, in := range r.await(t, 6) {
		if in.Flaw != "" {
			held++
			if in.Subject != "numero 3" || in.From.Value != customer || !strings.Contains(in.Flaw, "UID 3") {
				t.Errorf("%+v", in)
			}
		}
	}
	r.awaitHealth(t, "held", func(h channels.Health) bool { return h.OK && h.Held == 1 })
	if held != 1 || w.cuts.Load() < mostTries {
		t.Errorf("%d held back after %d connections were lost", held, w.cuts.Load())
	}
}

// E-08: a connection on which nothing comes through any more, without an end that anybody sees, is given up at the next look.
func TestE08HalfOpenConnectionIsGivenUp(t *testing.T) {
	d, r := mailrig.StartDovecot(t), newRig()
	w := newWire(t, d.IMAPPort)
	cfg := w.config(d)
	cfg.IdleRenew, cfg.Answer = 50*time.Millisecond, 300*time.Millisecond
	r.run(t, cfg)
	r.awaitHealth(t, "ok", func(h channels.Health) bool { return h.OK })
	w.silent.Store(true)
	d.Append(t, support, time.Now(), written("one@example.test", "uno", "x"))
	r.awaitHealth(t, "network", func(h channels.Health) bool { return h.Code == codeNetwork && !h.LastSuccess.IsZero() })
	w.silent.Store(false)
	r.await(t, 1)
}

// E-12: two gateways that read one mailbox at the same time, as for a moment when one takes over, take each mail once.
func TestE12TwoReadersTakeEachMailOnce(t *testing.T) {
	d, r := mailrig.StartDovecot(t), newRig()
	cfg := realConfig(d, nil)
	cfg.After, cfg.MoveTo, cfg.IdleRenew = AfterMove, "Fatto", 20*time.Millisecond
	r.run(t, cfg)
	r.run(t, cfg)
	const mails = 40
	for i := range mails {
		d.Append(t, support, time.Now(), written(fmt.Sprintf("m%d@example.test", i), "x", "x"))
	}
	r.await(t, mails)
	d.AwaitState(t, support, func(all []mailrig.Stored) bool { return len(all) == 0 })
	moved := map[string]bool{} // a server may copy a mail twice that is moved twice at once
	for _, m := range d.In(t, support, "Fatto") {
		moved[string(m.Raw)] = true
	}
	if got := len(r.sink.Inbounds()); got != mails || len(moved) != mails {
		t.Errorf("%d taken, %d moved, want %d", got, len(moved), mails)
	}
}

// E-13: a server that asks for patience, in an answer or by its last words, is left alone for a while; the mail that was asked for is not
// to blame, and is not held back however often it happens.
func TestE13PatienceHoldsNoMailBack(t *testing.T) {
	for name, c := range map[string]struct{ says, code string }{
		"no, throttled":  {"NO [THROTTLED] Request is throttled. Suggested Backoff Time: 92415 milliseconds", codeThrottled},
		"no, over quota": {"NO [OVERQUOTA] Account exceeded command or bandwidth limits.", codeQuota},
		"bye, throttled": {"* BYE [UNAVAILABLE] Too many connections, come back later", codeThrottled},
		"bye, quota":     {"* BYE Account exceeded command or bandwidth limits.", codeQuota},
	} {
		t.Run(name, func(t *testing.T) {
			d, r := mailrig.StartDovecot(t), newRig()
			w := newWire(t, d.IMAPPort)
			w.answers = func(tag, command string) string {
				if !strings.Contains(command, "BODY.PEEK") || w.cuts.Load() >= 3*mostCuts {
					return ""
				}
				if strings.HasPrefix(c.says, "*") {
					return c.says
				}
				return tag + " " + c.says
			}
			d.Append(t, support, time.Now(), written("one@example.test", "uno", "x"), written("two@example.test", "due", "x"))
			r.run(t, w.config(d))
			r.awaitHealth(t, c.code, func(h channels.Health) bool { return !h.OK && h.Code == c.code })
			for _, in := range r.await(t, 2) {
				if in.Flaw != "" {
					t.Errorf("held back: %+v", in)
				}
			}
			r.awaitHealth(t, "ok", func(h channels.Health) bool { return h.OK && h.Held == 0 })
		})
	}
}

// E-13: a server that ends a connection which served well is none that fails: nobody is alarmed, and mail goes on coming. One that does
// so at once is called by its name.
func TestE13GoodbyeIsNoFailure(t *testing.T) {
	d, r := mailrig.StartDovecot(t), newRig()
	w := newWire(t, d.IMAPPort)
	enough := make(chan struct{})
	done := sync.OnceFunc(func() { close(enough) })
	w.answers = func(_, command string) string {
		if command == "IDLE" && w.cuts.Load() < 5 {
			return "* BYE Session expired, please sign in again."
		}
		if command == "IDLE" {
			done()
		}
		return ""
	}
	d.Append(t, support, time.Now(), written("one@example.test", "uno", "x"))
	r.run(t, w.config(d))
	r.await(t, 1)
	select {
	case <-enough:
	case <-time.After(patience):
		t.Fatal("connections were not opened anew")
	}
	d.Append(t, support, time.Now(), written("two@example.test", "due", "x"))
	r.await(t, 2)
	r.mu.Lock()
	for _, h := range r.health {
		if !h.OK {
			t.Errorf("%+v", h)
		}
	}
	r.mu.Unlock()

	r2, w2 := newRig(), newWire(t, d.IMAPPort)
	w2.answers = func(_, command string) string {
		if strings.HasPrefix(command, "LIST") || strings.HasPrefix(command, "SELECT") {
			return "* BYE Going down for maintenance"
		}
		return ""
	}
	r2.run(t, w2.config(d))
	r2.awaitHealth(t, codeClosed, func(h channels.Health) bool { return h.Code == codeClosed && strings.Contains(h.Detail, "maintenance") })
}

// E-13: each kind of refusal has its own pause; none exceeds the longest.
func TestE13PausesByCause(t *testing.T) {
	a := New(Config{Account: "m", Address: support, SMTP: Server{Host: "x", Port: 1}}, newRig().deps())
	for code, want := range map[string]time.Duration{
		codeNetwork: time.Second, codeProtocol: time.Second, codeStore: time.Second, codeClosed: 5 * time.Second,
		codeThrottled: 20 * time.Second, codeAuth: 20 * time.Second, codeQuota: 5 * time.Minute,
	} {
		if got := a.knock(time.Second, code); got != want {
			t.Errorf("%s: %v, want %v", code, got, want)
		}
		if got := a.knock(4*time.Minute, code); got < 4*time.Minute || got > 5*time.Minute {
			t.Errorf("%s, later: %v", code, got)
		}
	}
}

// What a server said last is known, whatever went before and however it was cut into pieces; it is kept short.
func TestE13LastWords(t *testing.T) {
	for sent, want := range map[string]string{
		"* OK ready\r\n": "", "* BYE\r\n": "|", "* bye [unavailable] later\r\n": "UNAVAILABLE|later", "* BYE [REFERRAL imap://x/] gone": "REFERRAL|gone",
		"T1 OK done\r\n* BYE one\r\n* BYE two\r\n": "|two", "x* BYE no\r\n": "", strings.Repeat("x", 5000) + "\r\n* BYE end\r\n": "|end",
		"* BYE old\r\n" + strings.Repeat("x", 2000): "",
	} {
		for _, size := range []int{1, 7, 1 << 20} {
			var f farewell
			for piece := range slices.Chunk([]byte(sent), size) {
				if n, err := f.Write(piece); n != len(piece) || err != nil {
					t.Fatal(n, err)
				}
			}
			got := ""
			if e := f.said(); e != nil {
				got = string(e.Code) + "|" + e.Text
			}
			if got != want || len(f.end) > farewellKept {
				t.Errorf("%.40q by %d: %q, want %q", sent, size, got, want)
			}
		}
	}
}

// E-13: what a server means by its refusals.
func TestE13RefusalsAreToldApart(t *testing.T) {
	reply := func(code imap.ResponseCode, text string) error {
		return &imap.Error{Type: imap.StatusResponseTypeNo, Code: code, Text: text}
	}
	for want, errs := range map[string][]error{
		codeThrottled: {
			reply("THROTTLED", "Request is throttled"), reply(imap.ResponseCodeLimit, ""),
			signInError{reply(imap.ResponseCodeUnavailable, "Try again")}, signInError{reply("", "Too many simultaneous connections")},
		},
		codeQuota: {
			reply(imap.ResponseCodeOverQuota, ""), reply("ALERT", "Account exceeded command or bandwidth limits. (Failure)"),
			signInError{reply("", "Quota exceeded")},
		},
		codeClosed:   {fmt.Errorf("%w: %w", &imap.Error{Type: imap.StatusResponseTypeBye, Text: "Autologout"}, io.ErrUnexpectedEOF)},
		codeAuth:     {signInError{reply(imap.ResponseCodeAuthenticationFailed, "Invalid credentials")}},
		codeProtocol: {reply("", "unknown command"), errors.New("in response-data: expected SP")},
		codeNetwork:  {io.ErrUnexpectedEOF, &net.OpError{Op: "read", Err: errors.New("reset")}},
		codeStore:    {storeError{poison{errors.New("disk full")}}},
	} {
		for _, err := range errs {
			if got := healthCode(err); got != want {
				t.Errorf("%v is %s, want %s", err, got, want)
			}
		}
	}
}
