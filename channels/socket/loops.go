package socket

import (
	"bytes"
	"errors"
	"io"
	"runtime/debug"
	"time"

	"github.com/gorilla/websocket"
)

// readLoop reads until the connection breaks or is closed. After each message that the handler was given it goes on in a new goroutine:
// a stack grows with what the handler calls (16 KiB and more for a query) and shrinks by half at each collection only, which is a lot to keep
// for a connection that waits for its next word. There is one reader at a time, and the order of messages stays.
func (c *Conn) readLoop(h Handler) {
	for c.wait() {
	}
	if c.readOne(h) {
		go c.readLoop(h)
	} else {
		c.read.Done()
	}
}

// wait waits for the next frame, which a connection does nearly all the time. It waits here, and takes in pongs here (RFC 6455 section 5.5.3),
// because few and small calls deep a stack of 2 KiB is enough, and where gorilla waits it is not. It returns true after a pong; any other
// frame, and whatever is wrong, is left for gorilla to read.
func (c *Conn) wait() bool {
	const pong, masked, longest = 0x8a, 0x80, 125
	head, err := c.in.Peek(2)
	if err != nil || head[0] != pong || head[1]&masked == 0 || head[1]&^masked > longest {
		return false
	}
	c.pongs.Store(true)
	_, err = c.in.Discard(2 + 4 + int(head[1]&^masked)) // head, mask, what the ping said
	return err == nil
}

// readOne reads until a message was handled. It returns false when nothing more can be read.
func (c *Conn) readOne(h Handler) bool {
	for {
		kind, r, err := c.ws.NextReader()
		if err != nil {
			c.Close(lostReason(err))
			return false
		}
		data, err := c.message(kind, r)
		if err != nil {
			c.Close(lostReason(err))
			return false
		}
		if data != nil && c.Reason() == Open {
			c.handle(h, data)
			return true
		}
	}
}

// message reads one message. It returns nil data for one that is not to be handled, after it has closed the connection; the rest of
// the stream is still read, so that the close handshake can complete.
func (c *Conn) message(kind int, r io.Reader) ([]byte, error) {
	if kind != websocket.TextMessage {
		c.Close(Protocol)
		_, err := io.Copy(io.Discard, r)
		return nil, err
	}
	b := c.opt.borrow()
	defer c.opt.giveBack(b)
	n, err := b.ReadFrom(io.LimitReader(r, c.opt.ReadLimit+1))
	if err != nil {
		return nil, err
	}
	if n > c.opt.ReadLimit {
		c.Close(TooLarge)
		_, err := io.Copy(io.Discard, r)
		return nil, err
	}
	if n == 0 {
		c.Close(Protocol)
		return nil, nil
	}
	return bytes.Clone(b.Bytes()), nil
}

// handle passes one message on. A panic ends this connection only: what strangers send must not stop the server.
func (c *Conn) handle(h Handler, data []byte) {
	c.busy.Store(true)
	defer c.busy.Store(false)
	defer func() {
		if p := recover(); p != nil {
			c.opt.Log.Error("socket handler panicked", "panic", p, "stack", string(debug.Stack()))
			c.Close(Internal)
		}
	}()
	h.Received(c, data)
}

// lostReason tells a closed peer from a broken line.
func lostReason(err error) Reason {
	var ce *websocket.CloseError
	switch {
	case errors.Is(err, websocket.ErrReadLimit):
		return Large
	case errors.As(err, &ce) && ce.Code != websocket.CloseAbnormalClosure:
		return Peer
	}
	return Lost
}

// writeLoop writes what there is to write. When that is the end, it sees the connection to it.
func (c *Conn) writeLoop() {
	for {
		j, data, why := c.next()
		switch j {
		case jobNone:
			return
		case jobTick:
			c.keepHonest()
		case jobFrame:
			if !c.writeFrame(data, why) {
				c.Close(Lost)
				c.finish(c.Reason(), true)
				return
			}
		case jobEnd:
			c.finish(why, false)
			return
		}
	}
}

// finish closes the connection, in good order unless a write has broken it, and tells everybody.
func (c *Conn) finish(why Reason, broken bool) {
	c.timer.Stop()
	if !broken && why.onWire() {
		text := websocket.FormatCloseMessage(int(why), why.String())
		if c.ws.WriteControl(websocket.CloseMessage, text, c.deadline(why)) == nil {
			_ = c.ws.SetReadDeadline(time.Now().Add(c.opt.CloseWait)) // the peer's close frame, if it comes
			c.read.Wait()
		}
	}
	_ = c.ws.Close()
	c.read.Wait()
	c.h.Closed(c, why)
	close(c.done)
}

// keepHonest asks the peer for a sign of life or, some time later, checks that it came.
func (c *Conn) keepHonest() {
	if c.asked = !c.asked; c.asked {
		c.ask()
		c.timer.Reset(c.opt.AnswerWait)
		return
	}
	c.checkAnswers()
	c.timer.Reset(c.opt.PingEvery - c.opt.AnswerWait)
}

// deadline is when a write that begins now must be done: after WriteWait, and within CloseWait once the connection is to end.
func (c *Conn) deadline(why Reason) time.Time {
	now := time.Now()
	by := now.Add(c.opt.WriteWait)
	if why == Open {
		return by
	}
	if c.closeBy.IsZero() {
		c.closeBy = now.Add(c.opt.CloseWait)
	}
	if c.closeBy.Before(by) {
		return c.closeBy
	}
	return by
}

// writeFrame writes one text message by its deadline.
func (c *Conn) writeFrame(data []byte, why Reason) bool {
	return c.ws.SetWriteDeadline(c.deadline(why)) == nil && c.ws.WriteMessage(websocket.TextMessage, data) == nil
}

// ask sends a ping and the application's heartbeat.
func (c *Conn) ask() {
	c.pongs.Store(false)
	c.beats.Store(c.opt.Beat == nil)
	err := c.ws.WriteControl(websocket.PingMessage, nil, time.Now().Add(c.opt.WriteWait))
	if err == nil && c.opt.Beat != nil && !c.writeFrame(c.opt.Beat(), Open) {
		err = io.ErrClosedPipe
	}
	if err != nil {
		c.Close(Lost)
	}
}

// checkAnswers cuts a peer that has left the last ping or heartbeat unanswered. A reader that is busy with an earlier message
// may not have seen the answer yet: that is our slowness, not the peer's silence.
func (c *Conn) checkAnswers() {
	if c.busy.Load() || (c.pongs.Load() && c.beats.Load()) {
		return
	}
	c.Close(Silent)
}
