package email

import (
	"context"
	"slices"
	"testing"
	"time"

	"sportello/channels"
	"sportello/channels/channeltest"
	"sportello/channels/channeltest/mailrig"
)

// What lies in the folder is named as it was taken: by its Message-ID when the record knows that, by its content otherwise.
func TestN04FolderIsComparedByWhatItHolds(t *testing.T) {
	s, r := startMail(t, channeltest.MailOptions{}), newRig()
	noon := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	put := func(raw []byte, at time.Time) {
		if err := s.DeliverAt("anna@example.test", support, raw, at); err != nil {
			t.Fatal(err)
		}
	}
	put(written("old@example.test", "Ieri", "a"), noon.AddDate(0, 0, -1))
	put(written("one@example.test", "Uno", "a"), noon)
	put(written("two@example.test", "Due", "a"), noon)
	put(written("two@example.test", "Due", "the list's copy"), noon) // the same id, another mail
	put(written("", "Senza nome", "a"), noon)
	own := asSent(configFor(s), []byte("From: <"+support+">\r\nTo: <"+support+">\r\nMessage-ID: <ours@sportello.test>\r\nSubject: x\r\n\r\nx\r\n"))
	put(own, noon)
	stop := r.run(t, configFor(s))
	taken := r.await(t, 5)
	stop()
	put(written("late@example.test", "Mai arrivata", "a"), noon)

	known := func(_ context.Context, ids []string) (map[string]bool, error) {
		if slices.Contains(ids, "two@example.test") {
			t.Error("an id that stands twice says nothing")
		}
		return map[string]bool{"one@example.test": true, "old@example.test": true}, nil
	}
	list := func(known channels.Known) map[string]int {
		t.Helper()
		all, err := New(configFor(s), r.deps()).List(t.Context(), noon, noon.Add(time.Hour), known)
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]int{}
		for _, l := range all {
			if !l.Inbound || l.Place == "" || !l.At.Equal(noon) || l.Known != (l.External == "one@example.test") {
				t.Errorf("%+v", l)
			}
			got[l.External]++
		}
		return got
	}
	got := list(known)
	if len(got) != 5 || got["one@example.test"] != 1 {
		t.Fatalf("%v", got)
	}
	unknown := 0
	for external := range got {
		if external != "one@example.test" && !slices.ContainsFunc(taken, func(in channels.Inbound) bool { return in.External == external }) {
			unknown++
		}
	}
	if unknown != 1 {
		t.Fatalf("%d mails were not taken, want the late one alone: %v", unknown, got)
	}
	if got := list(nil); len(got) != 5 || got["one@example.test"] != 0 {
		t.Fatalf("%v", got)
	}
}

// A real server is asked in the same way.
func TestN04RealFolderIsListed(t *testing.T) {
	d := mailrig.StartDovecot(t)
	p := mailrig.StartPostfix(t, d, "sportello.test")
	write(t, p, support, written("one@example.test", "Uno", "a"))
	write(t, p, support, written("", "Senza nome", "a"))
	d.AwaitMails(t, support, 2)
	known := func(_ context.Context, ids []string) (map[string]bool, error) {
		return map[string]bool{"one@example.test": slices.Contains(ids, "one@example.test")}, nil
	}
	all, err := New(realConfig(d, p), newRig().deps()).List(t.Context(), time.Now().Add(-time.Hour), time.Now().Add(time.Hour), known)
	if err != nil {
		t.Fatal(err)
	}
	if len(all) != 2 || !all[0].Known || all[0].External != "one@example.test" || all[1].Known || all[1].External == "" {
		t.Fatalf("%+v", all)
	}
}
