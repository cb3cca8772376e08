package hub

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"sportello/channels/socket"
	"sportello/inbox"
	"sportello/inbox/live"
	"sportello/router/roster"
)

// announce makes the agent of a new socket known, with what he chose last.
func (h *Hub) announce(ctx context.Context, p *peer) {
	h.mu.Lock()
	profile, was := p.agent.Profile(), h.presences[p.agent.ID]
	h.mu.Unlock()
	_, err := h.opt.Live.Announce(ctx, profile, was.presence, was.reason, p.id, lease)
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
			for _, p := range h.all() {
				h.renew(ctx, p)
				h.review(ctx, p)
			}
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
		p.send(Ping{T: FramePing, At: now.UnixMilli(), Offset: p.sent})
		if p.view != "" && now.Sub(p.viewed).Abs() >= 2*beat {
			p.viewed = now
			h.signal(p.agent, p.view, WhatViewing, false)
		}
	}
}

// renew extends the lease of a socket.
func (h *Hub) renew(ctx context.Context, p *peer) {
	if p.conn.Reason() != socket.Open {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, call)
	defer cancel()
	h.mu.Lock()
	agent := p.agent.ID
	h.mu.Unlock()
	switch err := h.opt.Live.Heartbeat(ctx, agent, p.id, lease); {
	case err == nil, errors.Is(err, live.ErrNoEpoch):
	case errors.Is(err, live.ErrNotHere):
		h.announce(ctx, p)
	default:
		h.opt.Log.Warn("lease not renewed", "agent", agent, "err", err)
	}
}

// review looks again, once in a while, at who the agent is and whether he is still signed in.
func (h *Hub) review(ctx context.Context, p *peer) {
	now := h.opt.Now()
	h.mu.Lock()
	due, agent := now.Sub(p.checked).Abs() >= review, p.agent
	if due {
		p.checked = now
	}
	h.mu.Unlock()
	if !due {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, call)
	defer cancel()
	fresh, err := h.opt.Roster.Agent(ctx, agent.ID)
	alive := true
	if err == nil && h.opt.Alive != nil {
		alive, err = h.opt.Alive(ctx, p.session)
	}
	switch {
	case errors.Is(err, roster.ErrUnknown) || err == nil && (!alive || !fresh.DisabledAt.IsZero()):
		p.conn.Close(socket.Unauthorized)
	case err != nil:
		h.opt.Log.Warn("agent not looked up", "agent", agent.ID, "err", err)
	case fresh.UpdatedAt != agent.UpdatedAt:
		h.mu.Lock()
		p.agent = fresh
		h.mu.Unlock()
		h.announce(ctx, p)
	}
}

// learn keeps what the hub must know of the feed: who may see a conversation, and what the agents here have chosen. The caller
// holds mu.
func (h *Hub) learn(e live.Entry) {
	if e.Type == live.EntryAgent {
		var a live.AgentState
		if json.Unmarshal(e.Event, &a) == nil && h.connected(a.ID) {
			h.presences[a.ID] = presence{a.Presence, a.Reason}
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

// connected reports whether an agent has a socket here. The caller holds mu.
func (h *Hub) connected(id inbox.AgentID) bool {
	for p := range h.peers {
		if p.agent.ID == id {
			return true
		}
	}
	return false
}
