package channeltest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

// Staff is somebody who works at a gateway, as the console speaks for him: signed in by cookie, commands by HTTP, news by websocket.
// It serves load from outside. It is safe for concurrent use.
type Staff struct {
	ID string // of the agent

	base string
	http *http.Client
	csrf string
}

// SignIn signs in at base ("http://127.0.0.1:8080") with an address and a password.
func SignIn(ctx context.Context, base, email, password string) (*Staff, error) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, fmt.Errorf("staff: %w", err)
	}
	s := &Staff{base: base, http: &http.Client{Jar: jar, Transport: &http.Transport{MaxIdleConnsPerHost: 256}, Timeout: 30 * time.Second}}
	var me struct {
		Agent string `json:"agent"`
		CSRF  string `json:"csrf"`
	}
	if err := s.Do(ctx, http.MethodPost, "/api/session", map[string]string{"email": email, "password": password}, &me); err != nil {
		return nil, err
	}
	s.ID, s.csrf = me.Agent, me.CSRF
	return s, nil
}

// Do sends one request of the staff API with a JSON body, nil for none, and decodes the answer, unless into is nil. An answer that is
// not 2xx is a StatusError.
func (s *Staff) Do(ctx context.Context, method, path string, body, into any) error {
	raw, err := json.Marshal(body)
	if err != nil {
		return fmt.Errorf("staff: %w", err)
	}
	req, err := http.NewRequestWithContext(ctx, method, s.base+path, bytes.NewReader(raw))
	if err != nil {
		return fmt.Errorf("staff: %w", err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-CSRF-Token", s.csrf)
	res, err := s.http.Do(req)
	if err != nil {
		return fmt.Errorf("staff: %w", err)
	}
	defer func() { _ = res.Body.Close() }()
	answer, err := io.ReadAll(io.LimitReader(res.Body, 8<<20))
	if err != nil {
		return fmt.Errorf("staff: %w", err)
	}
	if res.StatusCode/100 != 2 {
		return &StatusError{Status: res.StatusCode, Body: string(answer)}
	}
	if into == nil || len(answer) == 0 {
		return nil
	}
	if err := json.Unmarshal(answer, into); err != nil {
		return fmt.Errorf("staff: %s %s: %w", method, path, err)
	}
	return nil
}

// StatusError is a refused request.
type StatusError struct {
	Status int
	Body   string
}

// Error implements error.
func (e *StatusError) Error() string {
	return fmt.Sprintf("staff: answered %d: %s", e.Status, strings.TrimSpace(e.Body))
}

// Desk is one open console, that is one websocket.
type Desk struct {
	conn *websocket.Conn
	done chan struct{}

	mu sync.Mutex // guards writes
}

// Open loads the work, connects and returns when the gateway has said that the feed follows. each gets every entry frame as it came, on
// the reading goroutine; the bytes are valid during the call only. nil: they are thrown away. The desk acknowledges, as a console does,
// until ctx ends or Close is called.
func (s *Staff) Open(ctx context.Context, each func(frame []byte)) (*Desk, error) {
	var work struct {
		Position struct {
			Epoch  string `json:"epoch"`
			Offset int64  `json:"offset"`
		} `json:"position"`
	}
	if err := s.Do(ctx, http.MethodGet, "/api/work", nil, &work); err != nil {
		return nil, err
	}
	dialer := websocket.Dialer{Jar: s.http.Jar, HandshakeTimeout: 30 * time.Second}
	conn, res, err := dialer.DialContext(ctx, "ws"+strings.TrimPrefix(s.base, "http")+"/api/socket", nil)
	if res != nil && res.Body != nil {
		defer func() { _ = res.Body.Close() }()
	}
	if err != nil {
		return nil, fmt.Errorf("staff: %w", err)
	}
	d := &Desk{conn: conn, done: make(chan struct{})}
	hello := map[string]any{"t": "hello", "epoch": work.Position.Epoch, "offset": work.Position.Offset, "tab": "load"}
	if err := d.write(hello); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	welcome := make(chan error, 1)
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	go func() {
		defer close(d.done)
		defer stop()
		d.read(each, welcome)
	}()
	select {
	case err = <-welcome:
	case <-ctx.Done():
		err = ctx.Err()
	}
	if err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return d, nil
}

// Done is closed when the connection has ended.
func (d *Desk) Done() <-chan struct{} { return d.done }

// Close leaves.
func (d *Desk) Close() error { return d.conn.Close() }

func (d *Desk) write(frame any) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.conn.SetWriteDeadline(time.Now().Add(5 * time.Second)); err != nil {
		return fmt.Errorf("staff: %w", err)
	}
	if err := d.conn.WriteJSON(frame); err != nil {
		return fmt.Errorf("staff: %w", err)
	}
	return nil
}

var entryHead = []byte(`{"t":"entry"`)

// read hands entries on unread, since a console of the load generator would otherwise cost more than the gateway that it measures.
func (d *Desk) read(each func([]byte), welcome chan<- error) {
	defer func() { _ = d.conn.Close() }()
	var buf bytes.Buffer
	for {
		_, r, err := d.conn.NextReader()
		if err == nil {
			buf.Reset()
			_, err = buf.ReadFrom(r)
		}
		if err != nil {
			select {
			case welcome <- fmt.Errorf("staff: %w", err):
			default:
			}
			return
		}
		if bytes.HasPrefix(buf.Bytes(), entryHead) {
			if each != nil {
				each(buf.Bytes())
			}
			continue
		}
		if !d.control(buf.Bytes(), welcome) {
			return
		}
	}
}

// control answers what is not an entry. It reports false when the connection is of no more use.
func (d *Desk) control(frame []byte, welcome chan<- error) bool {
	var f struct {
		T      string `json:"t"`
		Offset int64  `json:"offset"`
		Reset  bool   `json:"reset"`
	}
	if err := json.Unmarshal(frame, &f); err != nil {
		return false
	}
	switch f.T {
	case "welcome":
		var err error
		if f.Reset {
			err = errors.New("staff: the feed cannot be followed from the position of the work")
		}
		select {
		case welcome <- err:
		default:
		}
		return err == nil
	case "ping":
		return d.write(map[string]any{"t": "ack", "offset": f.Offset}) == nil
	}
	return true
}
