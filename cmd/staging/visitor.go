package staging

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/gorilla/websocket"

	"sportello/channels"
	"sportello/channels/pause"
)

// A visitor who hears nothing for visitorSilence, or whose message is not confirmed within it, gives the connection up and comes again.
const visitorSilence = 12 * time.Second

// visitor is a person on a website, as the widget speaks for him: he comes again for ever, says again what was not confirmed, and knows a
// line by its id.
type visitor struct {
	base string // http://host:port
	name string
	book *book

	token string // of the visit; "" before the first
	n     int    // messages said
	lost  time.Time

	mu    sync.Mutex // guards writes and what follows
	conn  *websocket.Conn
	epoch string
	seq   int64
	next  *pending          // said and not confirmed
	lines map[string]string // agents' lines: text by id
}

// pending is a message that the gateway has not confirmed.
type pending struct {
	id, text string
	at       time.Time // of the last try
	done     chan struct{}
}

// visitorFrame is any frame of the wire of channels/chat.
type visitorFrame struct {
	T     string `json:"t"`
	Token string `json:"token,omitempty"`
	ID    string `json:"id,omitempty"`
	Text  string `json:"text,omitempty"`
	Lang  string `json:"lang,omitempty"`
	Epoch string `json:"epoch,omitempty"`
	Seq   int64  `json:"seq,omitempty"`
	Upto  int64  `json:"upto,omitempty"`
	Code  string `json:"code,omitempty"`
	Retry int64  `json:"retry,omitempty"`
	Reset bool   `json:"reset,omitempty"`
	Lines []struct {
		Seq  int64  `json:"seq"`
		ID   string `json:"id"`
		From string `json:"from"`
		Text string `json:"text"`
	} `json:"lines,omitempty"`
}

// run keeps the visitor connected until ctx ends.
func (v *visitor) run(ctx context.Context) {
	for wait := 100 * time.Millisecond; ctx.Err() == nil; wait = min(2*wait, 2*time.Second) {
		if v.session(ctx) {
			wait = 100 * time.Millisecond
		}
		if v.lost.IsZero() {
			v.lost = time.Now()
		}
		pause.For(ctx, wait/2+rand.N(wait))
	}
}

// talk says one message after the other, each when the one before was confirmed, until ctx ends.
func (v *visitor) talk(ctx context.Context, every time.Duration) {
	for pause.For(ctx, every/2+rand.N(every)) {
		v.n++
		p := &pending{id: uuid.NewString(), text: v.book.say(channels.Chat, v.name, v.n), done: make(chan struct{})}
		v.mu.Lock()
		v.next = p
		v.mu.Unlock()
		v.push()
		<-p.done
	}
}

// push says what is not confirmed, if there is a chat.
func (v *visitor) push() {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.next == nil || v.conn == nil {
		return
	}
	v.next.at = time.Now()
	_ = v.write(v.conn, visitorFrame{T: "send", ID: v.next.id, Text: v.next.text}) // a broken connection is found by its reader
}

// session is one connection. It reports whether there was a chat on it.
func (v *visitor) session(ctx context.Context) (was bool) {
	if v.token == "" && v.enter(ctx) != nil {
		return false
	}
	dialer := websocket.Dialer{HandshakeTimeout: 5 * time.Second}
	conn, res, err := dialer.DialContext(ctx, "ws"+v.base[len("http"):]+"/chat/"+chatAccount+"/socket", http.Header{"Origin": {website}})
	if res != nil && res.Body != nil {
		_ = res.Body.Close()
	}
	if err != nil {
		return false
	}
	defer conn.Close() //nolint:errcheck // it is over
	defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
	defer func() {
		v.mu.Lock()
		v.conn = nil
		v.mu.Unlock()
	}()
	v.mu.Lock()
	hello := []visitorFrame{{T: "hello", Token: v.token, Lang: "it"}, {T: "resume", Epoch: v.epoch, Seq: v.seq}}
	v.mu.Unlock()
	for _, f := range hello {
		if v.write(conn, f) != nil {
			return false
		}
	}
	for {
		var f visitorFrame
		if conn.SetReadDeadline(time.Now().Add(visitorSilence)) != nil || conn.ReadJSON(&f) != nil {
			return was
		}
		if v.stuck() {
			return was
		}
		if f.T == "lines" && !was {
			was = true
			v.resume(conn)
		}
		if !v.handle(conn, f) {
			return was
		}
	}
}

