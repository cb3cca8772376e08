package email

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"

	"sportello/channels"
	"sportello/channels/channeltest/mailrig"
	"sportello/channels/email/echo"
	"sportello/channels/email/field"
)

// answered is a mail that a colleague wrote in a mail program.
func answered(id, to string) []byte {
	return []byte("From: Marco <" + support + ">\r\nTo: <" + to + ">\r\nSubject: Re: x\r\nDate: Mon, 02 Nov 2026 11:00:00 +0100\r\n" +
		"Message-ID: <" + id + ">\r\nIn-Reply-To: <one@example.test>\r\n\r\nEcco.\r\n")
}

// asSent is a mail as we have sent it.
func asSent(cfg Config, raw []byte) []byte {
	h, _ := field.Split(raw)
	return append([]byte(echo.Header+": "+echo.Mark(cfg.Key, "row", h)+"\r\n"), raw...)
}

// E-11, REQ-EM5: further folders, with names beyond ASCII, the one that the server marks as sent, and junk if it is wished. A mail in two
// folders is one; what we sent ourselves is left alone.
func TestE11RealFolders(t *testing.T) {
	d, r := mailrig.StartDovecot(t), newRig()
	cfg := realConfig(d, nil)
	cfg.Folders, cfg.Junk, cfg.Poll = []string{"INBOX", "Archivio città"}, FolderAuto, 20*time.Millisecond
	d.Create(t, support, "Archivio città")
	d.Create(t, support, mailrig.SentFolder)
	d.Create(t, support, "Spam")
	one := written("one@example.test", "uno", "x")
	d.Append(t, support, time.Now(), one)
	d.AppendTo(t, support, "Archivio città", time.Now(), one, written("two@example.test", "due", "x"))
	d.AppendTo(t, support, "Spam", time.Now(), written("three@example.test", "tre", "x"))
	ours := asSent(cfg, answered("ours@sportello.test", customer))
	d.AppendTo(t, support, mailrig.SentFolder, time.Now(), ours, answered("out@sportello.test", customer))
	r.run(t, cfg)
	got := map[string]channels.Inbound{}
	for _, in := range r.await(t, 4) {
		got[in.Thread.MessageID] = in
	}
	out := got["out@sportello.test"]
	if len(got) != 4 || !out.Outgoing || out.From.Value != support || out.To[0].Value != customer || out.Auto != channels.AutoNone || out.Raw == "" {
		t.Errorf("%+v", out)
	}
	for _, id := range []string{"one@example.test", "two@example.test", "three@example.test"} {
		if got[id].Outgoing || got[id].From.Value != customer {
			t.Errorf("%s: %+v", id, got[id])
		}
	}
	d.AppendTo(t, support, "Archivio città", time.Now(), written("later@example.test", "dopo", "x"))
	r.await(t, 5)
	for _, name := range []string{"INBOX", "Archivio città", "Spam", mailrig.SentFolder} {
		if v, _ := r.bookmarks.Load(t.Context(), "mail1", "imap/"+name); v == "" {
			t.Errorf("no position of %s", name)
		}
	}
}

// A further folder that is missing is told, and holds nothing up.
func TestE11MissingFolderHoldsNothingUp(t *testing.T) {
	d, r := mailrig.StartDovecot(t), newRig()
	cfg := realConfig(d, nil)
	cfg.Folders = []string{"INBOX", "Reclami"}
	r.run(t, cfg)
	h := r.awaitHealth(t, "folder", func(h channels.Health) bool { return h.Code == codeFolder })
	if h.OK || h.Folder != "Reclami" || h.LastSuccess.IsZero() {
		t.Errorf("%+v", h)
	}
	d.Append(t, support, time.Now(), written("one@example.test", "uno", "x"))
	r.await(t, 1)
	if err := New(cfg, r.deps()).CheckIMAP(t.Context()); err == nil || !strings.Contains(err.Error(), "Reclami") {
		t.Errorf("%v", err)
	}
}

