package hub

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/gorilla/websocket"

	"sportello/channels"
	"sportello/inbox"
	"sportello/inbox/customer"
	"sportello/inbox/db"
	"sportello/inbox/inboxtest"
	"sportello/inbox/journal"
	"sportello/inbox/live"
	"sportello/router/roster"
	"sportello/router/roster/rostertest"
)

func TestMain(m *testing.M) { inboxtest.Main(m) }

// patience is how long a test waits for what must come.
const patience = 10 * time.Second

// rig is a hub with everything to its left: record, live inbox, relay and guard.
type rig struct {
	t      *testing.T
	redis  *miniredis.Miniredis
	live   *live.Inbox
	ledger *inbox.Ledger
	roster *roster.Book
	hub    *Hub
	url    string
	stop   func() // ends the hub and waits for it
	clock  inboxtest.Clock
}

// newRig starts a rig on a record.
func newRig(t *testing.T, d *db.DB) *rig {
	t.Helper()
	r := &rig{t: t, redis: inboxtest.MiniRedis(t)}
	log := slog.New(slog.DiscardHandler)
	var err error
	if r.live, err = live.Open(t.Context(), live.Options{Addrs: []string{r.redis.Addr()}}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.live.Close() })
	j := journal.New(d)
	book := customer.NewBook(d, j, time.Now)
	r.ledger = inbox.NewLedger(d, j, book, inbox.Config{
		Accounts: []inbox.Account{{ID: "web", Kind: channels.Chat, Name: "Negozio"}}, TokenKey: []byte(strings.Repeat("k", 32)),
	}, time.Now)
	r.roster = roster.NewWeak(d, time.Now)
	rostertest.People(t, r.roster)
	r.hub = New(Options{
		Live: r.live, Roster: r.roster, Origin: func(*http.Request) bool { return true }, Log: log, Now: r.clock.Now,
		Visitor: VisitorOf(r.ledger),
	})
	if err := r.live.Rebuild(t.Context(), r.ledger); err != nil {
		t.Fatal(err)
	}
	relay, guard := live.NewRelay(j, r.live, log), live.NewGuard(r.live, r.ledger, log)
	inboxtest.Background(t, relay.Run)
	inboxtest.Background(t, guard.Run)
	r.stop = inboxtest.Background(t, r.hub.Run)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		a, err := r.roster.Agent(req.Context(), inbox.AgentID(req.URL.Query().Get("agent")))
		if err != nil {
			t.Error(err)
		}
		r.hub.Serve(w, req, a, "session of "+string(a.ID))
	}))
	t.Cleanup(srv.Close)
	t.Cleanup(r.stop) // before the servers close: the sockets end by the hub's will
	r.url = "ws" + strings.TrimPrefix(srv.URL, "http")
	return r
}

// write accepts one chat message of a visitor, and returns its conversation.
func (r *rig) write(visitor, text string) inbox.ConversationID {
	r.t.Helper()
	got, err := r.ledger.Accept(r.t.Context(), channels.Inbound{
		Account: "web", Kind: channels.Chat, External: visitor + " " + text, Text: text, ReceivedAt: time.Now(),
		From: channels.Address{Kind: channels.Chat, Value: visitor}, Proof: channels.ProofDeclared,
	})
	if err != nil {
		r.t.Fatal(err)
	}
	return inbox.ConversationID(got.Conversation)
}

// waiting is a conversation in a queue, whose agents have been told of its second message, "a".
func (r *rig) waiting(visitor string, q inbox.QueueID) inbox.ConversationID {
	r.t.Helper()
	c := r.write(visitor, "first")
	r.place(c, q)
	r.write(visitor, "a")
	return c
}

// place puts a conversation into a queue.
func (r *rig) place(c inbox.ConversationID, q inbox.QueueID) {
	r.t.Helper()
	if _, err := r.ledger.Place(r.t.Context(), inbox.PlaceCmd{Conversation: c, Queue: q, Priority: 50}); err != nil {
		r.t.Fatal(err)
	}
}

// assign gives a conversation to an agent.
func (r *rig) assign(c inbox.ConversationID, a inbox.AgentID) {
	r.t.Helper()
	if _, err := r.ledger.Assign(r.t.Context(), inbox.AssignCmd{Conversation: c, Agent: a}); err != nil {
		r.t.Fatal(err)
	}
}

