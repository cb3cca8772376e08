package chat_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/uuid"
	"github.com/gorilla/websocket"
	"go.uber.org/goleak"

	"sportello/channels"
	"sportello/channels/chat"
	"sportello/channels/chat/chattest"
	"sportello/channels/socket"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("net/http.(*persistConn).writeLoop"), goleak.IgnoreAnyFunction("net/http.(*persistConn).readLoop"))
}

// room is a running chat server with everything behind it in memory.
type room struct {
	t   *testing.T
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
func open(t *testing.T, change func(*chat.Settings)) *room {
	t.Helper()
	r := &room{t: t, now: time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)}
	r.mem = chattest.New(r.clock)
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
	return r
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
	t  *testing.T
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
func until(t *testing.T, what string, ok func() bool) {
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

// C-05: the origin is checked before anything else, on every way in.
func TestC05OriginAllowList(t *testing.T) {
	r := open(t, nil)
	for origin, want := range map[string]bool{
		page: true, "https://chat.example": true, "HTTPS://WWW.shop.example": true,
		"https://www.shop.example.evil": false, "http://www.shop.example": false, "null": false, "": false,
	} {
		_, res, err := r.dial(origin)
		if (err == nil) != want || (!want && res.StatusCode != http.StatusForbidden) {
			t.Errorf("socket from %q: %v", origin, err)
		}
		if status, _ := r.post("/chat/shop/visit", origin, ""); (status == http.StatusOK) != want {
			t.Errorf("visit from %q: %d", origin, status)
		}
	}
	if status, _ := r.post("/chat/nobody/visit", page, ""); status != http.StatusNotFound {
		t.Errorf("unknown account: %d", status)
	}
}

// C-01: no token, no talk.
func TestC01HelloNeedsAToken(t *testing.T) {
	r := open(t, nil)
	for _, first := range []string{
		`{"t":"hello","token":"x"}`, `{"t":"hello"}`, `{"t":"send","id":"x","text":"x"}`, `{"t":"resume"}`, `{"t":"identify","jwt":"x"}`,
	} {
		b, _, err := r.dial(page)
		if err != nil {
			t.Fatal(err)
		}
		if err := b.ws.WriteMessage(websocket.TextMessage, []byte(first)); err != nil {
			t.Fatal(err)
		}
		if code := b.ends(); code != int(socket.Unauthorized) {
			t.Errorf("%s: closed with %d", first, code)
		}
	}
}

// C-01: a visit is renewed under the same id, and a worthless token becomes a new visit.
func TestC01VisitIsRenewed(t *testing.T) {
	r := open(t, nil)
	token := r.visit("")
	r.resumed(token).write("uno")
	first := visitorOf(r)
	r.pass(25 * 24 * time.Hour)
	again := r.visit(token)
	if again == token {
		t.Error("not renewed")
	}
	r.pass(10 * 24 * time.Hour) // the first has expired
	b := r.tab(again)
	if f := b.hear("visit"); f.Token == again || f.Fresh {
		t.Errorf("hello did not renew an old token: %+v", f)
	}
	b.say(map[string]any{"t": "resume"})
	if f := b.hear("lines"); len(f.Lines) != 1 || f.Lines[0].Text != "uno" {
		t.Errorf("lines after renewal: %+v", f)
	}
	r.resumed(r.visit(token)).write("due")
	if visitorOf(r) == first {
		t.Error("an expired token opened the old visit")
	}
}

// Promise 1 and C-07: committed, then acknowledged; the same client id again gets the same ack and changes nothing.
func TestC07AckFollowsTheCommitAndRepeatsAreHarmless(t *testing.T) {
	r := open(t, nil)
	b := r.resumed(r.visit(""))
	id := uuid.NewString()
	r.mem.Refuse(errors.New("disk full"))
	b.say(map[string]any{"t": "send", "id": id, "text": "ciao"})
	if f := b.hear("error"); f.Code != "store" || f.ID != id || f.Retry <= 0 {
		t.Fatalf("answer while the record is down: %+v", f)
	}
	r.mem.Refuse(nil)
	b.say(map[string]any{"t": "send", "id": id, "text": "ciao"})
	first := b.hear("ack")
	b.say(map[string]any{"t": "send", "id": strings.ToUpper(id), "text": "ciao"})
	second := b.hear("ack")
	if first.Seq != 1 || first.Epoch == "" || second.Seq != first.Seq || second.Epoch != first.Epoch || first.Time == 0 {
		t.Fatalf("acks %+v, %+v", first, second)
	}
	in := r.mem.Inbound()
	if len(in) != 1 || in[0].External != in[0].From.Value+":"+id || in[0].Kind != channels.Chat || in[0].Proof != channels.ProofVerified ||
		in[0].Locale != "it-IT" || in[0].Text != "ciao" {
		t.Fatalf("accepted %+v", in)
	}
}

func TestC07OrderOfOneSenderIsKept(t *testing.T) {
	r := open(t, func(s *chat.Settings) { s.Limits.Messages = 100 })
	b := r.resumed(r.visit(""))
	for i := range 50 {
		b.say(map[string]any{"t": "send", "id": uuid.NewString(), "text": fmt.Sprint(i)})
	}
	for i := range 50 {
		if f := b.hear("ack"); f.Seq != int64(i+1) {
			t.Fatalf("ack %d has seq %d", i, f.Seq)
		}
	}
	for i, in := range r.mem.Inbound() {
		if in.Text != fmt.Sprint(i) {
			t.Fatalf("message %d is %q", i, in.Text)
		}
	}
}

// C-06: a tab that was away gets exactly the gap; a wrong epoch or a position from elsewhere is answered by a snapshot.
func TestC06ResumeReplaysTheGapOrResets(t *testing.T) {
	r := open(t, nil)
	token := r.visit("")
	b := r.resumed(token)
	ack := b.write("uno")
	_ = b.ws.Close()
	visitor := visitorOf(r)
	r.mem.Write("shop", visitor, "Bea", "due")
	r.mem.Write("shop", visitor, "Bea", "tre")
	for _, tt := range []struct {
		epoch string
		seq   int64
		reset bool
		lines int
	}{
		{ack.Epoch, ack.Seq, false, 2}, {ack.Epoch, 5, false, 0}, {"", 0, true, 3}, {"c999", 4, true, 3}, {ack.Epoch, 99, true, 3}, {ack.Epoch, -5, false, 3},
	} {
		c := r.tab(token)
		c.say(map[string]any{"t": "resume", "epoch": tt.epoch, "seq": tt.seq})
		f := c.hear("lines")
		if f.Reset != tt.reset || len(f.Lines) != tt.lines || f.Upto != 5 || f.Epoch != ack.Epoch || !f.Open {
			t.Errorf("resume %s/%d: %+v", tt.epoch, tt.seq, f)
		}
		_ = c.ws.Close()
	}
}

// C-06: a lost push is a delay, never a gap.
func TestC06LostPushIsNotAGap(t *testing.T) {
	r := open(t, nil)
	b := r.resumed(r.visit(""))
	b.write("uno")
	b.hear("lines")
	visitor := visitorOf(r)
	lost := r.mem.Write("shop", visitor, "Bea", "due")
	r.mem.Deaf(true)
	if _, err := r.srv.Send(context.Background(), lost); err != nil {
		t.Fatal(err)
	}
	r.mem.Deaf(false)
	if _, err := r.srv.Send(context.Background(), r.mem.Write("shop", visitor, "Bea", "tre")); err != nil {
		t.Fatal(err)
	}
	f := b.hear("lines")
	if len(f.Lines) != 2 || f.Lines[0].Text != "due" || f.Lines[1].Text != "tre" || f.Upto != 5 {
		t.Fatalf("lines %+v", f)
	}
	// And with nothing after it, it is found when the browser answers the next heartbeat.
	r.mem.Write("shop", visitor, "Bea", "quattro")
	r.pass(2 * time.Minute)
	b.say(map[string]any{"t": "beat", "seq": f.Upto})
	if f := b.hear("lines"); len(f.Lines) != 1 || f.Lines[0].Text != "quattro" {
		t.Fatalf("lines %+v", f)
	}
}

// An agent's line that passed the gate after a later one still arrives.
func TestC06LateLineArrives(t *testing.T) {
	r := open(t, nil)
	b := r.resumed(r.visit(""))
	b.write("uno")
	b.hear("lines")
	late := r.mem.Write("shop", visitorOf(r), "Bea", "due")
	late.Seq, late.Message, late.ID = 1, "late", "late-row" // before what the browser has
	if _, err := r.srv.Send(context.Background(), late); err != nil {
		t.Fatal(err)
	}
	if f := b.hear("lines"); len(f.Lines) != 1 || f.Lines[0].ID != "late" || f.Upto != 1 {
		t.Fatalf("lines %+v", f)
	}
}

func TestC06LongTalkComesInParts(t *testing.T) {
	r := open(t, nil)
	token := r.visit("")
	r.resumed(token).write("uno")
	for i := range 99 {
		r.mem.Write("shop", visitorOf(r), "Bea", fmt.Sprint(i))
	}
	b := r.tab(token)
	b.say(map[string]any{"t": "resume"})
	var got []int64
	for part := 0; len(got) < 100; part++ {
		f := b.hear("lines")
		if f.Reset != (part == 0) || f.Upto != f.Lines[len(f.Lines)-1].Seq {
			t.Fatalf("part %d: reset %v upto %d", part, f.Reset, f.Upto)
		}
		for _, l := range f.Lines {
			got = append(got, l.Seq)
		}
	}
	if !slices.IsSorted(got) || len(got) != 100 {
		t.Fatalf("positions %v", got)
	}
}

// C-08: all tabs show the same, without a reset; the sender knows his own line by its client id.
func TestC08TabsShareOneTalk(t *testing.T) {
	r := open(t, nil)
	token := r.visit("")
	a, b := r.resumed(token), r.resumed(token)
	ack := a.write("ciao")
	for _, tab := range []*tab{a, b} {
		f := tab.hear("lines")
		if len(f.Lines) != 1 || f.Lines[0].Client != ack.ID || f.Lines[0].Text != "ciao" {
			t.Errorf("lines %+v", f)
		}
	}
}

// C-01: one visitor never hears another.
func TestC01VisitorsAreApart(t *testing.T) {
	r := open(t, nil)
	a, b := r.resumed(r.visit("")), r.resumed(r.visit(""))
	a.write("segreto")
	b.write("mio")
	f := b.hear("lines")
	if len(f.Lines) != 1 || f.Lines[0].Text != "mio" {
		t.Fatalf("the other visitor hears %+v", f)
	}
}

// The Sender: gone is temporary, sent is settled by the widget as delivered and read, once each.
func TestSendAndReceipts(t *testing.T) {
	r := open(t, nil)
	ctx := context.Background()
	token := r.visit("")
	b := r.resumed(token)
	b.write("uno")
	visitor := visitorOf(r)
	out := r.mem.Write("shop", visitor, "Bea", "due")
	sent, err := r.srv.Send(ctx, out)
	if err != nil || sent.State != channels.StateSent {
		t.Fatalf("send: %+v, %v", sent, err)
	}
	b.hear("lines")
	f := b.hear("lines")
	if f.Lines[0].From != "agent" || f.Lines[0].Name != "Bea" {
		t.Fatalf("line %+v", f)
	}
	for _, say := range []string{"ack", "ack", "read", "read", "ack"} {
		b.say(map[string]any{"t": say, "seq": f.Upto})
	}
	b.write("fatto") // everything before it has been handled
	want := []channels.State{channels.StateDelivered, channels.StateRead}
	var got []channels.State
	for _, rc := range r.mem.Receipts() {
		if rc.OutboxID != out.ID || rc.Account != "shop" {
			t.Errorf("receipt %+v", rc)
		}
		got = append(got, rc.State)
	}
	if !slices.Equal(got, want) {
		t.Fatalf("settled %v, want %v", got, want)
	}
	_ = b.ws.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(1000, ""), time.Now().Add(time.Second))
	b.ends()
	until(t, "gone", func() bool { here, _ := r.mem.Present(ctx, "shop", visitor); return !here })
	_, err = r.srv.Send(ctx, out)
	if f := channels.AsFault(err); f == nil || f.Class != channels.Temporary || f.Code != channels.CodeGone {
		t.Fatalf("send to nobody: %v", err)
	}
	out.To[0].Value = "x"
	if f := channels.AsFault(second(r.srv.Send(ctx, out))); f == nil || f.Class != channels.Permanent {
		t.Fatalf("send to no visitor: %v", f)
	}
}

func second[A any](_ A, err error) error { return err }

// C-10: what was delivered before a reconnect can still be read after it.
func TestC10ReadAfterReconnect(t *testing.T) {
	r := open(t, nil)
	token := r.visit("")
	b := r.resumed(token)
	b.write("uno")
	out := r.mem.Write("shop", visitorOf(r), "Bea", "due")
	_ = b.ws.Close()
	b = r.tab(token)
	b.say(map[string]any{"t": "resume", "epoch": out.Conversation, "seq": out.Seq, "read": 1})
	if f := b.hear("lines"); len(f.Lines) != 0 || f.Upto != out.Seq {
		t.Fatalf("sent again: %+v", f)
	}
	b.say(map[string]any{"t": "read", "seq": out.Seq})
	until(t, "read", func() bool {
		return slices.ContainsFunc(r.mem.Receipts(), func(rc channels.Receipt) bool { return rc.OutboxID == out.ID && rc.State == channels.StateRead })
	})
}

// A multi-tab visitor is gone only when his last tab is.
func TestPresenceCountsTabs(t *testing.T) {
	r := open(t, nil)
	token := r.visit("")
	a, b := r.resumed(token), r.resumed(token)
	a.write("x")
	visitor := visitorOf(r)
	_ = a.ws.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(1000, ""), time.Now().Add(time.Second))
	until(t, "one tab left", func() bool { return r.srv.Sockets() == 1 })
	if here, _ := r.mem.Present(context.Background(), "shop", visitor); !here {
		t.Fatal("gone with a tab open")
	}
	b.say(map[string]any{"t": "beat"})
	b.write("y")
}

