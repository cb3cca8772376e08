package router

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"testing"
	"time"

	"github.com/google/uuid"
	"go.uber.org/goleak"

	"sportello/channels"
	"sportello/inbox"
	"sportello/inbox/customer"
	"sportello/inbox/db"
	"sportello/inbox/inboxtest"
	"sportello/inbox/journal"
	"sportello/inbox/live"
	"sportello/router/roster"
)

func TestMain(m *testing.M) { inboxtest.Main(m) }

// house is a record, a live inbox and the programs between them.
type house struct {
	*testing.T
	clock   *inboxtest.Clock
	ctx     context.Context
	db      *db.DB
	journal *journal.Journal
	ledger  *inbox.Ledger
	roster  *roster.Book
	rules   *Rules
	live    *live.Inbox
	addr    string
}

// houses runs a test on SQLite with the embedded Redis, and on PostgreSQL with a real one.
func houses(t *testing.T, test func(t *testing.T, h *house)) {
	t.Run("embedded", func(t *testing.T) {
		addr, stop, err := live.Embedded(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(stop)
		test(t, open(t, inboxtest.SQLite(t), addr))
	})
	t.Run("production", func(t *testing.T) {
		test(t, open(t, inboxtest.Postgres(t), inboxtest.Redis(t)))
	})
}

func open(t *testing.T, d *db.DB, addr string) *house {
	t.Helper()
	h := &house{T: t, clock: &inboxtest.Clock{}, db: d, journal: journal.New(d), addr: addr}
	in, err := live.Open(t.Context(), live.Options{Addrs: []string{addr}, Now: h.clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	h.live, h.ctx = in, ctx
	h.ledger = inbox.NewLedger(d, h.journal, customer.NewBook(d, h.journal, h.clock.Now), inbox.Config{
		Accounts: []inbox.Account{{ID: "sito", Kind: channels.Chat}, {ID: "posta", Kind: channels.Email, Address: "aiuto@ditta.example", Domain: "ditta.example"}},
		TokenKey: make([]byte, 32),
	}, h.clock.Now)
	h.roster, h.rules = roster.New(d, h.clock.Now), NewRules(d, h.journal, h.clock.Now)
	for _, q := range queues {
		if _, err := h.roster.AddQueue(ctx, roster.Queue{ID: q, Name: string(q)}); err != nil {
			t.Fatal(err)
		}
		h.clock.Move(time.Millisecond)
	}
	if err := in.Rebuild(ctx, h.ledger); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cancel()
		in.Close()
	})
	inboxtest.Background(t, live.NewRelay(h.journal, in, quiet()).Run)
	inboxtest.Background(t, live.NewGuard(in, h.ledger, quiet()).Run)
	return h
}

func quiet() *slog.Logger { return slog.New(slog.NewTextHandler(io.Discard, nil)) }

// route starts a router; it stops with the test, or when stop is called.
func (h *house) route(node string) (r *Router, stop func()) {
	r = New(h.ledger, h.live, h.rules, Config{Node: node}, h.clock.Now, quiet())
	return r, inboxtest.Background(h, r.Run)
}

// arrives announces an agent who serves both queues.
func (h *house) arrives(id string, capacity int) {
	h.Helper()
	p := live.Profile{ID: inbox.AgentID(id), Name: id, Queues: queues, Factor: 1,
		Capacity: map[channels.Kind]int{channels.Chat: capacity, channels.Email: capacity}}
	if _, err := h.live.Announce(h.ctx, p, live.Available, "", "tab", 24*time.Hour); err != nil {
		h.Fatal(err)
	}
}

// flush empties Redis.
func (h *house) flush() {
	h.Helper()
	conn, err := net.Dial("tcp", h.addr)
	if err != nil {
		h.Fatal(err)
	}
	defer conn.Close()
	answer := make([]byte, 5)
	if _, err = conn.Write([]byte("*1\r\n$8\r\nFLUSHALL\r\n")); err == nil {
		_, err = io.ReadFull(conn, answer)
	}
	if err != nil || string(answer) != "+OK\r\n" {
		h.Fatalf("%q, %v", answer, err)
	}
}

// writes is a message of a new customer.
func (h *house) writes(kind channels.Kind) inbox.ConversationID {
	h.Helper()
	in := channels.Inbound{Account: "sito", Kind: kind, External: uuid.NewString(), Proof: channels.ProofVerified, Text: "Buongiorno",
		From: channels.Address{Kind: kind, Value: fmt.Sprintf("%032x", uuid.New().ID())}, ReceivedAt: h.clock.Now()}
	if kind == channels.Email {
		in.Account, in.From.Value = "posta", uuid.NewString()+"@example.it"
	}
	done, err := h.ledger.Accept(h.ctx, in)
	if err != nil {
		h.Fatal(err)
	}
	return inbox.ConversationID(done.Conversation)
}

// offerTo waits until an agent is offered something.
func (h *house) offerTo(agent inbox.AgentID) live.Offer {
	h.Helper()
	var o *live.Offer
	inboxtest.Until(h, "an offer to "+string(agent), func() bool {
		w, err := h.live.Work(h.ctx, agent)
		if err != nil {
			h.Fatal(err)
		}
		o = w.Offer
		return o != nil
	})
	return *o
}

func (h *house) conversation(id inbox.ConversationID) inbox.Conversation {
	h.Helper()
	c, err := h.ledger.Conversation(h.ctx, id)
	if err != nil {
		h.Fatal(err)
	}
	return c
}

type past struct {
	journal.Event
	inbox.Change
}

// events are those of a conversation that have one of the types.
func (h *house) events(id inbox.ConversationID, types ...journal.Type) []past {
	h.Helper()
	all, err := h.journal.Stream(h.ctx, journal.ConversationStream(string(id)), 0, 1000)
	if err != nil {
		h.Fatal(err)
	}
	var out []past
	for _, e := range all {
		for _, t := range types {
			if e.Type == t {
				p := past{Event: e}
				if err := json.Unmarshal(e.Data, &p.Change); err != nil {
					h.Fatal(err)
				}
				out = append(out, p)
			}
		}
	}
	return out
}

// noLeaks fails the test if it leaves goroutines behind. The servers that all tests share are started before.
func noLeaks(t *testing.T) {
	t.Helper()
	inboxtest.Postgres(t)
	inboxtest.Redis(t)
	ignore := goleak.IgnoreCurrent()
	t.Cleanup(func() { goleak.VerifyNone(t, ignore) })
}
