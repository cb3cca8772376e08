package socket

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"runtime/debug"
	"time"

	"github.com/gorilla/websocket"
)

// readLoop reads until the connection breaks or is closed.
func (c *Conn) readLoop(h Handler) {
	defer close(c.read)
	for {
		kind, r, err := c.ws.NextReader()
		if err != nil {
			c.Close(lostReason(err))
			return
		}
		data, err := c.message(kind, r)
		if err != nil {
			c.Close(lostReason(err))
			return
		}
		if data != nil && c.Reason() == Open {
			c.handle(h, data)
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
	var b bytes.Buffer
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
	return b.Bytes(), nil
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

// writeLoop writes what is queued, keeps the connection honest, and sees it to its end.
func (c *Conn) writeLoop(h Handler) {
	why := c.writeUntilEnd()
	if why.onWire() {
		text := websocket.FormatCloseMessage(int(why), why.String())
		if c.ws.WriteControl(websocket.CloseMessage, text, time.Now().Add(c.opt.CloseWait)) == nil {
			_ = c.ws.SetReadDeadline(time.Now().Add(c.opt.CloseWait)) // the peer's close frame, if it comes
			<-c.read
		}
	}
	_ = c.ws.Close()
	<-c.read
	h.Closed(c, why)
	close(c.done)
}

// writeUntilEnd returns the final reason when nothing more is to be written but the close frame.
func (c *Conn) writeUntilEnd() Reason {
	// The first ping comes at a random point, so that clients that reconnected together do not stay in step.
	timer := time.NewTimer(c.opt.PingEvery/2 + rand.N(c.opt.PingEvery/2))
	defer timer.Stop()
	asked := false // a ping waits for its answer
	tick := func() {
		if asked = !asked; asked {
			c.ask()
			timer.Reset(c.opt.AnswerWait)
			return
		}
		c.checkAnswers()
		timer.Reset(c.opt.PingEvery - c.opt.AnswerWait)
	}
	var closeBy time.Time
	for {
		select {
		case <-timer.C: // also between two frames of a queue that never empties
			tick()
		default:
		}
		f, ok, why := c.pop()
		if why != Open && closeBy.IsZero() {
			closeBy = time.Now().Add(c.opt.CloseWait)
		}
		if ok {
			if !c.writeFrame(f, closeBy) {
				c.Close(Lost)
				return c.failed(why)
			}
			continue
		}
		if why != Open {
			return why
		}
		select {
		case <-c.wake:
		case <-timer.C:
			tick()
		}
	}
}

// failed is the reason after a write failed: the one that was already decided, else Lost. No close frame can follow a broken write.
func (c *Conn) failed(why Reason) Reason {
	_ = c.ws.Close()
	if why != Open {
		return why
	}
	return c.Reason()
}

// writeFrame writes one frame by WriteWait from now, or by closeBy if that is set and earlier.
func (c *Conn) writeFrame(f frame, closeBy time.Time) bool {
	by := time.Now().Add(c.opt.WriteWait)
	if !closeBy.IsZero() && closeBy.Before(by) {
		by = closeBy
	}
	if c.ws.SetWriteDeadline(by) != nil {
		return false
	}
	if f.prepared != nil {
		return c.ws.WritePreparedMessage(f.prepared) == nil
	}
	return c.ws.WriteMessage(websocket.TextMessage, f.data) == nil
}

// ask sends a ping and the application's heartbeat.
func (c *Conn) ask() {
	c.pongs.Store(false)
	c.beats.Store(c.opt.Beat == nil)
	err := c.ws.WriteControl(websocket.PingMessage, nil, time.Now().Add(c.opt.WriteWait))
	if err == nil && c.opt.Beat != nil && !c.writeFrame(frame{data: c.opt.Beat()}, time.Time{}) {
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