// C-09: typing goes both ways, throttled on the way in.
func TestC09Typing(t *testing.T) {
	r := open(t, nil)
	b := r.resumed(r.visit(""))
	b.say(map[string]any{"t": "typing"}) // no conversation yet: nobody to tell
	ack := b.write("x")
	for range 5 {
		b.say(map[string]any{"t": "typing"})
	}
	b.write("y")
	r.mu.Lock()
	got := slices.Clone(r.typing)
	r.mu.Unlock()
	if !slices.Equal(got, []string{ack.Epoch}) {
		t.Fatalf("typing told %v", got)
	}
	for _, p := range []chat.Push{{Kind: chat.PushTyping, Epoch: ack.Epoch, Name: "Bea"}, {Kind: chat.PushSeen, Epoch: ack.Epoch, Seq: 2}} {
		if err := chat.Publish(context.Background(), r.mem, "shop", visitorOf(r), p); err != nil {
			t.Fatal(err)
		}
	}
	if f := b.hear("typing"); f.Name != "Bea" {
		t.Errorf("typing %+v", f)
	}
	if f := b.hear("seen"); f.Seq != 2 {
		t.Errorf("seen %+v", f)
	}
}

func (r *room) jwt(change jwt.MapClaims) string {
	c := jwt.MapClaims{"sub": "u1", "aud": "shop", "iat": r.clock().Unix(), "exp": r.clock().Add(time.Hour).Unix(), "jti": uuid.NewString(),
		"name": "Anna", "email": "anna@example.it"}
	for k, v := range change {
		c[k] = v
	}
	s, err := jwt.NewWithClaims(jwt.SigningMethodHS256, c).SignedString(secretOf("k"))
	if err != nil {
		r.t.Fatal(err)
	}
	return s
}