// E-10 with a real server: what becomes of mails once they are in the record. What somebody marked \Deleted is neither taken nor removed,
// and what came before the wish stays.
func TestE10RealAfterwards(t *testing.T) {
	d := mailrig.StartDovecot(t)
	for _, c := range []struct {
		after       After
		inbox       int // that stay, beside the old one and the deleted one
		seen, moved bool
	}{{after: AfterLeave, inbox: 2}, {after: AfterSeen, inbox: 2, seen: true}, {after: AfterMove, moved: true}, {after: AfterDelete}} {
		t.Run(string(c.after), func(t *testing.T) {
			user := "after" + string(c.after) + "@sportello.test"
			r := newRig()
			cfg := realConfig(d, nil)
			cfg.Address, cfg.IMAP.User = user, user
			d.Append(t, user, time.Now().Add(-time.Hour), written("old@example.test", "vecchia", "x"))
			stop := r.run(t, cfg)
			r.await(t, 1)
			stop()
			d.Append(t, user, time.Now().Add(-time.Minute), written("gone@example.test", "cancellata", "x"))
			d.Flag(t, user, 2, imap.FlagDeleted)
			cfg.After = c.after
			if c.after == AfterMove {
				cfg.MoveTo = "Fatto"
			}
			r.run(t, cfg)
			r.awaitHealth(t, "ok", func(h channels.Health) bool { return h.OK })
			d.Append(t, user, time.Now().Add(time.Minute), written("a@example.test", "a", "x"), written("b@example.test", "b", "x"))
			r.await(t, 3)
			want := 2 + c.inbox
			if c.moved {
				d.AwaitIn(t, user, "Fatto", 2)
			}
			d.AwaitState(t, user, func(all []mailrig.Stored) bool {
				if len(all) != want || slices.Contains(all[0].Flags, imap.FlagSeen) || !slices.Contains(all[1].Flags, imap.FlagDeleted) {
					return false
				}
				for _, m := range all[2:] {
					if slices.Contains(m.Flags, imap.FlagSeen) != c.seen {
						return false
					}
				}
				return true
			})
		})
	}
}

// E-13: a mail that the record does not take is held back after three tries: visible, and nothing behind it waits. Once a day it is tried
// again.
func TestE13BadMailIsHeldBack(t *testing.T) {
	d, r := mailrig.StartDovecot(t), newRig()
	cfg := realConfig(d, nil)
	cfg.RetryMin, cfg.RetryMax, cfg.After = time.Millisecond, 10*time.Millisecond, AfterDelete
	var healed bool
	sink := &groupSink{accept: func(_ context.Context, in channels.Inbound) error {
		if !healed && in.Thread.MessageID == "bad@example.test" && in.Text != "" {
			return errors.New("value too long")
		}
		return nil
	}}
	deps := r.deps()
	deps.Sink = sink
	now := time.Now()
	deps.Now = func() time.Time { return now }
	d.Append(t, support, now, written("one@example.test", "uno", "x"), written("bad@example.test", "cattiva", "veleno"), written("two@example.test", "due", "x"))
	stop := runWith(t, cfg, deps)
	if err := sink.Wait(t.Context(), 3); err != nil {
		t.Fatal(err)
	}
	h := r.awaitHealth(t, "held", func(h channels.Health) bool { return h.Held == 1 })
	if !h.OK {
		t.Errorf("%+v", h)
	}
	var stub channels.Inbound
	for _, in := range sink.Inbounds() {
		if in.Flaw != "" {
			stub = in
		}
	}
	if stub.From.Value != customer || stub.Subject != "cattiva" || !strings.Contains(stub.Flaw, "UID 2") || !strings.Contains(stub.Flaw, "value too long") {
		t.Errorf("%+v", stub)
	}
	d.AwaitState(t, support, func(all []mailrig.Stored) bool { return len(all) == 1 }) // the others were removed, the bad one stays
	stop()
	healed, now = true, now.Add(25*time.Hour)
	runWith(t, cfg, deps)
	if err := sink.Wait(t.Context(), 4); err != nil {
		t.Fatal(err)
	}
	r.awaitHealth(t, "none held", func(h channels.Health) bool { return h.OK && h.Held == 0 && h.LastSuccess.Equal(now) })
}

