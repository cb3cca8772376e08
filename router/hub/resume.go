package hub

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"sportello/inbox/journal"
	"sportello/inbox/live"
)

// A client that missed more than replayMost entries of its own, or scanMost of all, loads its screens anew: that is faster.
const (
	replayMost = 1_000
	scanMost   = 20_000
	readChunk  = 500
)

// hello leads the socket from the client's position to the hub's. It runs on the socket's reader, which meanwhile reads nothing.
func (p *peer) hello(f Hello) {
	h := p.hub
	h.mu.Lock()
	p.state = reading
	h.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), 2*call)
	defer cancel()
	from := live.Position{Epoch: f.Epoch, Offset: f.Offset}
	var missed []live.Entry
	err := h.servable(ctx, from)
	for scanned := 0; err == nil && scanned <= scanMost && len(missed) <= replayMost; {
		if p.inStep(from, missed) {
			return
		}
		var entries []live.Entry
		entries, from, err = p.readOn(ctx, from)
		missed, scanned = append(missed, p.visible(entries)...), scanned+len(entries)
	}
	if err != nil && !errors.Is(err, live.ErrGap) && !errors.Is(err, live.ErrNoEpoch) {
		h.opt.Log.Warn("a socket could not resume", "err", err)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.refuse(p)
}

// servable reports with ErrGap that a position is of another epoch or of the future. A client that has loaded its screens in an
// epoch that this hub has not reached yet is waited for.
func (h *Hub) servable(ctx context.Context, from live.Position) error {
	const patience = 3 * time.Second
	h.mu.Lock()
	at, moved := h.pos, h.moved
	h.mu.Unlock()
	if from.Epoch == "" || from.Offset < 0 {
		return live.ErrGap
	}
	if from.Epoch == at.Epoch && from.Offset <= at.Offset {
		return nil
	}
	head, err := h.opt.Live.Head(ctx)
	if err != nil {
		return fmt.Errorf("head of the feed: %w", err)
	}
	if head.Epoch != from.Epoch || from.Offset > head.Offset {
		return live.ErrGap
	}
	if from.Epoch == at.Epoch {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	select {
	case <-moved:
		return nil
	case <-ctx.Done():
		return live.ErrGap
	}
}

// readOn reads the next entries after a position that the hub has passed.
func (p *peer) readOn(ctx context.Context, from live.Position) ([]live.Entry, live.Position, error) {
	entries, at, err := p.hub.opt.Live.Read(ctx, from, readChunk)
	if err != nil {
		return nil, from, fmt.Errorf("read the feed: %w", err)
	}
	if at == from {
		return nil, from, live.ErrGap // the hub has given out what cannot be read any more
	}
	return entries, at, nil
}

// visible are the entries that this agent gets. What is on the screen now was loaded after the gap, so the view counts for nothing.
func (p *peer) visible(entries []live.Entry) []live.Entry {
	p.hub.mu.Lock()
	defer p.hub.mu.Unlock()
	var out []live.Entry
	for _, e := range entries {
		if Sees(&p.agent.Agent, "", e) {
			out = append(out, e)
		}
	}
	return out
}

// inStep makes the peer follow, if at is not behind the hub: first the welcome and what was missed, then whatever the hub gives.
func (p *peer) inStep(at live.Position, missed []live.Entry) bool {
	h := p.hub
	h.mu.Lock()
	defer h.mu.Unlock()
	if at.Epoch != h.pos.Epoch || at.Offset < h.pos.Offset {
		return false
	}
	p.send(Welcome{T: FrameWelcome, At: h.millis(), Epoch: at.Epoch, Offset: at.Offset})
	for _, e := range missed {
		p.send(EntryFrame{T: FrameEntry, At: h.millis(), Entry: e})
	}
	p.sent, p.state = at.Offset, following
	h.met.resumed.WithLabelValues("replay").Inc()
	return true
}

// refuse tells a client to load its screens anew. The caller holds mu.
func (h *Hub) refuse(p *peer) {
	p.state, p.sent = greeting, 0
	p.send(Welcome{T: FrameWelcome, At: h.millis(), Epoch: h.pos.Epoch, Offset: h.pos.Offset, Reset: true})
	h.met.resumed.WithLabelValues("reset").Inc()
}

// deliver gives new entries to the sockets that follow. It runs on the follower.
func (h *Hub) deliver(entries []live.Entry) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, e := range entries {
		if e.Epoch != h.pos.Epoch || e.Offset <= h.pos.Offset {
			continue
		}
		h.pos = e.Position
		h.learn(e)
		h.give(e)
	}
}

// give sends one entry to every socket that follows and may see it; it is encoded once. The caller holds mu.
func (h *Hub) give(e live.Entry) {
	var frame []byte
	for p := range h.peers {
		if p.state != following || p.sent >= e.Offset {
			continue
		}
		p.sent = e.Offset
		if !Sees(&p.agent.Agent, p.view, e) {
			continue
		}
		if frame == nil {
			var err error
			if frame, err = h.encode(e); err != nil {
				h.opt.Log.Error("entry not encoded", "err", err)
				return
			}
		}
		_ = p.conn.Send(frame) // a connection that cannot take it is ending and resumes by position
		h.met.entries.Inc()
		if e.Type == string(journal.Received) && p.view == e.Conversation {
			p.seen(e.Conversation)
		}
	}
}

// encode writes an entry as json.Marshal writes an EntryFrame.
func (h *Hub) encode(e live.Entry) ([]byte, error) {
	data := make([]byte, 0, len(e.Event)+512)
	data = strconv.AppendInt(append(data, `{"t":"`+FrameEntry+`","at":`...), h.millis(), 10)
	data, err := e.AppendJSON(append(data, `,"entry":`...))
	if err != nil {
		return nil, fmt.Errorf("encode entry: %w", err)
	}
	return append(data, '}'), nil
}

// millis is the server's clock as frames carry it.
func (h *Hub) millis() int64 { return h.opt.Now().UnixMilli() }