// C-02: an identity token verifies; the visit is bound to its person from then on.
func TestC02Identify(t *testing.T) {
	r := open(t, nil)
	b := r.resumed(r.visit(""))
	b.write("anonimo")
	b.say(map[string]any{"t": "identify", "jwt": "rubbish"})
	if f := b.hear("error"); f.Code != "identity" {
		t.Fatalf("rubbish: %+v", f)
	}
	proof := r.jwt(nil)
	b.say(map[string]any{"t": "identify", "jwt": proof})
	bound := b.hear("visit")
	if f := b.hear("identified"); f.Name != "Anna" || bound.Fresh {
		t.Fatalf("identified %+v, %+v", f, bound)
	}
	if r.claims[0].Address.Value != "anna@example.it" || r.claims[0].Proof != channels.ProofVerified {
		t.Fatalf("claims %+v", r.claims)
	}
	b.write("sono Anna")
	in := r.mem.Inbound()
	if last := in[1]; last.From.Value != in[0].From.Value || last.From.Name != "Anna" || len(last.Claims) != 1 || last.Meta["subject"] != "u1" {
		t.Fatalf("accepted %+v", in[1])
	}

	// The bound visit alone opens nothing: somebody else may sit there now.
	c := r.tab(bound.Token)
	c.say(map[string]any{"t": "resume"})
	if f := c.hear("error"); f.Code != "identify_first" {
		t.Fatalf("bound visit without proof: %+v", f)
	}
	c.say(map[string]any{"t": "identify", "jwt": proof}) // the same browser may show it again
	c.hear("identified")
	c.say(map[string]any{"t": "resume"})
	if f := c.hear("lines"); len(f.Lines) != 2 {
		t.Fatalf("own lines %+v", f)
	}

	// Another person on the same browser gets a visit of his own.
	d := r.tab(bound.Token)
	d.say(map[string]any{"t": "identify", "jwt": r.jwt(jwt.MapClaims{"sub": "u2"})})
	fresh := d.hear("visit")
	if code := d.ends(); !fresh.Fresh || code != int(socket.Unauthorized) {
		t.Fatalf("another person: %+v, %d", fresh, code)
	}
	e := r.tab(fresh.Token)
	e.say(map[string]any{"t": "identify", "jwt": r.jwt(jwt.MapClaims{"sub": "u2"})})
	e.hear("identified")
	e.say(map[string]any{"t": "resume"})
	if f := e.hear("lines"); len(f.Lines) != 0 {
		t.Fatalf("the former's lines: %+v", f)
	}

	// A stolen token is worth nothing on another browser.
	g := r.tab(r.visit(""))
	g.say(map[string]any{"t": "identify", "jwt": proof})
	if f := g.hear("error"); f.Code != "identity" {
		t.Fatalf("replayed: %+v", f)
	}
}

