package socket

import (
	"bufio"
	"bytes"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

// Options are the limits of a connection. The zero value of a field takes the default named beside it.
type Options struct {
	// Origin decides whether a browser page may connect (RFC 6455 section 10.2). It is required.
	Origin func(*http.Request) bool
	// Protocols are the subprotocols offered, in order of preference.
	Protocols []string

	ReadLimit  int64         // bytes of one message; 64 kB
	QueueLimit int           // frames waiting to be written; 256
	QueueBytes int           // bytes waiting to be written; 1 MB
	WriteWait  time.Duration // deadline of one write; 5 s
	PingEvery  time.Duration // 9 s
	AnswerWait time.Duration // how long a ping and a heartbeat may stay unanswered; 5 s
	CloseWait  time.Duration // how long a close may take, queue included; 3 s

	// Beat returns the application's heartbeat, sent beside each ping; nil for none. The handler must call Conn.Answered when
	// the peer's answer to it arrives. It is called on the writer goroutine and must not block.
	Beat func() []byte

	Log *slog.Logger // required

	messages *sync.Pool // of *bytes.Buffer, into which messages are read: their length is known at the end only
}

// borrow returns an empty buffer, to be given back.
func (o *Options) borrow() *bytes.Buffer {
	if b, ok := o.messages.Get().(*bytes.Buffer); ok {
		return b
	}
	return new(bytes.Buffer)
}

// giveBack takes a buffer back, unless a rare long message has made it large.
func (o *Options) giveBack(b *bytes.Buffer) {
	const most = 8 << 10
	if b.Cap() <= most {
		b.Reset()
		o.messages.Put(b)
	}
}

// Upgrader turns HTTP requests into connections with the same options. It is safe for concurrent use.
type Upgrader struct {
	opt Options
	up  websocket.Upgrader
}

// The buffers of a connection: frames are small, and thousands of connections are idle, so a connection owns one small read buffer
// and borrows its write buffer for the length of a write. The read buffer is ours (see Conn.wait); gorilla takes one of more than 256 bytes.
const (
	readBuffer  = 288
	writeBuffer = 2 << 10
)

// NewUpgrader returns an Upgrader. It panics if Origin or Log is missing, which is an error in the program.
func NewUpgrader(opt Options) *Upgrader {
	if opt.Origin == nil || opt.Log == nil {
		panic("socket: Options.Origin and Options.Log are required")
	}
	or(&opt.ReadLimit, 64<<10)
	or(&opt.QueueLimit, 256)
	or(&opt.QueueBytes, 1<<20)
	or(&opt.WriteWait, 5*time.Second)
	or(&opt.PingEvery, 9*time.Second)
	or(&opt.AnswerWait, 5*time.Second)
	or(&opt.CloseWait, 3*time.Second)
	if opt.AnswerWait >= opt.PingEvery {
		opt.AnswerWait = opt.PingEvery / 2
	}
	opt.messages = &sync.Pool{}
	return &Upgrader{opt: opt, up: websocket.Upgrader{
		HandshakeTimeout: 10 * time.Second,
		WriteBufferSize:  writeBuffer,
		WriteBufferPool:  &sync.Pool{},
		CheckOrigin:      opt.Origin,
		Subprotocols:     opt.Protocols,
	}}
}

// or sets *v to what when it is zero.
func or[T comparable](v *T, what T) {
	var zero T
	if *v == zero {
		*v = what
	}
}

// Upgrade answers the handshake and returns the connection, on which Start or Run must be called. On an error it has already
// answered the request with an HTTP status (403 for a foreign origin, 400 for no handshake), and the handler just returns.
func (u *Upgrader) Upgrade(w http.ResponseWriter, r *http.Request, header http.Header) (*Conn, error) {
	over := &handover{ResponseWriter: w}
	ws, err := u.up.Upgrade(over, r, header)
	if err != nil {
		return nil, fmt.Errorf("upgrade to websocket: %w", err)
	}
	ws.SetReadLimit(hardLimit * u.opt.ReadLimit)
	return newConn(ws, over.in, &u.opt), nil
}

// handover hands the connection of a request over with a read buffer of our own, which Upgrader.ReadBufferSize 0 makes gorilla use.
type handover struct {
	http.ResponseWriter
	in *bufio.Reader
}

// Hijack implements http.Hijacker.
func (h *handover) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, buf, err := http.NewResponseController(h.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, err
	}
	if buf.Reader.Buffered() > 0 {
		return conn, buf, nil // frames before the answer: gorilla refuses them
	}
	h.in = bufio.NewReaderSize(conn, readBuffer)
	return conn, bufio.NewReadWriter(h.in, buf.Writer), nil
}

// Upgrade is NewUpgrader(opt).Upgrade for a single connection. A server with many connections keeps one Upgrader, since its
// connections share their write buffers.
func Upgrade(w http.ResponseWriter, r *http.Request, opt Options) (*Conn, error) {
	return NewUpgrader(opt).Upgrade(w, r, nil)
}

// hardLimit times ReadLimit is where a message is refused unread, with code 1009. Between the two it is read, thrown away and
// answered with TooLarge, so that the client learns the reason by name.
const hardLimit = 4
