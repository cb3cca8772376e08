package chat_test

import (
	"testing"
	"time"
	"unicode/utf8"

	"github.com/gorilla/websocket"

	"sportello/channels/chat"
	"sportello/channels/socket"
)

// FuzzInboundFrame sends whatever strangers send after a good hello: the connection either goes on or ends by name, and the server lives.
func FuzzInboundFrame(f *testing.F) {
	for _, s := range []string{
		`{"t":"hello","token":"x"}`, `{"t":"resume","epoch":"c1","seq":-1,"read":9223372036854775807}`, `{"t":"send","id":"__proto__","text":"x"}`,
		`{"t":"send","id":"f47ac10b-58cc-4372-a567-0e02b2c3d479","text":"\u0000\ud800"}`, `{"t":"contact","email":"a@b.it","phone":"+39"}`,
		`{"t":"identify","jwt":"a.b.c"}`, `{"t":"ack","seq":1e3}`, `{"t":"read","seq":9}`, `{"t":"beat"}`, `{"t":"typing"}`, `{}`, `[]`, `null`, `"`, `{"t":{"t":1}}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) == 0 || len(data) > 64<<10 || !utf8.Valid(data) {
			return
		}
		r := open(t, func(s *chat.Settings) { s.Limits.VisitsPerMin = 1000 })
		b := r.tab(r.visit(""))
		if err := b.ws.WriteMessage(websocket.TextMessage, data); err != nil {
			t.Fatal(err)
		}
		b.say(map[string]any{"t": "dance"}) // answered by an error if the connection goes on
		for {
			_ = b.ws.SetReadDeadline(time.Now().Add(5 * time.Second))
			var got frame
			err := b.ws.ReadJSON(&got)
			if websocket.IsCloseError(err, int(socket.Protocol), int(socket.Unauthorized), int(socket.Limited)) || got.Code == "bad_frame" {
				return
			}
			if err != nil {
				t.Fatalf("after %q: %v", data, err)
			}
		}
	})
}
