package email

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"

	"sportello/channels"
	"sportello/channels/channeltest"
	"sportello/channels/channeltest/mailrig"
	"sportello/channels/email/field"
	"sportello/channels/email/letter"
)

// copying starts what copies, and returns what stops it and waits.
func copying(t testing.TB, a *Adapter) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); a.RunCopies(ctx) }()
	stop = sync.OnceFunc(func() { cancel(); <-done })
	t.Cleanup(stop)
	return stop
}

// copyConfig is a mailbox at a real IMAP server, whose mail leaves by another.
func copyConfig(t testing.TB, d *mailrig.Dovecot) Config {
	t.Helper()
	cfg := realConfig(d, nil)
	cfg.SMTP = Server{Host: "127.0.0.1", Port: startMail(t, channeltest.MailOptions{}).SMTPPort(), TLS: TLSDisabled, User: support, Password: "secret"}
	cfg.InsecureLab, cfg.Poll = true, 20*time.Millisecond
	return cfg
}

func sendCopied(t testing.TB, r *rig, a *Adapter, id string) {
	t.Helper()
	out := reply(r, t)
	out.ID, out.Thread.MessageID, out.At = id, id+"@sportello.test", time.Now()
	if _, err := a.Send(t.Context(), out); err != nil {
		t.Fatal(err)
	}
}

// awaitCopied waits until no mail waits for its copy.
func awaitCopied(t testing.TB, a *Adapter) {
	t.Helper()
	await(t, "a mail still waits for its copy", func() bool { return a.copies.next() == nil })
}

func await(t testing.TB, otherwise string, done func() bool) {
	t.Helper()
	end, tick := time.Now().Add(patience), time.NewTicker(5*time.Millisecond)
	defer tick.Stop()
	for !done() {
		if time.Now().After(end) {
			t.Fatal(otherwise)
		}
		<-tick.C
	}
}

// idsIn are the Message-IDs in a folder, sorted.
func idsIn(t testing.TB, d *mailrig.Dovecot, folder string) string {
	t.Helper()
	var ids []string
	for _, m := range d.In(t, support, folder) {
		h, _ := field.Split(m.Raw)
		ids = append(ids, strings.TrimSuffix(field.ID(h.Get("message-id")), "@sportello.test"))
	}
	slices.Sort(ids)
	return strings.Join(ids, " ")
}

// E-51, E-18: what is sent is in the folder of sent mail once, read, and does not come back into the record from there; what a colleague
// sends does.
func TestE51RealSentFolder(t *testing.T) {
	d, r := mailrig.StartDovecot(t), newRig()
	cfg := copyConfig(t, d)
	d.Create(t, support, mailrig.SentFolder)
	kept := asSent(cfg, []byte("From: <"+support+">\r\nMessage-ID: <kept@sportello.test>\r\nSubject: x\r\n\r\nx\r\n"))
	d.AppendTo(t, support, mailrig.SentFolder, time.Now(), kept) // by the provider itself
	a := New(cfg, r.deps())
	copying(t, a)
	for _, id := range []string{"one", "two", "one", "kept"} { // one is sent again after an unknown outcome
		sendCopied(t, r, a, id)
	}
	awaitCopied(t, a)
	sendCopied(t, r, a, "three") // on the connection that was kept
	awaitCopied(t, a)
	if got := idsIn(t, d, mailrig.SentFolder); got != "kept one three two" {
		t.Errorf("%s", got)
	}
	for _, m := range d.In(t, support, mailrig.SentFolder)[1:] {
		read := letter.Read(m.Raw, letter.Reading{Own: []string{support}, Key: cfg.Key})
		if !slices.Contains(m.Flags, imap.FlagSeen) || !read.Ours || len(read.Files) != 1 || string(read.Files[0].Data) != "%PDF-1.4 fattura" {
			t.Errorf("%v ours %v, %d files", m.Flags, read.Ours, len(read.Files))
		}
	}
	d.AppendTo(t, support, mailrig.SentFolder, time.Now(), answered("colleague@sportello.test", customer))
	r.run(t, cfg)
	r.awaitHealth(t, "ok", func(h channels.Health) bool { return h.OK })
	if got := r.await(t, 1); len(got) != 1 || got[0].Thread.MessageID != "colleague@sportello.test" || !got[0].Outgoing {
		t.Errorf("%+v", got)
	}
}

