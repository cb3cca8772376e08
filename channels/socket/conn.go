package socket

import (
	"bufio"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"
)

// Invariants of a connection:
//   - reason goes from Open to its final value once, under mu; whoever changes it wakes the writer.
//   - the writer alone writes data frames, the close frame and pings; the reader alone reads. gorilla answers the peer's pings and
//     close frames from the reader through WriteControl, which it allows.
//   - there is one reader at a time, which hands over to a fresh goroutine after each message (see readLoop); read waits for the last.
//   - there is at most one writer, and only while there is something to write: an idle connection costs one goroutine, not two.
//     writing says whether it runs; it is set by whoever starts it and cleared, under the same lock that shows the queue empty, by
//     the writer itself. After the end it stays set.
//   - frames are written in the order in which Send accepted them; a frame that Send accepted is either written or the connection ends.
//   - the last writer outlives the reader, calls Handler.Closed once, and then closes done.

// ErrClosed is wrapped by every error of Send.
var ErrClosed = errors.New("socket closed")

// Handler receives what happens on a connection. Both methods are called one after the other, never at the same time.
type Handler interface {
	// Received is called on the reader goroutine for each text message; data belongs to the handler. While it runs, nothing
	// more is read: that is the back pressure on a peer, and the silence check waits for it.
	Received(c *Conn, data []byte)
	// Closed is called exactly once, after the last Received, when the connection is gone and before Done is closed.
	Closed(c *Conn, why Reason)
}

// Conn is one connection. Its methods are safe for concurrent use and never block on the network.
type Conn struct {
	ws  *websocket.Conn
	in  *bufio.Reader // what ws reads from
	opt *Options

	mu      sync.Mutex
	h       Handler  // nil before Start
	queue   [][]byte // text messages to be written
	bytes   int
	reason  Reason
	writing bool // a writer runs
	due     bool // it is time to ask or to check the answers

	timer   *time.Timer // makes it due
	asked   bool        // the writer's: a ping waits for its answer
	closeBy time.Time   // the writer's: when the close must be through

	read  sync.WaitGroup // the reader, from Start to its end
	done  chan struct{}  // closed when everything has ended
	pongs atomic.Bool    // the last ping was answered
	beats atomic.Bool    // the last heartbeat was answered
	busy  atomic.Bool    // the reader is inside Handler.Received
}

func newConn(ws *websocket.Conn, in *bufio.Reader, opt *Options) *Conn {
	c := &Conn{ws: ws, in: in, opt: opt, done: make(chan struct{})}
	ws.SetPongHandler(func(string) error { c.pongs.Store(true); return nil })
	return c
}

// Start starts the connection's goroutines and returns. It must be called once. The caller waits for Done before it exits.
func (c *Conn) Start(h Handler) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.h = h
	// The first ping comes at a random point, so that clients that reconnected together do not stay in step.
	c.timer = time.AfterFunc(c.opt.PingEvery/2+rand.N(c.opt.PingEvery/2), c.tick)
	c.read.Add(1)
	go c.readLoop(h)
	if len(c.queue) > 0 || c.reason != Open {
		c.signal()
	}
}

// Run is Start, then waiting for the end. It returns why the connection ended.
func (c *Conn) Run(h Handler) Reason {
	c.Start(h)
	<-c.done
	return c.Reason()
}

// Send queues one text message. data must not be changed from now on; it may be sent on other connections as well. A full queue ends the
// connection with SlowReader. The error, which wraps ErrClosed, says that the connection has ended or is ending and that data was not queued.
func (c *Conn) Send(data []byte) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.reason == Open && (len(c.queue) >= c.opt.QueueLimit || c.bytes+len(data) > c.opt.QueueBytes) {
		c.end(SlowReader)
	}
	if c.reason != Open {
		return fmt.Errorf("%w: %s", ErrClosed, c.reason)
	}
	c.queue = append(c.queue, data)
	c.bytes += len(data)
	c.signal()
	return nil
}

// Close ends the connection for a reason of 4000 or more. Frames already queued are written first, except after SlowReader and Silent, within
// CloseWait. It returns at once; the first reason wins and later calls change nothing.
func (c *Conn) Close(why Reason) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.end(why)
}

// end sets the reason. The caller holds mu.
func (c *Conn) end(why Reason) {
	if c.reason != Open || why == Open {
		return
	}
	c.reason = why
	if !why.keepsQueue() {
		c.queue, c.bytes = nil, 0
	}
	c.signal()
}

// Reason returns why the connection ended or is ending, or Open.
func (c *Conn) Reason() Reason {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.reason
}

// Answered notes that the peer has answered the application's heartbeat, normally with the last position it has received.
func (c *Conn) Answered() { c.beats.Store(true) }

// Done is closed when both goroutines have ended and Handler.Closed has returned.
func (c *Conn) Done() <-chan struct{} { return c.done }

// Protocol returns the subprotocol agreed on, or "".
func (c *Conn) Protocol() string { return c.ws.Subprotocol() }

// tick makes the writer ask the peer, or check whether it has answered.
func (c *Conn) tick() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.due = true
	c.signal()
}

// signal starts the writer unless it runs. The caller holds mu.
func (c *Conn) signal() {
	if c.h != nil && !c.writing {
		c.writing = true
		go c.writeLoop()
	}
}

// job is what the writer has to do next.
type job int

const (
	jobNone  job = iota // nothing: the writer ends, and has been taken off already
	jobTick             // ask or check
	jobFrame            // write a frame
	jobEnd              // close; everything that is still to be written has been
)

// next returns the writer's next job and the reason as it stands.
func (c *Conn) next() (j job, data []byte, why Reason) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.due && c.reason == Open:
		c.due = false
		return jobTick, nil, Open
	case len(c.queue) > 0:
		data = c.queue[0]
		c.queue[0] = nil
		c.bytes -= len(data)
		if c.queue = c.queue[1:]; len(c.queue) == 0 {
			c.queue = nil // an idle connection keeps no queue
		}
		return jobFrame, data, c.reason
	case c.reason != Open:
		return jobEnd, nil, c.reason
	}
	c.writing = false
	return jobNone, nil, Open
}
