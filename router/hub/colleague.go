package hub

import (
	"context"
	"errors"
	"time"

	"sportello/channels/socket"
	"sportello/inbox"
	"sportello/inbox/live"
	"sportello/router/roster"
)

// colleague is an agent with at least one socket here. His sockets share it; it is under Hub.mu, and what roster.Agent points to is
// never changed, only replaced.
type colleague struct {
	roster.Agent
	tabs     int           // sockets here
	presence live.Presence // what he chose last, so that a flushed live inbox is told again
	reason   string
	checked  time.Time // when roster and sessions were last looked at
}

// enter finds or makes the colleague for a new socket, and keeps what is newest of him. The caller holds mu.
func (h *Hub) enter(a roster.Agent) *colleague {
	c := h.here[a.ID]
	if c == nil {
		c = &colleague{Agent: a, checked: h.opt.Now()}
		h.here[a.ID] = c
	}
	if a.UpdatedAt.After(c.UpdatedAt) {
		c.Agent = a
	}
	c.tabs++
	return c
}

// leave takes a socket off its colleague. The caller holds mu.
func (h *Hub) leave(c *colleague) {
	if c.tabs--; c.tabs == 0 {
		delete(h.here, c.ID)
	}
}

// review looks again, once in a while, at who the agents are and whether they are still signed in.
func (h *Hub) review(ctx context.Context) {
	due := map[*colleague][]*peer{}
	now := h.opt.Now()
	h.mu.Lock()
	for p := range h.peers {
		if now.Sub(p.agent.checked).Abs() >= review {
			due[p.agent] = append(due[p.agent], p)
		}
	}
	for c := range due {
		c.checked = now
	}
	h.mu.Unlock()
	for c, tabs := range due {
		h.reviewOne(ctx, c, tabs)
	}
}

// reviewOne looks at a colleague with these sockets.
func (h *Hub) reviewOne(ctx context.Context, c *colleague, tabs []*peer) {
	within, cancel := context.WithTimeout(ctx, call)
	defer cancel()
	h.mu.Lock()
	was := c.Agent
	h.mu.Unlock()
	fresh, err := h.opt.Roster.Agent(within, was.ID)
	switch {
	case errors.Is(err, roster.ErrUnknown) || err == nil && !fresh.DisabledAt.IsZero():
		for _, p := range tabs {
			p.conn.Close(socket.Unauthorized)
		}
		return
	case err != nil:
		h.opt.Log.Warn("agent not looked up", "agent", was.ID, "err", err)
		return
	}
	h.closeEnded(within, was.ID, tabs)
	if fresh.UpdatedAt.Equal(was.UpdatedAt) {
		return
	}
	h.mu.Lock()
	c.Agent = fresh
	h.mu.Unlock()
	h.announce(ctx, tabs[0])
}

// closeEnded closes those of an agent's sockets whose session does not stand any more.
func (h *Hub) closeEnded(ctx context.Context, agent inbox.AgentID, tabs []*peer) {
	if h.opt.Alive == nil {
		return
	}
	alive := map[string]bool{}
	for _, p := range tabs {
		stands, known := alive[p.session]
		if !known {
			var err error
			if stands, err = h.opt.Alive(ctx, p.session); err != nil {
				h.opt.Log.Warn("session not looked up", "agent", agent, "err", err)
				return
			}
			alive[p.session] = stands
		}
		if !stands {
			p.conn.Close(socket.Unauthorized)
		}
	}
}
