package email

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"regexp"
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

// E-13: what a server means by its refusals.
func TestE13RefusalsAreToldApart(t *testing.T) {
	reply := func(code imap.ResponseCode, text string) error {
		return &imap.Error{Type: imap.StatusResponseTypeNo, Code: code, Text: text}
	}
	for want, errs := range map[string][]error{
		codeThrottled: {
			reply("THROTTLED", "Request is throttled"), reply(imap.ResponseCodeOverQuota, "bandwidth"), reply(imap.ResponseCodeLimit, ""),
			signInError{reply(imap.ResponseCodeUnavailable, "Try again")}, signInError{reply("", "Too many simultaneous connections")},
		},
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
