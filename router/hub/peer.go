package hub

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"net/http"
	"time"

	"sportello/channels/socket"
	"sportello/inbox"
	"sportello/inbox/live"
	"sportello/router/roster"
)

// step is how far a peer is with the feed.
type step int

const (
	greeting  step = iota // no hello yet, or told to load anew
	reading               // its reader leads it to where the hub is
	following             // the hub gives it each entry
)

// peer is one socket of an agent: one browser tab. All fields but the first three are under Hub.mu.
type peer struct {
	hub  *Hub
	conn *socket.Conn
	id   string // of the lease

	agent   *colleague
	session string
	state   step
	sent    int64 // the offset up to which this socket has been given what it may see
	heard   time.Time
	view    inbox.ConversationID
	viewed  time.Time // when view was last published
	typed   time.Time
}

var _ socket.Handler = (*peer)(nil)

// Serve upgrades an authenticated request and returns; the socket lives on until its client, its session or Run ends. session names
// the sign-in: Ended closes its sockets. On an error the request has been answered.
func (h *Hub) Serve(w http.ResponseWriter, r *http.Request, agent roster.Agent, session string) {
	h.mu.Lock()
	stopping := h.stopping
	h.mu.Unlock()
	if stopping {
		w.Header().Set("Retry-After", "1")
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	conn, err := h.up.Upgrade(w, r, nil)
	if err != nil {
		h.opt.Log.Debug("no websocket", "err", err)
		return
	}
	p := &peer{hub: h, conn: conn, id: rand.Text(), session: session, heard: h.opt.Now()}
	h.join(p, agent)
	conn.Start(p)
	h.announce(context.WithoutCancel(r.Context()), p)
}

// join adds a peer. One that comes while the hub stops is closed like the others.
func (h *Hub) join(p *peer, agent roster.Agent) {
	h.mu.Lock()
	defer h.mu.Unlock()
	p.agent = h.enter(agent)
	h.peers[p] = struct{}{}
	h.met.sockets.Inc()
	if h.stopping {
		p.conn.Close(socket.Drain)
	}
}

// Ended closes the sockets of a session, on every gateway.
func (h *Hub) Ended(session string) {
	h.endSession(session)
	h.tell(topicSession, []byte(session))
}

func (h *Hub) endSession(session string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for p := range h.peers {
		if p.session == session {
			p.conn.Close(socket.Ended)
		}
	}
}

// Closed implements socket.Handler.
func (p *peer) Closed(_ *socket.Conn, why socket.Reason) {
	h := p.hub
	h.mu.Lock()
	delete(h.peers, p)
	h.leave(p.agent)
	agent := p.agent.ID
	if p.view != "" && !h.looks(p.agent, p.view) {
		h.signal(p.agent, p.view, WhatLeft, false)
	}
	h.mu.Unlock()
	h.met.sockets.Dec()
	h.met.closed.WithLabelValues(why.String()).Inc()
	ctx, cancel := context.WithTimeout(context.Background(), call)
	defer cancel()
	if err := h.opt.Live.Disconnect(ctx, agent, p.id); err != nil {
		h.opt.Log.Debug("lease not ended", "agent", agent, "err", err) // it lapses by itself
	}
}

// looks reports whether a colleague has a conversation on a screen here. The caller holds mu.
func (h *Hub) looks(c *colleague, view inbox.ConversationID) bool {
	for p := range h.peers {
		if p.agent == c && p.view == view {
			return true
		}
	}
	return false
}

// Received implements socket.Handler.
func (p *peer) Received(_ *socket.Conn, data []byte) {
	p.hub.mu.Lock()
	p.heard = p.hub.opt.Now()
	p.hub.mu.Unlock()
	var head struct {
		T string `json:"t"`
	}
	if json.Unmarshal(data, &head) != nil {
		p.conn.Close(socket.Protocol)
		return
	}
	switch head.T {
	case FrameHello:
		read(p, data, p.hello)
	case FrameAck:
		p.conn.Answered()
	case FrameTyping:
		read(p, data, p.typing)
	case FrameView:
		read(p, data, p.viewing)
	}
	// Other frames are of a newer console: ignored.
}

// read decodes a frame for do. A frame of the wrong form ends the connection.
func read[F any](p *peer, data []byte, do func(F)) {
	var f F
	if json.Unmarshal(data, &f) != nil {
		p.conn.Close(socket.Protocol)
		return
	}
	do(f)
}

// send queues one frame. The caller holds Hub.mu. A connection that cannot take it is ending and says so itself.
func (p *peer) send(frame any) {
	data, err := json.Marshal(frame)
	if err != nil {
		p.hub.opt.Log.Error("frame not encoded", "err", err)
		return
	}
	_ = p.conn.Send(data)
}

// Sees reports whether an agent gets an entry of the feed: managers all, agents those of their conversations and queues and of the
// conversation on the screen. Offers are for their agent alone.
func Sees(a *roster.Agent, view inbox.ConversationID, e live.Entry) bool {
	switch {
	case e.Agent != "" && e.Agent == a.ID:
		return true
	case e.Type == live.EntryOffer || e.Type == live.EntryOfferEnd:
		return false
	case e.Audience.All || a.Role == roster.RoleManager || a.Role == roster.RoleAdmin:
		return true
	case e.Conversation == "":
		return false
	}
	return e.Conversation == view || inAudience(a, e.Audience)
}

// inAudience reports whether an agent is named by an audience.
func inAudience(a *roster.Agent, to live.Audience) bool {
	return to.Assignee != "" && to.Assignee == a.ID || to.Former != "" && to.Former == a.ID ||
		to.Queue != "" && a.Serves(to.Queue) || to.FormerQueue != "" && a.Serves(to.FormerQueue)
}