// cutter is between the adapter and an IMAP server: it lets nobody through, or cuts the connection in place of the next answer that holds
// some words.
type cutter struct {
	net.Listener
	to     int
	closed atomic.Bool
	cut    atomic.Pointer[string]
	cuts   atomic.Int32
}

func startCutter(t testing.TB, to int) *cutter {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &cutter{Listener: l, to: to}
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			wg.Go(func() { defer c.Close(); p.pass(c) })
		}
	})
	t.Cleanup(func() { l.Close(); wg.Wait() })
	return p
}

func (p *cutter) port() int { return p.Addr().(*net.TCPAddr).Port }

func (p *cutter) pass(c net.Conn) {
	if p.closed.Load() {
		p.cuts.Add(1)
		return
	}
	s, err := net.Dial("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(p.to)))
	if err != nil {
		return
	}
	defer s.Close()
	go func() {
		defer s.Close()
		buffer := make([]byte, 4096)
		for {
			n, err := c.Read(buffer)
			if err != nil {
				return
			}
			if _, err := s.Write(buffer[:n]); err != nil {
				return
			}
		}
	}()
	for lines := bufio.NewReader(s); ; {
		line, err := lines.ReadString('\n')
		if words := p.cut.Load(); words != nil && strings.Contains(line, *words) {
			p.cut.Store(nil)
			p.cuts.Add(1)
			return
		}
		if err != nil {
			return
		}
		if _, err := c.Write([]byte(line)); err != nil {
			return
		}
	}
}

// E-51: a mailbox that is away neither holds up nor fails the sending, and an APPEND without an answer is one copy.
func TestE51OutagesAndUnknownOutcomes(t *testing.T) {
	d, r := mailrig.StartDovecot(t), newRig()
	d.Create(t, support, mailrig.SentFolder)
	p := startCutter(t, d.IMAPPort)
	cfg := copyConfig(t, d)
	cfg.IMAP.Port, cfg.IMAP.TLS = p.port(), TLSDisabled
	p.closed.Store(true)
	a := New(cfg, r.deps())
	copying(t, a)
	sendCopied(t, r, a, "one")
	sendCopied(t, r, a, "two")
	await(t, "the copy is not tried again", func() bool { return p.cuts.Load() >= 2 })
	words := "APPENDUID"
	p.cut.Store(&words)
	p.closed.Store(false)
	awaitCopied(t, a)
	if got := idsIn(t, d, mailrig.SentFolder); got != "one two" || p.cut.Load() != nil {
		t.Errorf("%s", got)
	}
}

// losing is a vault that may lose everything.
type losing struct {
	channels.Vault
	lost atomic.Bool
}

func (v *losing) Open(ctx context.Context, id channels.BlobID) (io.ReadCloser, error) {
	if v.lost.Load() {
		return nil, errors.New("disk is gone")
	}
	return v.Vault.Open(ctx, id)
}

// E-51: a copy that cannot be made stands in nobody's way, and is given up; there is room for so many and no more.
func TestE51BadCopyIsGivenUp(t *testing.T) {
	d, r := mailrig.StartDovecot(t), newRig()
	d.Create(t, support, mailrig.SentFolder)
	cfg := copyConfig(t, d)
	cfg.RetryMin, cfg.RetryMax = time.Millisecond, time.Millisecond
	vault := &losing{Vault: &r.vault}
	deps := r.deps()
	deps.Vault = vault
	a := New(cfg, deps)
	sendCopied(t, r, a, "bad")
	out := reply(r, t)
	out.ID, out.Thread.MessageID, out.Parts = "good", "good@sportello.test", nil
	if _, err := a.Send(t.Context(), out); err != nil {
		t.Fatal(err)
	}
	vault.lost.Store(true)
	copying(t, a)
	awaitCopied(t, a)
	if got := idsIn(t, d, mailrig.SentFolder); got != "good" {
		t.Errorf("%s", got)
	}
	q := copies{news: make(chan struct{}, 1)}
	first, second := new(sentMail), new(sentMail)
	q.add(first)
	q.add(second)
	if q.later(); q.next() != second {
		t.Error("a mail that was refused stands before another")
	}
	q.done()
	q.done()
	for range copiesMost {
		if q.add(&sentMail{}) != 0 {
			t.Fatal("no room")
		}
	}
	now := time.Now()
	for i, want := range []int{1, 0, 0, 3} { // told once a minute
		at := now
		if i == 3 {
			at = now.Add(copiesQuiet)
		}
		if lost := q.add(&sentMail{at: at}); lost != want || len(q.waiting) != copiesMost {
			t.Errorf("%d: %d lost, %d wait", i, lost, len(q.waiting))
		}
	}
	q.clear(now.Add(copiesQuiet)) // there is no folder, and for a while none is looked for
	if q.add(&sentMail{at: now}); q.next() != nil {
		t.Error("noted while there is no folder")
	}
	if q.add(&sentMail{at: now.Add(copiesQuiet)}); q.next() == nil {
		t.Error("not noted any more")
	}
}

// E-51: what waits when the program stops is still copied.
func TestE51StopCopiesWhatWaits(t *testing.T) {
	d, r := mailrig.StartDovecot(t), newRig()
	d.Create(t, support, mailrig.SentFolder)
	a := New(copyConfig(t, d), r.deps())
	sendCopied(t, r, a, "one")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := a.RunCopies(ctx); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if got := idsIn(t, d, mailrig.SentFolder); got != "one" {
		t.Errorf("%q", got)
	}
}

// E-51: by itself into the folder that there is, also one that is not read; on request a folder is made.
func TestE51WhichFolder(t *testing.T) {
	d := mailrig.StartDovecot(t)
	for i, c := range []struct {
		has, sent string
		mode      CopyMode
		want      string // the folder with the copy
		told      string // what an administrator is told before
	}{
		{mode: CopyAuto},
		{has: "Inviati", want: "Inviati", told: "Inviati"},
		{has: "Inviati", sent: FolderNone, want: "Inviati", told: "Inviati"},
		{has: "Inviati", mode: CopyOff},
		{has: "Fuori", sent: "Fuori", want: "Fuori", told: "Fuori"},
		{mode: CopyOn, want: "Sent", told: "Sent"},
		{sent: "Città", mode: CopyOn, want: "Città", told: "Città"},
	} {
		r, user := newRig(), fmt.Sprintf("u%d@sportello.test", i)
		cfg := copyConfig(t, d)
		cfg.Address, cfg.IMAP.User, cfg.Sent, cfg.SentCopy = user, user, c.sent, c.mode
		if c.has != "" {
			d.Create(t, user, c.has)
		}
		a := New(cfg, r.deps())
		if told, err := a.SentFolder(t.Context()); a.Copies() && (told != c.told || err != nil) || a.Copies() == (c.mode == CopyOff) {
			t.Errorf("%+v: %q %v", c, told, err)
		}
		stop := copying(t, a)
		sendCopied(t, r, a, "one")
		awaitCopied(t, a)
		stop()
		for _, folder := range []string{"Inviati", "Fuori", "Sent", "Città"} {
			if n := len(d.In(t, user, folder)); (n == 1) != (folder == c.want) {
				t.Errorf("%+v: %d in %s", c, n, folder)
			}
		}
	}
}

// E-51: the providers that keep what is sent themselves, judged by the server that sends; and what settings are wrong.
func TestE51WhoCopies(t *testing.T) {
	base := Config{
		Account: "mail1", Address: support, IMAP: Server{Host: "imap.gmail.com", Port: 993, User: "u", Password: "p"}, SMTP: Server{Host: "smtp.example.test", Port: 587},
	}
	for _, c := range []struct {
		host string
		mode CopyMode
		imap bool
		want bool
		bad  bool
	}{
		{"smtp.example.test", "", true, true, false},
		{"SMTP.Gmail.com.", CopyAuto, true, false, false},
		{"smtp.office365.com", "", true, false, false},
		{"smtp.gmail.com", CopyOn, true, true, false},
		{"smtp-relay.gmail.com", "", true, true, false}, // a relay keeps nothing
		{"smtp.example.test", CopyOff, true, false, false},
		{"smtp.example.test", "", false, false, false},
		{"smtp.example.test", CopyOn, false, false, true},
		{"smtp.example.test", "yes", true, true, true},
	} {
		cfg := base
		cfg.SMTP.Host, cfg.SentCopy = c.host, c.mode
		if !c.imap {
			cfg.IMAP = Server{}
		}
		errs := cfg.Validate()
		if (len(errs) == 1 && strings.HasPrefix(errs[0].Error(), "sent_copy: ")) != c.bad {
			t.Errorf("%+v: %v", c, errs)
		}
		if !c.bad && cfg.copies() != c.want {
			t.Errorf("%+v", c)
		}
	}
}
