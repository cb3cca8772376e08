package email

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"

	"sportello/channels"
	"sportello/channels/channeltest"
)

// groupSink is a sink whose Accept is given by the test.
type groupSink struct {
	channeltest.RecordingSink
	accept func(context.Context, channels.Inbound) error
}

func (s *groupSink) Accept(ctx context.Context, in channels.Inbound) (channels.Accepted, error) {
	if err := s.accept(ctx, in); err != nil {
		return channels.Accepted{}, err
	}
	return s.RecordingSink.Accept(ctx, in)
}

// mailFrom writes a mail; refs become its References.
func mailFrom(from, id, refs string) []byte {
	return []byte("From: <" + from + ">\r\nTo: <" + support + ">\r\nSubject: x\r\nMessage-ID: <" + id + ">\r\n" + refs + "\r\nx\r\n")
}

// groupOf numbers mails from UID 1.
func groupOf(raw ...[]byte) ([]listed, map[imap.UID][]byte) {
	group, bodies := make([]listed, len(raw)), make(map[imap.UID][]byte)
	for i, b := range raw {
		group[i] = listed{uid: imap.UID(i + 1), size: int64(len(b))}
		bodies[group[i].uid] = b
	}
	return group, bodies
}

func adapterWith(sink channels.Sink) *Adapter {
	cfg := Config{
		Account: "mail1", Address: support, InsecureLab: true,
		IMAP: Server{Host: "127.0.0.1", Port: 1, TLS: TLSDisabled, User: "u", Password: "p"}, SMTP: Server{Host: "127.0.0.1", Port: 1},
	}
	return New(cfg, Deps{Sink: sink, Vault: &channeltest.MemoryVault{}, Bookmarks: &channeltest.MemoryBookmarks{}})
}