// resume makes a connection the visitor's.
func (v *visitor) resume(conn *websocket.Conn) {
	if !v.lost.IsZero() {
		v.book.resumed(time.Since(v.lost))
		v.lost = time.Time{}
	}
	v.mu.Lock()
	v.conn = conn
	v.mu.Unlock()
	v.push()
}

// stuck reports whether a message was neither confirmed nor refused in time, on a connection that lives: the gateway owes an answer.
func (v *visitor) stuck() bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.next == nil || v.next.at.IsZero() || v.conn == nil || time.Since(v.next.at) <= visitorSilence {
		return false
	}
	v.book.fault("%q was neither confirmed nor refused for %s on a connection that lives", v.next.text, visitorSilence)
	return true
}

func (v *visitor) enter(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, visitorSilence)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, v.base+"/chat/"+chatAccount+"/visit", bytes.NewReader([]byte("{}")))
	if err != nil {
		return err
	}
	req.Header.Set("Origin", website)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close() //nolint:errcheck // it was read
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("visit answers %s", res.Status)
	}
	var answer struct{ Token string }
	if err := json.NewDecoder(io.LimitReader(res.Body, 64<<10)).Decode(&answer); err != nil {
		return err
	}
	if answer.Token == "" {
		return errors.New("visit answers without a token")
	}
	v.token = answer.Token
	return nil
}

// write sends a frame. The caller holds mu, or conn is not the visitor's yet.
func (v *visitor) write(conn *websocket.Conn, f visitorFrame) error {
	if err := conn.SetWriteDeadline(time.Now().Add(5 * time.Second)); err != nil {
		return err
	}
	return conn.WriteJSON(f)
}

// handle takes a frame of the gateway. It reports false when the connection is of no more use.
func (v *visitor) handle(conn *websocket.Conn, f visitorFrame) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	switch f.T {
	case "visit":
		v.token = f.Token
	case "ack":
		if v.next != nil && v.next.id == f.ID {
			v.book.taken(v.next.text)
			close(v.next.done)
			v.next = nil
		}
		if v.epoch == "" {
			v.epoch = f.Epoch
		}
	case "error":
		if v.next != nil && v.next.id == f.ID && f.Retry > 0 {
			time.AfterFunc(time.Duration(f.Retry)*time.Millisecond, v.push)
			return true
		}
		v.book.fault("%s is refused: %s", v.name, f.Code)
		return false
	case "beat":
		return v.write(conn, visitorFrame{T: "beat", Seq: v.seq}) == nil
	case "lines":
		v.take(f)
		return v.write(conn, visitorFrame{T: "ack", Seq: v.seq}) == nil
	}
	return true
}

// take shows lines. The caller holds mu.
func (v *visitor) take(f visitorFrame) {
	if f.Reset || f.Epoch != v.epoch {
		v.seq = 0
	}
	v.epoch, v.seq = f.Epoch, max(v.seq, f.Upto)
	for _, l := range f.Lines {
		if l.From != "agent" {
			continue
		}
		if text, ok := v.lines[l.ID]; ok && text != l.Text {
			v.book.fault("%s is shown two texts under one id", v.name)
		}
		v.lines[l.ID] = l.Text
	}
}

// shown counts the agents' lines on the visitor's screen by text.
func (v *visitor) shown() map[string]int {
	v.mu.Lock()
	defer v.mu.Unlock()
	all := map[string]int{}
	for _, text := range v.lines {
		all[text]++
	}
	return all
}