// C-03: verified only is enforced by the server for every frame.
func TestC03VerifiedOnly(t *testing.T) {
	r := open(t, func(s *chat.Settings) { s.Accounts[0].VerifiedOnly = true })
	b := r.tab(r.visit(""))
	for _, f := range []map[string]any{
		{"t": "resume"}, {"t": "send", "id": uuid.NewString(), "text": "x"}, {"t": "contact", "email": "a@b.it"}, {"t": "typing"}, {"t": "read", "seq": 1}, {"t": "ack", "seq": 1},
	} {
		b.say(f)
		if got := b.hear("error"); got.Code != "identify_first" {
			t.Errorf("%v: %+v", f, got)
		}
	}
	b.say(map[string]any{"t": "identify", "jwt": r.jwt(nil)})
	b.hear("identified")
	b.say(map[string]any{"t": "resume"})
	b.hear("lines")
	b.write("ora sì")
}

// C-03: a typed address is declared and no more; the last one of a kind counts.
func TestC03ContactIsDeclared(t *testing.T) {
	r := open(t, nil)
	b := r.resumed(r.visit(""))
	b.say(map[string]any{"t": "contact", "email": "tyop@example.it", "name": " Anna\nRossi "})
	b.hear("contact")
	b.write("uno")
	b.say(map[string]any{"t": "contact", "email": "Typo@Example.it", "phone": "333 123 4567"})
	b.hear("contact")
	b.write("due")
	in := r.mem.Inbound()
	if len(in[0].Claims) != 1 || in[0].From.Name != "Anna Rossi" || len(in[1].Claims) != 2 || len(r.claims) != 2 {
		t.Fatalf("claims %+v, %+v, at once %+v", in[0].Claims, in[1].Claims, r.claims)
	}
	for _, c := range in[1].Claims {
		if c.Proof != channels.ProofDeclared || (c.Address.Value != "typo@example.it" && c.Address.Value != "+393331234567") {
			t.Errorf("claim %+v", c)
		}
	}
	for _, bad := range []map[string]any{{"t": "contact"}, {"t": "contact", "email": "x"}, {"t": "contact", "email": "a@b.it", "phone": "1"}} {
		b.say(bad)
		if f := b.hear("error"); f.Code != "contact" {
			t.Errorf("%v: %+v", bad, f)
		}
	}
}

