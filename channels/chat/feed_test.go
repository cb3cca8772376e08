package chat_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/gorilla/websocket"

	"sportello/channels"
	"sportello/channels/chat"
)

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

// E-24: the lines of a conversation that was merged have one position and come in one part, so that who resumes after it has all of them.
func TestE24LinesOfOnePositionComeTogether(t *testing.T) {
	r := open(t, nil)
	token := r.visit("")
	ack := r.resumed(token).write("uno")
	for i := range 49 {
		r.mem.Write("shop", visitorOf(r), "Bea", fmt.Sprint(i))
	}
	epoch := r.mem.Merge("shop", visitorOf(r))
	r.mem.Write("shop", visitorOf(r), "Bea", "eccomi")
	b := r.tab(token)
	b.say(map[string]any{"t": "resume", "epoch": ack.Epoch, "seq": ack.Seq})
	f := b.hear("lines")
	if !f.Reset || f.Epoch != epoch || len(f.Lines) != 50 || f.Upto != 1 {
		t.Fatalf("reset %v, %d lines up to %d of %s", f.Reset, len(f.Lines), f.Upto, f.Epoch)
	}
	if f = b.hear("lines"); f.Reset || len(f.Lines) != 1 || f.Lines[0].Text != "eccomi" {
		t.Fatalf("%+v", f)
	}
	c := r.tab(token)
	c.say(map[string]any{"t": "resume", "epoch": epoch, "seq": 1})
	if f = c.hear("lines"); f.Reset || len(f.Lines) != 1 {
		t.Fatalf("%+v", f)
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

// Who is connected to this very node gets his line, whatever is known elsewhere.
func TestSendToWhoIsConnectedHere(t *testing.T) {
	r := open(t, nil)
	b := r.resumed(r.visit(""))
	b.write("uno")
	visitor := visitorOf(r)
	if err := r.mem.Gone(t.Context(), "shop", visitor); err != nil { // as after a flush of Redis
		t.Fatal(err)
	}
	if _, err := r.srv.Send(t.Context(), r.mem.Write("shop", visitor, "Bea", "due")); err != nil {
		t.Fatal(err)
	}
	b.hear("lines")
	if f := b.hear("lines"); f.Lines[0].Text != "due" {
		t.Fatalf("line %+v", f)
	}
}

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
