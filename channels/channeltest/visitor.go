package channeltest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

// Visitor is a person on a website, as the chat widget speaks for him: it keeps its token, numbers its messages and answers
// heartbeats. It serves the demo and load from outside.
type Visitor struct {
	conn  *websocket.Conn
	lines chan VisitorLine

	mu    sync.Mutex // guards writes and what follows
	seq   int64
	epoch string
	waits map[string]chan error
}

// VisitorLine is a line of the chat that the visitor did not write himself.
type VisitorLine struct {
	Seq  int64  `json:"seq"`
	From string `json:"from"`
	Name string `json:"name"`
	Text string `json:"text"`
}

type visitorFrame struct {
	T     string        `json:"t"`
	Token string        `json:"token,omitempty"`
	ID    string        `json:"id,omitempty"`
	Text  string        `json:"text,omitempty"`
	Email string        `json:"email,omitempty"`
	Lang  string        `json:"lang,omitempty"`
	Epoch string        `json:"epoch,omitempty"`
	Seq   int64         `json:"seq,omitempty"`
	Upto  int64         `json:"upto,omitempty"`
	Code  string        `json:"code,omitempty"`
	Lines []VisitorLine `json:"lines,omitempty"`
}

// NewVisitor opens the chat of an account at base ("http://127.0.0.1:8080") as a new visitor of the page origin. The visitor reads
// until ctx ends or Close is called; then Lines is closed.
func NewVisitor(ctx context.Context, base, account, origin, lang string) (*Visitor, error) {
	token, err := visit(ctx, base, account, origin)
	if err != nil {
		return nil, err
	}
	address := "ws" + strings.TrimPrefix(base, "http") + "/chat/" + account + "/socket"
	conn, res, err := websocket.DefaultDialer.DialContext(ctx, address, http.Header{"Origin": {origin}})
	if res != nil && res.Body != nil {
		defer func() { _ = res.Body.Close() }()
	}
	if err != nil {
		return nil, fmt.Errorf("visitor: %w", err)
	}
	v := &Visitor{conn: conn, lines: make(chan VisitorLine, 64), waits: map[string]chan error{}}
	for _, f := range []visitorFrame{{T: "hello", Token: token, Lang: lang}, {T: "resume"}} {
		if err := v.write(f); err != nil {
			return nil, errors.Join(err, conn.Close())
		}
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	go func() {
		defer stop()
		v.read()
	}()
	return v, nil
}

func visit(ctx context.Context, base, account, origin string) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, base+"/chat/"+account+"/visit", bytes.NewReader([]byte("{}")))
	if err != nil {
		return "", fmt.Errorf("visitor: %w", err)
	}
	req.Header.Set("Origin", origin)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", fmt.Errorf("visitor: %w", err)
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(res.Body, 64<<10))
	if err != nil {
		return "", fmt.Errorf("visitor: %w", err)
	}
	if res.StatusCode != http.StatusOK {
		return "", fmt.Errorf("visitor: visit answered %s", res.Status)
	}
	var answer struct {
		Token string `json:"token"`
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		return "", fmt.Errorf("visitor: %w", err)
	}
	return answer.Token, nil
}

// Say sends a message under the id and returns when the gateway has acknowledged it. The same id again is the same message.
func (v *Visitor) Say(ctx context.Context, id, text string) error {
	wait := make(chan error, 1)
	v.mu.Lock()
	v.waits[id] = wait
	v.mu.Unlock()
	if err := v.write(visitorFrame{T: "send", ID: id, Text: text}); err != nil {
		return err
	}
	select {
	case err := <-wait:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Lines are what agents write, in order. It is closed when the connection is.
func (v *Visitor) Lines() <-chan VisitorLine { return v.lines }

// Conversation is the id of the conversation that took the last acknowledged message; "" before the first.
func (v *Visitor) Conversation() string {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.epoch
}

// Close leaves the chat.
func (v *Visitor) Close() error { return v.conn.Close() }

func (v *Visitor) write(f visitorFrame) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	if err := v.conn.SetWriteDeadline(time.Now().Add(5 * time.Second)); err != nil {
		return fmt.Errorf("visitor: %w", err)
	}
	if err := v.conn.WriteJSON(f); err != nil {
		return fmt.Errorf("visitor: %w", err)
	}
	return nil
}

func (v *Visitor) read() {
	defer close(v.lines)
	defer func() { _ = v.conn.Close() }()
	for {
		var f visitorFrame
		if err := v.conn.ReadJSON(&f); err != nil {
			v.settleAll(err)
			return
		}
		switch f.T {
		case "ack":
			v.settle(f, nil)
		case "error":
			v.settle(f, fmt.Errorf("visitor: refused: %s", f.Code))
		case "lines":
			v.take(f)
		case "beat":
			if v.write(visitorFrame{T: "beat", Seq: v.at(f.Upto)}) != nil {
				return
			}
		}
	}
}

// take hands on the lines of agents and acknowledges all.
func (v *Visitor) take(f visitorFrame) {
	for _, l := range f.Lines {
		if l.From == "agent" {
			v.lines <- l
		}
	}
	_ = v.write(visitorFrame{T: "ack", Seq: v.at(f.Upto)}) // a broken connection is found by the next read
}

// at moves the position on, never back, and returns it.
func (v *Visitor) at(upto int64) int64 {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.seq = max(v.seq, upto)
	return v.seq
}

func (v *Visitor) settle(f visitorFrame, err error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if err == nil && f.Epoch != "" {
		v.epoch = f.Epoch
	}
	if wait, ok := v.waits[f.ID]; ok {
		delete(v.waits, f.ID)
		wait <- err
	}
}

func (v *Visitor) settleAll(err error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for id, wait := range v.waits {
		delete(v.waits, id)
		wait <- err
	}
}