// C-21, C-05: floods are told to slow down and nothing of them is stored; connections are capped.
func TestC21Limits(t *testing.T) {
	r := open(t, func(s *chat.Settings) {
		s.Limits.Messages, s.Limits.PerVisitor, s.Limits.PerIP, s.Limits.TextRunes = 2, 2, 3, 10
	})
	token := r.visit("")
	b := r.resumed(token)
	b.write("1")
	b.write("2")
	b.say(map[string]any{"t": "send", "id": uuid.NewString(), "text": "3"})
	if f := b.hear("error"); f.Code != "slow_down" || f.Retry != 1000 {
		t.Fatalf("flood: %+v", f)
	}
	r.pass(time.Second)
	b.write("3")
	for text, code := range map[string]string{"12345678901": "too_long", " \n": "empty"} {
		b.say(map[string]any{"t": "send", "id": uuid.NewString(), "text": text})
		if f := b.hear("error"); f.Code != code {
			t.Errorf("%q: %+v", text, f)
		}
	}
	b.say(map[string]any{"t": "send", "id": "__proto__", "text": "x"})
	if f := b.hear("error"); f.Code != "bad_frame" {
		t.Errorf("bad id: %+v", f)
	}
	b.say(map[string]any{"t": "dance"})
	if f := b.hear("error"); f.Code != "bad_frame" {
		t.Errorf("unknown kind: %+v", f)
	}
	r.resumed(token)
	third, _, err := r.dial(page)
	if err != nil {
		t.Fatal(err)
	}
	third.say(map[string]any{"t": "hello", "token": token})
	if code := third.ends(); code != int(socket.Limited) {
		t.Errorf("third tab: %d", code)
	}
	until(t, "third gone", func() bool { return r.srv.Sockets() == 2 })
	if _, _, err := r.dial(page); err != nil {
		t.Fatal(err)
	}
	if _, res, err := r.dial(page); err == nil || res.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("fourth connection of one address: %v", err)
	}
	if n := len(r.mem.Inbound()); n != 3 {
		t.Errorf("%d messages stored", n)
	}
}

