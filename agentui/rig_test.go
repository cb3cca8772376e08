package agentui

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"

	"sportello/agentui/session"
	"sportello/agentui/wire"
	"sportello/channels"
	"sportello/inbox"
	"sportello/inbox/blob"
	"sportello/inbox/campaign"
	"sportello/inbox/customer"
	"sportello/inbox/db"
	"sportello/inbox/inboxtest"
	"sportello/inbox/journal"
	"sportello/inbox/live"
	"sportello/router"
	"sportello/router/hub"
	"sportello/router/roster"
	"sportello/router/roster/rostertest"
)

func TestMain(m *testing.M) { inboxtest.Main(m) }

// patience is how long a test waits for what must come.
const patience = 10 * time.Second

// rig is a server with everything to its left but the dispatcher and the router's own loop, so that a test says who gets what.
type rig struct {
	t      *testing.T
	redis  *miniredis.Miniredis
	live   *live.Inbox
	ledger *inbox.Ledger
	outbox *inbox.Outbox
	book   *customer.Book
	roster *roster.Book
	vault  channels.Vault
	leave  *customer.Unsubscriber
	met    *prometheus.Registry
	srv    *httptest.Server
	n      int // of messages written

	server  *Server
	inspect Inspect              // nil: every file may be sent
	retried []channels.AccountID // accounts whose held messages were to be tried again
}

func newRig(t *testing.T, d *db.DB) *rig {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	r := &rig{t: t, redis: inboxtest.MiniRedis(t), vault: blob.Dir(t.TempDir()), met: prometheus.NewRegistry()}
	var err error
	if r.live, err = live.Open(t.Context(), live.Options{Addrs: []string{r.redis.Addr()}}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.live.Close() })
	j := journal.New(d)
	r.book, r.roster = customer.NewBook(d, j, time.Now), roster.NewWeak(d, time.Now)
	r.ledger = inbox.NewLedger(d, j, r.book, inbox.Config{TokenKey: []byte(strings.Repeat("k", 32)), ReopenWithin: 1, MailHold: time.Minute, Accounts: []inbox.Account{
		{ID: "web", Kind: channels.Chat, Name: "Negozio"},
		{ID: "mail", Kind: channels.Email, Address: "aiuto@negozio.example", Name: "Negozio", Domain: "negozio.example"},
	}}, time.Now)
	r.outbox = inbox.NewOutbox(d, j, r.ledger, time.Now)
	rostertest.People(t, r.roster)
	sessions := session.New(d, false, log, time.Now)
	h := hub.New(hub.Options{
		Live: r.live, Roster: r.roster, Origin: SameOrigin(""), Log: log, Now: time.Now, Alive: sessions.Alive,
		Visitor: hub.VisitorOf(r.ledger), Metrics: r.met,
	})
	if r.leave, err = customer.NewUnsubscriber(r.book, make([]byte, 32), "https://help.negozio.example"); err != nil {
		t.Fatal(err)
	}
	rules := router.NewRules(d, j, time.Now)
	s, err := NewServer(Deps{
		Ledger: r.ledger, Book: r.book, Journal: j, Live: r.live, Rules: rules, Roster: r.roster, Hub: h, Sessions: sessions,
		Router: router.New(r.ledger, r.live, rules, router.Config{Node: "test"}, time.Now, log), Vault: r.vault, Unsubscriber: r.leave, Log: log, Now: time.Now,
		Web: front(), Metrics: r.met,
		Original: func(_ context.Context, m inbox.Message) (channels.Inbound, bool, error) {
			return channels.Inbound{From: m.Details.Forward.From, Text: "Dov'è?", Subject: "Ordine 9"}, true, nil
		},
		Inspect: func(ctx context.Context, p channels.Part) (channels.Part, error) {
			if r.inspect == nil {
				return p, nil
			}
			return r.inspect(ctx, p)
		},
		Retry: func(_ context.Context, id channels.AccountID) (bool, error) {
			r.retried = append(r.retried, id)
			return id == "mail", nil
		},
	}, Settings{Lists: []campaign.List{{ID: "news", Name: "Negozio News", Purpose: customer.Marketing}}, Demo: []inbox.AgentID{"bruno"}, Widgets: []string{"https://www.negozio.example"}})
	if err != nil {
		t.Fatal(err)
	}
	if err := r.live.Rebuild(t.Context(), r.ledger); err != nil {
		t.Fatal(err)
	}
	inboxtest.Background(t, live.NewRelay(j, r.live, log).Run)
	inboxtest.Background(t, live.NewGuard(r.live, r.ledger, log).Run)
	stop := inboxtest.Background(t, h.Run)
	r.server = s
	r.srv = httptest.NewServer(s.Handler())
	t.Cleanup(r.srv.Close)
	t.Cleanup(stop) // first: the sockets end by the hub's will
	return r
}

// front is a built front end.
func front() fstest.MapFS {
	file := func(s string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(s)} }
	return fstest.MapFS{
		"index.html": file("<title>console</title>"), "widget.html": file("<title>widget</title>"), "loader/v1.js": file("loader()"),
		"assets/app-1a2b.js": file(strings.Repeat("let a = 1;\n", 500)), "icon.svg": file("<svg/>"), ".gitkeep": file(""),
	}
}

// mail accepts a mail of a customer and returns its conversation and message.
func (r *rig) mail(from, text string, more func(*channels.Inbound)) channels.Accepted {
	r.t.Helper()
	r.n++
	in := channels.Inbound{
		Account: "mail", Kind: channels.Email, External: fmt.Sprint("mail-", r.n), Subject: "Ordine", Text: text, ReceivedAt: time.Now(),
		From: channels.Address{Kind: channels.Email, Value: from, Name: "Cliente"}, Proof: channels.ProofProvider,
		To:     []channels.Address{{Kind: channels.Email, Value: "aiuto@negozio.example"}},
		Thread: channels.Thread{MessageID: fmt.Sprintf("m%d@cliente.example", r.n)},
	}
	if more != nil {
		more(&in)
	}
	got, err := r.ledger.Accept(r.t.Context(), in)
	if err != nil {
		r.t.Fatal(err)
	}
	return got
}

