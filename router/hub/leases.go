package hub

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"sportello/channels/socket"
	"sportello/inbox/live"
)

// announce makes the agent of a new socket known, with what he chose last.
func (h *Hub) announce(ctx context.Context, p *peer) {
	h.mu.Lock()
	profile, presence, reason := p.agent.Profile(), p.agent.presence, p.agent.reason
	h.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, call)
	defer cancel()
	_, err := h.opt.Live.Announce(ctx, profile, presence, reason, p.id, lease)
	switch {
	case err == nil:
	case errors.Is(err, live.ErrNoEpoch):
		h.opt.Log.Debug("not announced: the live inbox is being rebuilt", "agent", profile.ID) // start announces everybody
	default:
		h.opt.Log.Warn("agent not announced", "agent", profile.ID, "err", err) // the next heartbeat tries again
	}
}

// announceAll announces everybody after the live inbox was emptied.
func (h *Hub) announceAll(ctx context.Context) {
	for _, p := range h.all() {
		if ctx.Err() != nil {
			return
		}
		h.announce(ctx, p)
	}
}

// all are the peers now.
func (h *Hub) all() []*peer {
	h.mu.Lock()
	defer h.mu.Unlock()
	out := make([]*peer, 0, len(h.peers))
	for p := range h.peers {
		out = append(out, p)
	}
	return out
}

// keepLeases pings every socket and renews its lease, every beat, until ctx ends.
func (h *Hub) keepLeases(ctx context.Context) error {
	ticks := time.NewTicker(beat)
	defer ticks.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticks.C:
			h.ping()
			h.fadeViewers()
			h.renew(ctx)
			h.review(ctx)
		}
	}
}

// ping sends every socket its position, and closes those that have said nothing for too long: their line is open one way only.
func (h *Hub) ping() {
	h.mu.Lock()
	defer h.mu.Unlock()
	now := h.opt.Now()
	for p := range h.peers {
		if now.Sub(p.heard).Abs() > silence {
			p.conn.Close(socket.Silent)
			continue
		}
		_ = p.conn.Send(Ping{T: FramePing, At: now.UnixMilli(), Offset: p.sent}.encode()) // one that cannot take it is ending
		if p.view != "" && now.Sub(p.viewed).Abs() >= 2*beat {
			p.viewed = now
			h.signal(p.agent, p.view, WhatViewing, false)
		}
	}
}

// renew extends the leases of all sockets, and announces whom the live inbox does not know.
func (h *Hub) renew(ctx context.Context) {
	h.mu.Lock()
	peers, tabs := make([]*peer, 0, len(h.peers)), make([]live.Tab, 0, len(h.peers))
	for p := range h.peers {
		if p.conn.Reason() == socket.Open {
			peers, tabs = append(peers, p), append(tabs, live.Tab{Agent: p.agent.ID, Socket: p.id})
		}
	}
	h.mu.Unlock()
	all, cancel := context.WithTimeout(ctx, beat)
	defer cancel()
	unknown, err := h.opt.Live.Heartbeat(all, tabs, lease)
	if err != nil && !errors.Is(err, live.ErrNoEpoch) && ctx.Err() == nil {
		h.opt.Log.Warn("leases not renewed", "err", err)
	}
	for _, i := range unknown {
		h.announce(ctx, peers[i])
	}
}

// learn keeps what the hub must know of the feed: who may see a conversation, and what the agents here have chosen. The caller
// holds mu.
func (h *Hub) learn(e live.Entry) {
	if e.Type == live.EntryAgent {
		var a live.AgentState
		if json.Unmarshal(e.Event, &a) != nil {
			return
		}
		if c := h.here[a.ID]; c != nil {
			c.presence, c.reason = a.Presence, a.Reason
		}
		return
	}
	if e.Conversation == "" {
		return
	}
	const most = 100_000
	if len(h.known) >= most {
		clear(h.known) // it is filled again by what moves
	}
	h.known[e.Conversation] = known{e.Audience, max(e.Seq, h.known[e.Conversation].seq)}
}
