package chat_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/gorilla/websocket"
	"go.uber.org/goleak"

	"sportello/channels"
	"sportello/channels/chat"
	"sportello/channels/chat/chattest"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("net/http.(*persistConn).writeLoop"), goleak.IgnoreAnyFunction("net/http.(*persistConn).readLoop"))
}

// room is a running chat server with everything behind it in memory.
type room struct {
	t   testing.TB
	srv *chat.Server
	url string
	mem *chattest.Memory

	mu     sync.Mutex
	now    time.Time
	claims []channels.Claim
	typing []string
}

const page = "https://www.shop.example"

func secretOf(c string) []byte { return []byte(strings.Repeat(c, 32)) }

// open starts a room; change may alter its settings.
func open(t testing.TB, change func(*chat.Settings)) *room {
	t.Helper()
	r := &room{t: t, now: time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)}
	r.mem = chattest.New(r.clock)
	r.serve(change)
	return r
}

// beside starts another node of the same room, with a clock of its own.
func (r *room) beside() *room {
	r.t.Helper()
	other := &room{t: r.t, now: r.clock(), mem: r.mem}
	other.serve(nil)
	return other
}

// serve starts the room's node.
func (r *room) serve(change func(*chat.Settings)) {
	t := r.t
	t.Helper()
	set := chat.Settings{
		Public: "https://chat.example",
		Accounts: []chat.Account{{
			ID: "shop", Name: "Bottega", Origins: []string{page}, Secrets: [][]byte{secretOf("a")},
			Keys:    []chat.Key{{ID: "k", Alg: "HS256", Secret: secretOf("k")}},
			Welcome: map[string]string{"it": "Ciao", "en": "Hello"},
		}},
	}
	if change != nil {
		change(&set)
	}
	srv, err := chat.New(set, chat.Deps{
		Sink: r.mem, Record: r.mem, Bus: r.mem, Presence: r.mem, Log: slog.New(slog.DiscardHandler), Now: r.clock,
		First: r.mem.First,
		Claim: func(_ context.Context, _ channels.AccountID, _ string, c []channels.Claim) error {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.claims = append(r.claims, c...)
			return nil
		},
		Typing: func(_ channels.AccountID, visitor, conversation string) {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.typing = append(r.typing, conversation)
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	r.srv = srv
	web := httptest.NewServer(srv.Handler())
	r.url = web.URL
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- srv.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		web.Close()
		if n := srv.Sockets(); n != 0 {
			t.Errorf("%d connections after the drain", n)
		}
	})
}

func (r *room) clock() time.Time { r.mu.Lock(); defer r.mu.Unlock(); return r.now }

func (r *room) pass(d time.Duration) { r.mu.Lock(); defer r.mu.Unlock(); r.now = r.now.Add(d) }

// frame is any frame of the server, loosely.
type frame struct {
	T, Token, Epoch, ID, Code, Name string
	Fresh, Open, Reset              bool
	Upto, Seq, Time, Retry          int64
	Lines                           []struct {
		Seq                           int64
		ID, Client, From, Name, State string
		Text                          string
	}
}

// tab is one browser tab.
type tab struct {
	t  testing.TB
	ws *websocket.Conn
}

// visit asks for a visitor token, renewing one if given.
func (r *room) visit(token string) string {
	r.t.Helper()
	status, body := r.post("/chat/shop/visit", page, fmt.Sprintf(`{"token":%q}`, token))
	if status != http.StatusOK {
		r.t.Fatalf("visit: %d %s", status, body)
	}
	var a struct{ Token string }
	if err := json.Unmarshal(body, &a); err != nil {
		r.t.Fatal(err)
	}
	return a.Token
}

func (r *room) post(path, origin, body string) (int, []byte) {
	r.t.Helper()
	req, err := http.NewRequest("POST", r.url+path, strings.NewReader(body))
	if err != nil {
		r.t.Fatal(err)
	}
	req.Header.Set("Origin", origin)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		r.t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	return res.StatusCode, b
}

// dial opens a socket without a word.
func (r *room) dial(origin string) (*tab, *http.Response, error) {
	ws, res, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(r.url, "http")+"/chat/shop/socket", http.Header{"Origin": {origin}})
	if err != nil {
		return nil, res, err
	}
	r.t.Cleanup(func() { _ = ws.Close() })
	return &tab{r.t, ws}, res, nil
}

// tab opens a socket and says hello.
func (r *room) tab(token string) *tab {
	r.t.Helper()
	b, _, err := r.dial(page)
	if err != nil {
		r.t.Fatal(err)
	}
	b.say(map[string]any{"t": "hello", "token": token, "lang": "it-IT"})
	b.hear("welcome")
	return b
}

// resumed opens a tab that has resumed from the start.
func (r *room) resumed(token string) *tab {
	r.t.Helper()
	b := r.tab(token)
	b.say(map[string]any{"t": "resume"})
	b.hear("lines")
	return b
}

func (b *tab) say(v any) {
	b.t.Helper()
	if err := b.ws.WriteJSON(v); err != nil {
		b.t.Fatal(err)
	}
}

// hear reads until a frame of the kind comes; a frame of kind error fails the test unless it is wanted.
func (b *tab) hear(kind string) frame {
	b.t.Helper()
	for {
		_ = b.ws.SetReadDeadline(time.Now().Add(5 * time.Second))
		var f frame
		if err := b.ws.ReadJSON(&f); err != nil {
			b.t.Fatalf("waiting for %s: %v", kind, err)
		}
		if f.T == kind {
			return f
		}
		if f.T == "error" {
			b.t.Fatalf("waiting for %s: error %s", kind, f.Code)
		}
	}
}

// ends reads until the connection ends and returns the close code.
func (b *tab) ends() int {
	b.t.Helper()
	for {
		_ = b.ws.SetReadDeadline(time.Now().Add(5 * time.Second))
		if _, _, err := b.ws.ReadMessage(); err != nil {
			var ce *websocket.CloseError
			if !errors.As(err, &ce) {
				b.t.Fatalf("ended without a close frame: %v", err)
			}
			return ce.Code
		}
	}
}

// write sends a message and waits for its ack.
func (b *tab) write(text string) frame {
	b.t.Helper()
	id := uuid.NewString()
	b.say(map[string]any{"t": "send", "id": id, "text": text})
	f := b.hear("ack")
	if f.ID != id {
		b.t.Fatalf("ack of %s, want %s", f.ID, id)
	}
	return f
}

// until polls with a deadline.
func until(t testing.TB, what string, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(5 * time.Second); !ok(); <-tick.C {
		if time.Now().After(deadline) {
			t.Fatalf("never: %s", what)
		}
	}
}

func visitorOf(r *room) string {
	in := r.mem.Inbound()
	return in[len(in)-1].From.Value
}

func second[A any](_ A, err error) error { return err }