// chat accepts a visitor's message.
func (r *rig) chat(visitor, text string) inbox.ConversationID {
	r.t.Helper()
	r.n++
	got, err := r.ledger.Accept(r.t.Context(), channels.Inbound{
		Account: "web", Kind: channels.Chat, External: fmt.Sprint("chat-", r.n), Text: text, ReceivedAt: time.Now(),
		From: channels.Address{Kind: channels.Chat, Value: visitor}, Proof: channels.ProofDeclared,
	})
	if err != nil {
		r.t.Fatal(err)
	}
	return inbox.ConversationID(got.Conversation)
}

// place puts a conversation into a queue and waits for the live inbox to know.
func (r *rig) place(c inbox.ConversationID, q inbox.QueueID) {
	r.t.Helper()
	if _, err := r.ledger.Place(r.t.Context(), inbox.PlaceCmd{Conversation: c, Queue: q, Priority: 50}); err != nil {
		r.t.Fatal(err)
	}
	r.settled(c)
}

// assign gives a conversation to an agent.
func (r *rig) assign(c inbox.ConversationID, a inbox.AgentID) {
	r.t.Helper()
	if _, err := r.ledger.Assign(r.t.Context(), inbox.AssignCmd{Conversation: c, Agent: a}); err != nil {
		r.t.Fatal(err)
	}
	r.settled(c)
}

// mine is a conversation that an agent has, with one mail.
func (r *rig) mine(a inbox.AgentID, from string) inbox.Conversation {
	r.t.Helper()
	return r.owned(a, r.mail(from, "Dov'è il mio ordine?", nil))
}

// owned gives the conversation of an accepted message to an agent.
func (r *rig) owned(a inbox.AgentID, got channels.Accepted) inbox.Conversation {
	r.t.Helper()
	id := inbox.ConversationID(got.Conversation)
	r.place(id, "sales")
	r.assign(id, a)
	c, err := r.ledger.Conversation(r.t.Context(), id)
	if err != nil {
		r.t.Fatal(err)
	}
	return c
}

// settled waits until the live inbox has what the record has.
func (r *rig) settled(id inbox.ConversationID) {
	r.t.Helper()
	inboxtest.Until(r.t, "the live inbox knows", func() bool {
		want, err := r.ledger.Conversation(r.t.Context(), id)
		if err != nil {
			return false
		}
		have, err := r.live.Conversations(r.t.Context(), []inbox.ConversationID{id})
		return err == nil && len(have) == 1 && have[0].LastSeq == want.LastSeq
	})
}

// browser is one browser, signed in or not.
type browser struct {
	t    *testing.T
	base string
	http *http.Client
	csrf string
	me   wire.Me
}

// browser opens a browser in which nobody is signed in.
func (r *rig) browser() *browser {
	jar, err := cookiejar.New(nil)
	if err != nil {
		r.t.Fatal(err)
	}
	transport := &http.Transport{DisableCompression: true}
	r.t.Cleanup(transport.CloseIdleConnections)
	return &browser{t: r.t, base: r.srv.URL, http: &http.Client{Jar: jar, Transport: transport}}
}

// as opens a browser in which an agent is signed in.
func (r *rig) as(agent string) *browser {
	r.t.Helper()
	b := r.browser()
	if code := b.do("POST", "/api/session", wire.SignIn{Email: rostertest.Email(inbox.AgentID(agent)), Password: rostertest.Password}, &b.me); code != 200 {
		r.t.Fatalf("sign in as %s: %d", agent, code)
	}
	b.csrf = b.me.CSRF
	return b
}

// do sends a request with a JSON body, decodes the answer, and returns its status.
func (b *browser) do(method, path string, body, into any) int {
	b.t.Helper()
	res := b.raw(method, path, body, nil)
	b.decode(res, into)
	return res.StatusCode
}

// decode reads an answer.
func (b *browser) decode(res *http.Response, into any) {
	b.t.Helper()
	defer res.Body.Close()
	data, err := io.ReadAll(res.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	if into != nil {
		if err := json.Unmarshal(data, into); err != nil {
			b.t.Fatalf("%s: %d %s: %v", res.Request.URL.Path, res.StatusCode, data, err)
		}
	}
}

// raw sends a request and returns the answer, whose body the caller closes.
func (b *browser) raw(method, path string, body any, header map[string]string) *http.Response {
	b.t.Helper()
	var payload io.Reader
	if body != nil {
		data, ok := body.([]byte)
		if !ok {
			var err error
			if data, err = json.Marshal(body); err != nil {
				b.t.Fatal(err)
			}
		}
		payload = bytes.NewReader(data)
	}
	req, err := http.NewRequestWithContext(b.t.Context(), method, b.base+path, payload)
	if err != nil {
		b.t.Fatal(err)
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if b.csrf != "" {
		req.Header.Set("X-CSRF-Token", b.csrf)
	}
	for k, v := range header {
		req.Header.Set(k, v)
	}
	res, err := b.http.Do(req)
	if err != nil {
		b.t.Fatal(err)
	}
	return res
}

// text is the body of an answer to GET.
func (b *browser) text(path string) (string, *http.Response) {
	b.t.Helper()
	res := b.raw("GET", path, nil, nil)
	defer res.Body.Close()
	data, err := io.ReadAll(res.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	return string(data), res
}

// newID is a client id.
func newID() string { return uuid.NewString() }
