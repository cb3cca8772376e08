package channeltest

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"

	"github.com/gorilla/websocket"
)

// Forward is the least that a chat server can do: what comes in at one websocket goes out at another. It is the limit that a gateway is
// measured against. GET /listen/ID and GET /speak/ID connect the two ends of a pair.
type Forward struct {
	up  websocket.Upgrader
	mux *http.ServeMux

	mu    sync.Mutex
	pairs map[string]chan *websocket.Conn // the listener of a pair, once it is there
}

// NewForward returns a Forward.
func NewForward() *Forward {
	f := &Forward{pairs: map[string]chan *websocket.Conn{}, mux: http.NewServeMux(), up: websocket.Upgrader{ReadBufferSize: 512, WriteBufferSize: 2 << 10}}
	f.mux.HandleFunc("GET /listen/{pair}", f.listen)
	f.mux.HandleFunc("GET /speak/{pair}", f.speak)
	return f
}

// ServeHTTP implements http.Handler. It holds on to the request of a speaker until he leaves.
func (f *Forward) ServeHTTP(w http.ResponseWriter, r *http.Request) { f.mux.ServeHTTP(w, r) }

func (f *Forward) listener(pair string) chan *websocket.Conn {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.pairs[pair] == nil {
		f.pairs[pair] = make(chan *websocket.Conn, 1)
	}
	return f.pairs[pair]
}

func (f *Forward) listen(w http.ResponseWriter, r *http.Request) {
	conn, err := f.up.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	f.listener(r.PathValue("pair")) <- conn
}

func (f *Forward) speak(w http.ResponseWriter, r *http.Request) {
	conn, err := f.up.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	to := <-f.listener(r.PathValue("pair"))
	defer func() { _, _ = conn.Close(), to.Close() }() // there is nobody left to tell
	for {
		kind, data, err := conn.ReadMessage()
		if err != nil || to.WriteMessage(kind, data) != nil {
			return
		}
	}
}

// ForwardPair is both ends of one pair.
type ForwardPair struct{ listen, speak *websocket.Conn }

// DialForward connects both ends of a pair at base ("http://127.0.0.1:8080").
func DialForward(ctx context.Context, base, pair string) (*ForwardPair, error) {
	p := &ForwardPair{}
	for path, end := range map[string]**websocket.Conn{"/listen/": &p.listen, "/speak/": &p.speak} {
		conn, res, err := websocket.DefaultDialer.DialContext(ctx, "ws"+strings.TrimPrefix(base, "http")+path+pair, nil)
		if res != nil && res.Body != nil {
			_ = res.Body.Close()
		}
		if err != nil {
			return nil, fmt.Errorf("forward: %w", err)
		}
		*end = conn
	}
	return p, nil
}

// Once sends a message and returns when it has come out.
func (p *ForwardPair) Once(message []byte) error {
	if err := p.speak.WriteMessage(websocket.TextMessage, message); err != nil {
		return fmt.Errorf("forward: %w", err)
	}
	if _, _, err := p.listen.ReadMessage(); err != nil {
		return fmt.Errorf("forward: %w", err)
	}
	return nil
}

// Close ends both.
func (p *ForwardPair) Close() { _, _ = p.speak.Close(), p.listen.Close() }
