package agentui

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"sportello/agentui/wire"
	"sportello/channels/socket"
	"sportello/inbox"
	"sportello/inbox/db"
	"sportello/inbox/inboxtest"
	"sportello/inbox/journal"
	"sportello/inbox/live"
	"sportello/router/hub"
)

// dial opens the browser's websocket with its cookies.
func (b *browser) dial(header http.Header) (*websocket.Conn, *http.Response, error) {
	b.t.Helper()
	u, err := url.Parse(b.base)
	if err != nil {
		b.t.Fatal(err)
	}
	d := websocket.Dialer{Jar: b.http.Jar}
	ws, res, err := d.Dial("ws://"+u.Host+"/api/socket", header)
	if err == nil {
		b.t.Cleanup(func() { _ = ws.Close() })
	}
	return ws, res, err
}

// screen is what a console shows of one conversation: texts in order, from the snapshot and the feed.
type screen struct {
	b     *browser
	ws    *websocket.Conn
	at    live.Position
	texts []string
}

// open connects at a position.
func (b *browser) open(at live.Position, texts []string) *screen {
	b.t.Helper()
	ws, _, err := b.dial(nil)
	if err != nil {
		b.t.Fatal(err)
	}
	s := &screen{b: b, ws: ws, at: at, texts: texts}
	if err := ws.WriteJSON(hub.Hello{T: hub.FrameHello, Epoch: at.Epoch, Offset: at.Offset}); err != nil {
		b.t.Fatal(err)
	}
	return s
}

// until reads frames until one satisfies.
func (s *screen) until(ok func(kind string) bool) {
	s.b.t.Helper()
	for {
		_ = s.ws.SetReadDeadline(time.Now().Add(patience))
		_, data, err := s.ws.ReadMessage()
		if err != nil {
			s.b.t.Fatal(err)
		}
		var f struct {
			T     string     `json:"t"`
			Reset bool       `json:"reset"`
			Entry live.Entry `json:"entry"`
		}
		if err := json.Unmarshal(data, &f); err != nil {
			s.b.t.Fatal(err)
		}
		if f.T == hub.FrameEntry {
			s.take(f.Entry)
		}
		kind := f.T
		if f.Reset {
			kind = "reset"
		}
		if ok(kind) {
			return
		}
	}
}

func (s *screen) take(e live.Entry) {
	s.b.t.Helper()
	if e.Epoch != s.at.Epoch || e.Offset <= s.at.Offset {
		s.b.t.Errorf("entry %v after %v", e.Position, s.at)
	}
	s.at = e.Position
	var event journal.Event
	var change inbox.Change
	if json.Unmarshal(e.Event, &event) == nil && json.Unmarshal(event.Data, &change) == nil && change.Message != nil {
		s.texts = append(s.texts, change.Message.Text)
	}
}

func (s *screen) hears(text string) {
	s.b.t.Helper()
	if len(s.texts) > 0 && s.texts[len(s.texts)-1] == text {
		return
	}
	s.until(func(string) bool { return len(s.texts) > 0 && s.texts[len(s.texts)-1] == text })
}

func TestSocketIsForOurOwnSignedInPages(t *testing.T) {
	r := newRig(t, inboxtest.SQLite(t))
	if _, res, err := r.browser().dial(nil); err == nil || res == nil || res.StatusCode != 401 {
		t.Errorf("a stranger connects: %v", err)
	}
	b := r.as("anna")
	if _, res, err := b.dial(http.Header{"Origin": {"https://evil.example"}}); err == nil || res == nil || res.StatusCode != 403 {
		t.Errorf("a foreign page connects: %v", err)
	}
	if _, _, err := b.dial(http.Header{"Origin": {b.base}}); err != nil {
		t.Errorf("our own page does not: %v", err)
	}
}

// C18: work, cut, news, return: the screen shows what the record has, once and in order.
func TestC18ScreenEqualsTheRecordAfterACut(t *testing.T) {
	inboxtest.Databases(t, func(t *testing.T, d *db.DB) {
		r := newRig(t, d)
		b := r.as("anna")
		id := r.chat(visitor, "primo")
		r.place(id, "sales")
		r.assign(id, "anna")
		var thread wire.Thread
		if code := b.do("GET", "/api/conversations/"+string(id), nil, &thread); code != 200 {
			t.Fatalf("status %d", code)
		}
		s := b.open(thread.Position, []string{"primo"})
		for n := range 30 {
			r.chat(visitor, fmt.Sprint(n))
			if n%10 == 5 {
				s.hears(fmt.Sprint(n - 1))
				_ = s.ws.Close()
			}
			if n%10 == 8 {
				s = b.open(s.at, s.texts)
			}
		}
		s.hears("29")
		all, err := r.ledger.Messages(t.Context(), id, 0, 100)
		if err != nil {
			t.Fatal(err)
		}
		var want []string
		for _, m := range all {
			want = append(want, m.Text)
		}
		if !slices.Equal(s.texts, want) {
			t.Errorf("screen %v\nrecord %v", s.texts, want)
		}
	})
}

// A flush of Redis: the socket stays, is told to load anew, and goes on.
func TestScreenAfterAFlush(t *testing.T) {
	r := newRig(t, inboxtest.SQLite(t))
	b := r.as("anna")
	id := r.chat(visitor, "primo")
	r.place(id, "sales")
	r.assign(id, "anna")
	var w wire.Work
	if code := b.do("GET", "/api/work", nil, &w); code != 200 {
		t.Fatalf("status %d", code)
	}
	s := b.open(w.Position, nil)
	s.until(func(kind string) bool { return kind == hub.FrameWelcome })
	r.redis.FlushAll()
	s.until(func(kind string) bool { return kind == "reset" })
	if code := b.do("GET", "/api/work", nil, &w); code != 200 || len(w.Mine) != 1 || !w.Me.Connected {
		t.Fatalf("%d %+v", code, w)
	}
	s.at = w.Position
	if err := s.ws.WriteJSON(hub.Hello{T: hub.FrameHello, Epoch: s.at.Epoch, Offset: s.at.Offset}); err != nil {
		t.Fatal(err)
	}
	s.until(func(kind string) bool { return kind == hub.FrameWelcome })
	r.chat(visitor, "dopo")
	s.hears("dopo")
}

func TestSignOutClosesTheSocket(t *testing.T) {
	r := newRig(t, inboxtest.SQLite(t))
	b := r.as("anna")
	s := b.open(live.Position{}, nil)
	s.until(func(kind string) bool { return kind == "reset" })
	if code := b.do("DELETE", "/api/session", nil, nil); code != 204 {
		t.Fatalf("status %d", code)
	}
	_ = s.ws.SetReadDeadline(time.Now().Add(patience))
	for {
		if _, _, err := s.ws.ReadMessage(); err != nil {
			if !websocket.IsCloseError(err, int(socket.Ended)) {
				t.Errorf("closed with %v", err)
			}
			break
		}
	}
}