// E-13: what is held back is tried again when somebody wishes, each time once.
func TestE13HeldMailIsTriedWhenWished(t *testing.T) {
	d, r := mailrig.StartDovecot(t), newRig()
	cfg := realConfig(d, nil)
	cfg.RetryMin, cfg.RetryMax, cfg.IdleRenew = time.Millisecond, 5*time.Millisecond, 10*time.Millisecond
	var tries, healed atomic.Int64
	sink := &groupSink{accept: func(_ context.Context, in channels.Inbound) error {
		if in.Text == "" {
			return nil
		}
		tries.Add(1)
		if healed.Load() == 0 {
			return errors.New("value too long")
		}
		return nil
	}}
	deps := r.deps()
	deps.Sink = sink
	a := New(cfg, deps)
	d.Append(t, support, time.Now(), written("bad@example.test", "cattiva", "veleno"))
	runWith(t, cfg, deps)
	looks := func(n int) {
		t.Helper()
		r.awaitHealth(t, "of a mail held back", func(h channels.Health) bool { return h.OK && h.Held == 1 })
		seen := time.Now()
		for range n {
			r.awaitHealth(t, "of a further look", func(h channels.Health) bool { return h.OK && h.At.After(seen) })
			seen = time.Now()
		}
	}
	looks(3)
	before := tries.Load() // three on its way in, one of what is held back
	if err := a.Retry(t.Context()); err != nil {
		t.Fatal(err)
	}
	looks(3)
	if got := tries.Load(); got != before+1 {
		t.Errorf("tried %d times after one wish", got-before)
	}
	healed.Store(1)
	if err := a.Retry(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := sink.Wait(t.Context(), 2); err != nil {
		t.Fatal(err)
	}
	r.awaitHealth(t, "none held", func(h channels.Health) bool {
		return h.OK && h.Held == 0 && !h.LastSuccess.IsZero() && healed.Load() == 1
	})
}

// While the record is away nothing is held back, however long that lasts.
func TestE13StoreDownHoldsNothingBack(t *testing.T) {
	d, r := mailrig.StartDovecot(t), newRig()
	cfg := realConfig(d, nil)
	cfg.RetryMin, cfg.RetryMax = time.Millisecond, 2*time.Millisecond
	d.Append(t, support, time.Now(), written("one@example.test", "uno", "x"))
	r.sink.Fail(errors.New("database is gone"))
	stop := r.run(t, cfg)
	tries := 0
	r.awaitHealth(t, "of the tenth try", func(h channels.Health) bool {
		if h.Code == codeStore {
			tries++
		}
		return tries == 10
	})
	stop()
	r.sink.Fail(nil)
	r.run(t, cfg)
	if got := r.await(t, 1); got[0].Flaw != "" {
		t.Errorf("%+v", got[0])
	}
}

// E-06: a folder of many mails is gone through by ranges of UIDs, also where most of them are gone.
func TestE06LongFolderByRanges(t *testing.T) {
	d, r := mailrig.StartDovecot(t), newRig()
	d.Append(t, support, time.Now(), written("first@example.test", "prima", "x"))
	d.NextUID(t, support, 400_000)
	d.Append(t, support, time.Now(), written("last@example.test", "ultima", "x"))
	r.run(t, realConfig(d, nil))
	r.await(t, 2)
	r.awaitHealth(t, "ok", func(h channels.Health) bool { return h.OK && h.Lag == 0 })
	var pos position
	v, _ := r.bookmarks.Load(t.Context(), "mail1", "imap/INBOX")
	if err := json.Unmarshal([]byte(v), &pos); err != nil || pos.UID < 400_000 {
		t.Errorf("%s %v", v, err)
	}
}

// E-07: a big mail goes to the vault while it arrives, and is read in full.
func TestE07BigMailThroughTheVault(t *testing.T) {
	d, r := mailrig.StartDovecot(t), newRig()
	raw := written("big@example.test", "grande", strings.Repeat("riga di testo\n", 300_000))
	d.Append(t, support, time.Now(), written("one@example.test", "uno", "x"), raw, written("two@example.test", "due", "x"))
	r.run(t, realConfig(d, nil))
	for _, in := range r.await(t, 3) {
		if in.Thread.MessageID != "big@example.test" {
			continue
		}
		blob, err := r.vault.Open(t.Context(), in.Raw)
		if err != nil {
			t.Fatal(err)
		}
		var kept bytes.Buffer
		kept.ReadFrom(blob)
		blob.Close()
		if strings.Contains(in.Flaw, "too large") || !bytes.Equal(kept.Bytes(), raw) {
			t.Errorf("%d bytes kept of %d, %q", kept.Len(), len(raw), in.Flaw)
		}
	}
}

// REQ-EM4: a mail that was taken is known for ever: not by its place, so that one that is moved away and back, or put anew under another UID,
// comes in no second time, also after a restart. What somebody has marked \Deleted, and folders that the settings do not name, are
// left alone.
func TestREQEM4TakenMailNeverComesBack(t *testing.T) {
	d, r := mailrig.StartDovecot(t), newRig()
	cfg := realConfig(d, nil)
	cfg.After, cfg.MoveTo = AfterMove, "Fatto"
	taken, private := written("taken@example.test", "presa", "x"), written("private@example.test", "privata", "x")
	noID := []byte("From: anna@example.test\r\nSubject: senza\r\n\r\nx\r\n")
	d.Create(t, support, "Privato")
	d.AppendTo(t, support, "Privato", time.Now(), private)
	d.Append(t, support, time.Now().Add(-time.Minute), written("gone@example.test", "cancellata", "x"))
	d.Flag(t, support, 1, imap.FlagDeleted)
	stop := r.run(t, cfg)
	r.awaitHealth(t, "ok", func(h channels.Health) bool { return h.OK })
	d.Append(t, support, time.Now().Add(time.Minute), taken, noID)
	r.await(t, 2)
	d.AwaitIn(t, support, "Fatto", 2)
	stop()
	d.Append(t, support, time.Now().Add(time.Minute), taken, noID, written("last@example.test", "ultima", "x"))
	r.run(t, cfg)
	got := r.await(t, 3)
	d.AwaitIn(t, support, "Fatto", 5) // they were looked at, and put away again
	if len(r.sink.Inbounds()) != 3 || got[2].Thread.MessageID != "last@example.test" {
		t.Errorf("%d mails, the last %q", len(got), got[len(got)-1].Thread.MessageID)
	}
	for _, in := range got {
		if in.Thread.MessageID == "private@example.test" || in.Thread.MessageID == "gone@example.test" {
			t.Errorf("%s was taken", in.Thread.MessageID)
		}
	}
}
