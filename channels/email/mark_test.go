package email

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"

	"sportello/channels"
	"sportello/channels/channeltest"
	"sportello/channels/channeltest/mailrig"
)

// marked keeps what it is told of mails.
type marked struct {
	mu      sync.Mutex
	ids     []string
	failure error
	news    chan struct{}
}

func newMarked() *marked { return &marked{news: make(chan struct{}, 100)} }

// Mark implements channels.Marks.
func (m *marked) Mark(_ context.Context, mark channels.Mark) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.failure != nil {
		return m.failure
	}
	if mark.What != channels.MarkAnswered || mark.Account != "mail1" || mark.At.IsZero() {
		return errors.New("a mark without its words")
	}
	m.ids = append(m.ids, mark.MessageID)
	m.news <- struct{}{}
	return nil
}

func (m *marked) await(t testing.TB, want ...string) {
	t.Helper()
	late := time.After(patience)
	for {
		m.mu.Lock()
		ids := slices.Clone(m.ids)
		m.mu.Unlock()
		if slices.Equal(ids, want) {
			return
		}
		select {
		case <-m.news:
		case <-late:
			t.Fatalf("told of %q, want %q", ids, want)
		}
	}
}

func savedPosition(t testing.TB, r *rig, folder string) (p position) {
	t.Helper()
	v, err := r.bookmarks.Load(t.Context(), "mail1", "imap/"+folder)
	if err == nil && v != "" {
		err = json.Unmarshal([]byte(v), &p)
	}
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// E-09, E-03 with a real server: that somebody answered a mail in another program is told once, while we look on and when we were
// away; that he read or starred it is not. The position keeps the HIGHESTMODSEQ.
func TestE09RealAnswersElsewhereAreTold(t *testing.T) {
	d := mailrig.StartDovecot(t)
	for name, sent := range map[string]string{"one folder": FolderNone, "several folders": FolderAuto} {
		t.Run(name, func(t *testing.T) {
			user := "marks" + sent + "@sportello.test"
			r, m := newRig(), newMarked()
			cfg := realConfig(d, nil)
			cfg.Address, cfg.IMAP.User, cfg.Sent = user, user, sent
			cfg.Poll, cfg.IdleRenew = 20*time.Millisecond, 20*time.Millisecond
			deps := r.deps()
			deps.Marks = m
			d.Create(t, user, mailrig.SentFolder)
			d.Append(t, user, time.Now(), written("one@example.test", "uno", "x"), written("two@example.test", "due", "x"), written("", "senza id", "x"))
			d.Flag(t, user, 2, imap.FlagAnswered) // before we first looked
			stop := runWith(t, cfg, deps)
			r.await(t, 3)
			m.await(t, "two@example.test")
			d.Flag(t, user, 1, imap.FlagSeen)
			d.Flag(t, user, 1, imap.FlagFlagged)
			d.Flag(t, user, 3, imap.FlagAnswered) // cannot be named
			d.Flag(t, user, 1, imap.FlagAnswered)
			m.await(t, "two@example.test", "one@example.test")
			stop()
			before := savedPosition(t, r, "INBOX").ModSeq
			d.Append(t, user, time.Now(), written("three@example.test", "tre", "x"))
			d.Flag(t, user, 4, imap.FlagAnswered)
			runWith(t, cfg, deps)
			r.await(t, 4)
			m.await(t, "two@example.test", "one@example.test", "three@example.test")
			looked := time.Now()
			r.awaitHealth(t, "of a further look", func(h channels.Health) bool { return h.OK && h.At.After(looked) })
			if after := savedPosition(t, r, "INBOX").ModSeq; before == 0 || after <= before {
				t.Errorf("HIGHESTMODSEQ %d, then %d", before, after)
			}
			m.await(t, "two@example.test", "one@example.test", "three@example.test")
		})
	}
}

// While the record is away a mark is not lost: the position stays.
func TestE09MarkWaitsForTheRecord(t *testing.T) {
	d, r, m := mailrig.StartDovecot(t), newRig(), newMarked()
	cfg := realConfig(d, nil)
	cfg.RetryMin, cfg.RetryMax, cfg.IdleRenew = time.Millisecond, 5*time.Millisecond, 20*time.Millisecond
	deps := r.deps()
	deps.Marks = m
	m.failure = errors.New("database is gone")
	d.Append(t, support, time.Now(), written("one@example.test", "uno", "x"))
	d.Flag(t, support, 1, imap.FlagAnswered)
	runWith(t, cfg, deps)
	r.awaitHealth(t, "store", func(h channels.Health) bool { return h.Code == codeStore })
	m.mu.Lock()
	m.failure = nil
	m.mu.Unlock()
	m.await(t, "one@example.test")
}

// A server without CONDSTORE is not asked, and its mail comes in as ever.
func TestE09ServerWithoutCondStore(t *testing.T) {
	server, r := startMail(t, channeltest.MailOptions{}), newRig()
	deps := r.deps()
	deps.Marks = newMarked()
	deliver(t, server, written("one@example.test", "uno", "x"))
	runWith(t, configFor(server), deps)
	r.await(t, 1)
	r.awaitHealth(t, "ok", func(h channels.Health) bool { return h.OK })
	if p := savedPosition(t, r, "INBOX"); p.ModSeq != 0 || p.UID != 1 {
		t.Errorf("%+v", p)
	}
}