// client is one tab of a console.
type client struct {
	t     *testing.T
	ws    *websocket.Conn
	agent inbox.AgentID

	epoch  string
	offset int64
	texts  []string // of the messages received, in order
	seen   map[string]bool
}

// connect opens a socket.
func (r *rig) connect(agent inbox.AgentID) *client {
	r.t.Helper()
	ws, _, err := websocket.DefaultDialer.Dial(r.url+"/?agent="+string(agent), nil)
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() { _ = ws.Close() })
	return &client{t: r.t, ws: ws, agent: agent, seen: map[string]bool{}}
}

// follow opens a socket that is in step with the feed from now on.
func (r *rig) follow(agent inbox.AgentID) *client {
	r.t.Helper()
	c := r.connect(agent)
	head, err := r.live.Head(r.t.Context())
	if err != nil {
		r.t.Fatal(err)
	}
	c.epoch, c.offset = head.Epoch, head.Offset
	if w := c.hello(); w.Reset {
		r.t.Fatal("told to load anew")
	}
	return c
}

// resume opens a socket at the position of another one that was cut.
func (r *rig) resume(old *client) (*client, Welcome) {
	r.t.Helper()
	c := r.connect(old.agent)
	c.epoch, c.offset, c.texts, c.seen = old.epoch, old.offset, old.texts, old.seen
	return c, c.hello()
}

func (c *client) send(frame any) {
	c.t.Helper()
	if err := c.ws.WriteJSON(frame); err != nil {
		c.t.Fatal(err)
	}
}

// hello greets and returns the welcome.
func (c *client) hello() Welcome {
	c.t.Helper()
	c.send(Hello{T: FrameHello, Epoch: c.epoch, Offset: c.offset, Tab: "tab"})
	var w Welcome
	c.next(FrameWelcome, &w)
	return w
}

// next reads frames until one of a kind, and decodes it. Entries on the way are taken in.
func (c *client) next(kind string, into any) {
	c.t.Helper()
	for {
		got, data := c.read()
		if got != kind {
			continue
		}
		if into != nil {
			if err := json.Unmarshal(data, into); err != nil {
				c.t.Fatal(err)
			}
		}
		return
	}
}

// read reads one frame; an entry must be of the client's epoch, after its position, and new.
func (c *client) read() (kind string, data []byte) {
	c.t.Helper()
	_ = c.ws.SetReadDeadline(time.Now().Add(patience))
	_, data, err := c.ws.ReadMessage()
	if err != nil {
		c.t.Fatalf("%s: %v", c.agent, err)
	}
	var f struct {
		T     string     `json:"t"`
		Entry live.Entry `json:"entry"`
	}
	if err := json.Unmarshal(data, &f); err != nil {
		c.t.Fatal(err)
	}
	if f.T == FrameEntry {
		c.take(f.Entry)
	}
	return f.T, data
}

func (c *client) take(e live.Entry) {
	c.t.Helper()
	key := fmt.Sprintf("%s/%d", e.Epoch, e.Offset)
	if c.seen[key] {
		c.t.Errorf("%s: entry %s came twice", c.agent, key)
	}
	if e.Epoch == c.epoch && e.Offset <= c.offset {
		c.t.Errorf("%s: entry %d came after %d", c.agent, e.Offset, c.offset)
	}
	c.seen[key], c.epoch, c.offset = true, e.Epoch, e.Offset
	var event journal.Event
	var change inbox.Change
	if json.Unmarshal(e.Event, &event) == nil && json.Unmarshal(event.Data, &change) == nil && change.Message != nil {
		c.texts = append(c.texts, change.Message.Text)
	}
}

// hears reads until a message with this text has come.
func (c *client) hears(text string) {
	c.t.Helper()
	for len(c.texts) == 0 || c.texts[len(c.texts)-1] != text {
		c.read()
	}
}

// closed reads until the socket is closed and returns the code.
func (c *client) closed() int {
	c.t.Helper()
	for {
		_ = c.ws.SetReadDeadline(time.Now().Add(patience))
		if _, _, err := c.ws.ReadMessage(); err != nil {
			ce, ok := err.(*websocket.CloseError)
			if !ok {
				c.t.Fatalf("%s: ended without a close frame: %v", c.agent, err)
			}
			return ce.Code
		}
	}
}
