package chat_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/google/uuid"

	"sportello/channels/chat"
	"sportello/channels/socket"
)

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
