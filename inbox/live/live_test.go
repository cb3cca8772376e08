package live

import (
	"encoding/json"
	"fmt"
	"sync"
	"testing"
	"time"

	"sportello/channels"
	"sportello/channels/pause"
	"sportello/inbox"
	"sportello/inbox/inboxtest"
	"sportello/inbox/journal"
)

func TestMain(m *testing.M) { inboxtest.Main(m) }

// start is when the tests' clock begins.
var start = time.Date(2026, 10, 5, 9, 0, 0, 0, time.UTC)

// hand is a clock that a test moves.
type hand struct {
	mu sync.Mutex
	at time.Time
}

func (h *hand) now() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.at
}

func (h *hand) move(d time.Duration) time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.at = h.at.Add(d)
	return h.at
}

// desk is a live inbox in a test, with the streams that the test has written.
type desk struct {
	*Inbox
	t     testing.TB
	clock *hand
	seq   map[inbox.ConversationID]int64
}

func openAt(t testing.TB, addrs ...string) *desk {
	t.Helper()
	h := &hand{at: start}
	in, err := Open(t.Context(), Options{Addrs: addrs, Now: h.now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := in.Close(); err != nil {
			t.Error(err)
		}
	})
	return &desk{in, t, h, map[inbox.ConversationID]int64{}}
}

// built is an inbox that was rebuilt from these conversations.
func built(t testing.TB, addr string, cs ...inbox.Conversation) *desk {
	t.Helper()
	d := openAt(t, addr)
	if err := d.Rebuild(t.Context(), record(cs)); err != nil {
		t.Fatal(err)
	}
	for _, c := range cs {
		d.seq[c.ID] = c.LastSeq
	}
	return d
}

// onBoth runs a test on an empty, built inbox on both servers.
func onBoth(t *testing.T, test func(t *testing.T, d *desk)) {
	inboxtest.Redises(t, func(t *testing.T, addr string) { test(t, built(t, addr)) })
}

// chat is a conversation on chat that waits in the queue "vendite".
func chat(n int) inbox.Conversation {
	return inbox.Conversation{
		ID: inbox.ConversationID(fmt.Sprintf("c%03d", n)), Number: int64(n), Kind: channels.Chat, State: inbox.Waiting, Queue: "vendite",
		Skills: []inbox.Requirement{}, LastSeq: 1, QueuedAt: start.Add(time.Duration(n) * time.Second), CreatedAt: start,
	}
}

func (d *desk) event(c inbox.Conversation, typ journal.Type) journal.Event {
	d.t.Helper()
	d.seq[c.ID]++
	c.LastSeq = d.seq[c.ID]
	data, err := json.Marshal(inbox.Change{Conversation: c})
	if err != nil {
		d.t.Fatal(err)
	}
	return journal.Event{
		Stream: journal.ConversationStream(string(c.ID)), Seq: c.LastSeq, ID: newID(), Type: typ, Actor: "system", At: d.now(), Data: data,
	}
}

// tell applies the next event of a conversation.
func (d *desk) tell(c inbox.Conversation, typ journal.Type) {
	d.t.Helper()
	if n, err := d.Apply(d.t.Context(), []journal.Event{d.event(c, typ)}); err != nil || n != 1 {
		d.t.Fatalf("apply %s: %d, %v", typ, n, err)
	}
}

func (d *desk) waits(cs ...inbox.Conversation) {
	d.t.Helper()
	for _, c := range cs {
		d.tell(c, journal.Queued)
	}
}

func (d *desk) assigned(c inbox.Conversation, a inbox.AgentID) {
	d.t.Helper()
	c.State, c.Assignee = inbox.Assigned, a
	d.tell(c, journal.Assigned)
}

func (d *desk) closed(c inbox.Conversation) {
	d.t.Helper()
	c.State, c.ClosedAt = inbox.Closed, d.now()
	d.tell(c, journal.Closed)
}

// arrives announces an agent with room for n chats, whose lease outlasts the test's clock.
func (d *desk) arrives(id inbox.AgentID, n int) {
	d.t.Helper()
	p := Profile{
		ID: id, Name: string(id), Queues: []inbox.QueueID{"vendite"}, Skills: []inbox.Requirement{},
		Capacity: map[channels.Kind]int{channels.Chat: n, channels.Email: 2}, Factor: 1,
	}
	if _, err := d.Announce(d.t.Context(), p, Available, "", "tab", 24*time.Hour); err != nil {
		d.t.Fatal(err)
	}
}

func (d *desk) offered(c inbox.Conversation, a inbox.AgentID) Offer {
	d.t.Helper()
	o, err := d.Offer(d.t.Context(), c.ID, a, 20*time.Second, nil)
	if err != nil {
		d.t.Fatal(err)
	}
	return o
}

func (d *desk) agent(id inbox.AgentID) AgentState {
	d.t.Helper()
	as, err := d.Agents(d.t.Context())
	if err != nil {
		d.t.Fatal(err)
	}
	for _, a := range as {
		if a.ID == id {
			return a
		}
	}
	d.t.Fatalf("agent %s is not there", id)
	return AgentState{}
}

func (d *desk) snapshot() Snapshot {
	d.t.Helper()
	s, err := d.Snapshot(d.t.Context())
	if err != nil {
		d.t.Fatal(err)
	}
	return s
}

// feed is the whole feed of the current epoch.
func (d *desk) feed() []Entry {
	d.t.Helper()
	p, err := d.Head(d.t.Context())
	if err != nil {
		d.t.Fatal(err)
	}
	p.Offset = 0
	entries, _, err := d.Read(d.t.Context(), p, 100_000)
	if err != nil {
		d.t.Fatal(err)
	}
	return entries
}

// ends says how offers ended, as the feed has it.
func (d *desk) ends() (hows []string) {
	d.t.Helper()
	for _, e := range d.feed() {
		if e.Type != EntryOfferEnd {
			continue
		}
		var end OfferEnd
		if err := json.Unmarshal(e.Event, &end); err != nil {
			d.t.Fatal(err)
		}
		if e.Agent != end.Agent || e.Conversation != end.Conversation {
			d.t.Errorf("entry for %s of %s carries %+v", e.Agent, e.Conversation, end)
		}
		hows = append(hows, end.How)
	}
	return hows
}

// eventually polls until the condition holds.
func eventually(t testing.TB, what string, within time.Duration, holds func() bool) {
	t.Helper()
	deadline := time.Now().Add(within)
	for !holds() {
		if time.Now().After(deadline) {
			t.Fatalf("not within %v: %s", within, what)
		}
		pause.For(t.Context(), 5*time.Millisecond)
	}
}