func TestC21VisitsAreLimited(t *testing.T) {
	r := open(t, func(s *chat.Settings) { s.Limits.VisitsPerMin = 2 })
	r.visit("")
	r.visit("")
	if status, _ := r.post("/chat/shop/visit", page, ""); status != http.StatusTooManyRequests {
		t.Fatalf("third visit: %d", status)
	}
}

// C-05: a drain is announced to every visitor, and no one is let in meanwhile.
func TestC05Drain(t *testing.T) {
	r := open(t, nil)
	token := r.visit("")
	b := r.resumed(token)
	ctx, stop := context.WithCancel(context.Background())
	stop()
	code := make(chan int, 1)
	go func() { code <- b.ends() }()
	if err := r.srv.Run(ctx); err != nil {
		t.Fatal(err)
	}
	if c := <-code; c != int(socket.Drain) {
		t.Fatalf("closed with %d", c)
	}
	if _, res, err := r.dial(page); err == nil || res.StatusCode != http.StatusServiceUnavailable {
		t.Fatalf("let in while draining: %v", err)
	}
}

func TestConfigTellsNoSecret(t *testing.T) {
	r := open(t, nil)
	res, err := http.Get(r.url + "/chat/shop/config")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, _ := io.ReadAll(res.Body)
	if !bytes.Contains(body, []byte(`"name":"Bottega"`)) || bytes.Contains(body, secretOf("a")) || bytes.Contains(body, secretOf("k")) {
		t.Fatalf("config %s", body)
	}
}

// A returning visitor's number, without a connection; a visit that belongs to a person tells nothing.
func TestUnreadForTheEmbeddingPage(t *testing.T) {
	r := open(t, nil)
	token := r.visit("")
	b := r.resumed(token)
	ack := b.write("uno")
	r.mem.Write("shop", visitorOf(r), "Bea", "due")
	r.mem.Write("shop", visitorOf(r), "Bea", "tre")
	count := func(token, epoch string, seq int) string {
		t.Helper()
		status, body := r.post("/chat/shop/unread", page, fmt.Sprintf(`{"token":%q,"epoch":%q,"seq":%d}`, token, epoch, seq))
		if status != http.StatusOK {
			t.Fatalf("unread: %d %s", status, body)
		}
		return strings.TrimSpace(string(body))
	}
	for _, tt := range []struct {
		token, epoch string
		seq          int
		want         string
	}{
		{token, ack.Epoch, 1, `{"unread":2}`}, {token, ack.Epoch, 3, `{"unread":1}`}, {token, ack.Epoch, 5, `{"unread":0}`},
		{token, "c999", 5, `{"unread":2}`}, {r.visit(""), "", 0, `{"unread":0}`}, {"rubbish", ack.Epoch, 0, `{"unread":0}`},
	} {
		if got := count(tt.token, tt.epoch, tt.seq); got != tt.want {
			t.Errorf("%s/%d: %s, want %s", tt.epoch, tt.seq, got, tt.want)
		}
	}
	b.say(map[string]any{"t": "identify", "jwt": r.jwt(nil)})
	if got := count(b.hear("visit").Token, ack.Epoch, 1); got != `{"unread":0}` {
		t.Errorf("a bound visit: %s", got)
	}
	if status, _ := r.post("/chat/shop/unread", "https://evil.example", "{}"); status != http.StatusForbidden {
		t.Errorf("another page: %d", status)
	}
}