// Mails of strangers to each other wait for the record together, so that it can commit them together; however many they are.
func TestGroupIsAcceptedTogether(t *testing.T) {
	var mu sync.Mutex
	inside, most := 0, 0
	full := make(chan struct{})
	sink := &groupSink{accept: func(ctx context.Context, _ channels.Inbound) error {
		mu.Lock()
		inside++
		most = max(most, inside)
		if inside == groupMails {
			select {
			case <-full:
			default:
				close(full)
			}
		}
		mu.Unlock()
		defer func() { mu.Lock(); inside--; mu.Unlock() }()
		select {
		case <-full:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}}
	var raw [][]byte
	for i := range groupMails {
		raw = append(raw, mailFrom(fmt.Sprintf("c%d@example.test", i), fmt.Sprintf("m%d@example.test", i), ""))
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	group, bodies := groupOf(raw...)
	if done, err := adapterWith(sink).acceptGroup(ctx, group, bodies); done != len(group) || err != nil {
		t.Fatalf("%d done, %v; at most %d together", done, err, most)
	}
	if most != groupMails || len(sink.Inbounds()) != len(group) {
		t.Errorf("%d mails, at most %d together", len(sink.Inbounds()), most)
	}
}

// What may belong to one conversation is accepted in the order in which it arrived, also through a third mail.
func TestMailsThatBelongTogetherStayInOrder(t *testing.T) {
	raw := [][]byte{
		mailFrom("anna@example.test", "a1@example.test", ""),
		mailFrom("bruno@example.test", "b1@example.test", ""),
		mailFrom("carla@example.test", "c1@example.test", "References: <a1@example.test>\r\n"), // answers anna
		mailFrom("anna@example.test", "a2@example.test", ""),                                   // the same sender
		mailFrom("dario@example.test", "d1@example.test", "In-Reply-To: <old@example.test>\r\n"),
		mailFrom("elena@example.test", "e1@example.test", "In-Reply-To: <old@example.test>\r\n"), // one thread that began long ago
		mailFrom("bruno@example.test", "b1@example.test", ""),                                    // the same mail again
		mailFrom("fabio@example.test", "f1@example.test", "References: <b1@example.test> <c1@example.test>\r\n"),
	}
	want := [][]string{
		{"a1@example.test", "c1@example.test", "a2@example.test", "f1@example.test"}, {"b1@example.test", "f1@example.test"}, {"d1@example.test", "e1@example.test"},
	}
	for range 50 {
		sink := &groupSink{accept: func(context.Context, channels.Inbound) error { return nil }}
		group, bodies := groupOf(raw...)
		if done, err := adapterWith(sink).acceptGroup(t.Context(), group, bodies); done != len(group) || err != nil {
			t.Fatal(done, err)
		}
		var got []string
		for _, in := range sink.Inbounds() {
			got = append(got, in.Thread.MessageID)
		}
		for _, order := range want {
			var at []int
			for _, id := range order {
				at = append(at, slices.Index(got, id))
			}
			if !slices.IsSorted(at) || at[0] < 0 || len(got) != 7 {
				t.Fatalf("%v came as %v", order, got)
			}
		}
	}
}

// The position stops before the first mail that was not taken, whatever of the mails behind it was; and all before it are taken.
func TestPositionStopsBeforeTheFirstFailure(t *testing.T) {
	failure := errors.New("disk full")
	for _, bad := range []int{0, 3, 19} {
		var raw [][]byte
		for i := range 20 {
			raw = append(raw, mailFrom(fmt.Sprintf("c%d@example.test", i%10), fmt.Sprintf("m%d@example.test", i), ""))
		}
		badID := fmt.Sprintf("m%d@example.test", bad)
		sink := &groupSink{accept: func(_ context.Context, in channels.Inbound) error {
			if in.Thread.MessageID == badID {
				return failure
			}
			return nil
		}}
		group, bodies := groupOf(raw...)
		done, err := adapterWith(sink).acceptGroup(t.Context(), group, bodies)
		if done != bad || !errors.Is(err, failure) || healthCode(err) != codeStore {
			t.Errorf("failure of %d: %d done, %v", bad, done, err)
		}
		got := make(map[string]bool)
		for _, in := range sink.Inbounds() {
			got[in.Thread.MessageID] = true
		}
		for i := range bad {
			if id := fmt.Sprintf("m%d@example.test", i); !got[id] {
				t.Errorf("failure of %d: %s before it was not taken", bad, id)
			}
		}
		if later := fmt.Sprintf("m%d@example.test", bad+10); bad < 10 && got[later] {
			t.Errorf("failure of %d: the next mail of the same sender was taken before it", bad)
		}
	}
}

// A vault that fails takes nothing into the record from there on.
func TestPositionStopsBeforeAMailThatWasNotKept(t *testing.T) {
	sink := &groupSink{accept: func(context.Context, channels.Inbound) error { return nil }}
	a := adapterWith(sink)
	failure := errors.New("disk full")
	a.deps.Vault.(*channeltest.MemoryVault).Fail(failure)
	group, bodies := groupOf(mailFrom("a@example.test", "a@example.test", ""), mailFrom("b@example.test", "b@example.test", ""))
	if done, err := a.acceptGroup(t.Context(), group, bodies); done != 0 || !errors.Is(err, failure) || len(sink.Inbounds()) != 0 {
		t.Errorf("%d done, %v, %d accepted", done, err, len(sink.Inbounds()))
	}
	group, bodies = groupOf(mailFrom("a@example.test", "a@example.test", ""))
	delete(bodies, 1) // removed by somebody else between the list and the fetch: done with, whatever the vault does
	if done, err := a.acceptGroup(t.Context(), group, bodies); done != 1 || err != nil {
		t.Errorf("%d done, %v", done, err)
	}
}

// committer writes and syncs once for everybody who waits, as the record does.
type committer struct {
	wait chan chan error
}

func (c *committer) run(file *os.File) {
	for first := range c.wait {
		waiting := []chan error{first}
		for more := true; more; {
			select {
			case w, ok := <-c.wait:
				if more = ok; ok {
					waiting = append(waiting, w)
				}
			default:
				more = false
			}
		}
		_, err := file.Write(make([]byte, 4096*len(waiting)))
		if err == nil {
			err = file.Sync()
		}
		for _, w := range waiting {
			w <- err
		}
	}
}

// BenchmarkTakeGroup measures groups of mails of 50 senders into a record that commits together what waits together.
func BenchmarkTakeGroup(b *testing.B) {
	file, err := os.Create(filepath.Join(b.TempDir(), "record"))
	if err != nil {
		b.Fatal(err)
	}
	defer file.Close()
	c := &committer{wait: make(chan chan error, groupMails)}
	var work sync.WaitGroup
	work.Go(func() { c.run(file) })
	sink := &groupSink{accept: func(context.Context, channels.Inbound) error {
		done := make(chan error, 1)
		c.wait <- done
		return <-done
	}}
	var raw [][]byte
	for i := range groupMails {
		raw = append(raw, mailFrom(fmt.Sprintf("c%d@example.test", i), fmt.Sprintf("m%d@example.test", i), ""))
	}
	group, bodies := groupOf(raw...)
	a := adapterWith(sink)
	start := time.Now()
	for b.Loop() {
		if done, err := a.acceptGroup(b.Context(), group, bodies); done != len(group) || err != nil {
			b.Fatal(done, err)
		}
	}
	b.ReportMetric(float64(b.N*groupMails)/time.Since(start).Seconds(), "mails/s")
	close(c.wait)
	work.Wait()
}
