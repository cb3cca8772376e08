package agentui

import (
	"errors"
	"slices"
	"time"

	"sportello/agentui/wire"
	"sportello/channels"
	"sportello/inbox"
	"sportello/inbox/live"
	"sportello/router/roster"
)

const (
	waitingMost = 200
	nobodyYet   = 15 * time.Second // the lease of an agent who chose a presence before his socket was there
)

// work is what a console starts from. Its position is the oldest of what was read, so that the entries after it miss nothing.
func (s *Server) work(c *call) (any, error) {
	mine, err := s.Live.Work(c.ctx, c.me.ID)
	if err != nil {
		return nil, err
	}
	snap, err := s.Live.Snapshot(c.ctx)
	if err != nil {
		return nil, err
	}
	if snap.Position.Epoch != mine.Position.Epoch {
		return nil, live.ErrNoEpoch // rebuilt between the two: the client comes again
	}
	out := wire.Work{
		Position: mine.Position, Me: s.stateOf(c.me, snap.Agents), Mine: mine.Conversations, Offer: mine.Offer,
		Agents: snap.Agents, Now: s.Now().UTC(),
	}
	for _, item := range snap.Waiting {
		if len(out.Waiting) < waitingMost && (manages(c.me) || c.me.Serves(item.Queue)) {
			out.Waiting = append(out.Waiting, item.Conversation)
		}
	}
	return out, nil
}

// stateOf finds an agent among those announced. One who is not announced yet is offline.
func (s *Server) stateOf(a roster.Agent, all []live.AgentState) live.AgentState {
	for _, state := range all {
		if state.ID == a.ID {
			return state
		}
	}
	now := s.Now().UTC()
	return live.AgentState{Profile: a.Profile(), Presence: live.Offline, Since: now, IdleSince: now}
}

// setPresence changes what the agent chose. An agent whose socket is not there yet is announced for the moment.
func (s *Server) setPresence(c *call) (any, error) {
	var in wire.SetPresence
	if err := c.decode(&in); err != nil {
		return nil, err
	}
	if !slices.Contains([]live.Presence{live.Offline, live.Available, live.Away}, in.Presence) {
		return nil, invalid("presence", "format")
	}
	if err := text("reason", in.Reason, false, 100); err != nil {
		return nil, err
	}
	state, err := s.Live.SetPresence(c.ctx, c.me.ID, in.Presence, in.Reason)
	if errors.Is(err, live.ErrNotHere) {
		state, err = s.Live.Announce(c.ctx, c.me.Profile(), in.Presence, in.Reason, "http:"+c.session.ID, nobodyYet)
	}
	if err != nil {
		return nil, err
	}
	return state, nil
}

// directory lists queues and colleagues with how they do now.
func (s *Server) directory(c *call) (any, error) {
	queues, err := s.Roster.Queues(c.ctx)
	if err != nil {
		return nil, err
	}
	agents, err := s.Roster.Agents(c.ctx)
	if err != nil {
		return nil, err
	}
	snap, err := s.Live.Snapshot(c.ctx)
	if err != nil {
		return nil, err
	}
	var out wire.Directory
	for _, q := range queues {
		out.Queues = append(out.Queues, queueEntry(q, snap))
	}
	for _, a := range agents {
		if !a.DisabledAt.IsZero() {
			continue
		}
		state := s.stateOf(a, snap.Agents)
		if !state.Connected {
			state.Presence = live.Offline
		}
		out.Agents = append(out.Agents, wire.AgentEntry{
			ID: a.ID, Name: a.Name, Presence: state.Presence, Load: state.Load, Capacity: a.Capacity, Queues: a.Queues,
		})
	}
	return out, nil
}

// queueEntry counts what waits in a queue and who has room for any of its channels.
func queueEntry(q roster.Queue, snap live.Snapshot) wire.QueueEntry {
	out := wire.QueueEntry{ID: q.ID, Name: q.Name}
	for _, item := range snap.Waiting {
		if item.Queue != q.ID {
			continue
		}
		out.Waiting++
		if out.Oldest.IsZero() || item.QueuedAt.Before(out.Oldest) {
			out.Oldest = item.QueuedAt
		}
	}
	for _, a := range snap.Agents {
		if a.Presence == live.Available && a.Connected && slices.Contains(a.Queues, q.ID) && hasRoom(a) {
			out.Free++
		}
	}
	return out
}

func hasRoom(a live.AgentState) bool {
	for kind := range a.Capacity {
		if a.Room(kind) {
			return true
		}
	}
	return false
}

// retryHeld has messages tried again that an account could not take in.
func (s *Server) retryHeld(c *call) (any, error) {
	if err := allow(c.me, verbRetry, inbox.Conversation{}); err != nil {
		return nil, err
	}
	return s.command(c, func() (any, error) {
		if s.Retry == nil {
			return nil, errNotFound
		}
		ok, err := s.Retry(c.ctx, channels.AccountID(c.r.PathValue("account")))
		if err == nil && !ok {
			err = errNotFound
		}
		return nil, err
	})
}

// channelHealth says how each account does.
func (s *Server) channelHealth(*call) (any, error) {
	out := []wire.ChannelHealth{}
	for _, h := range s.Health() {
		out = append(out, wire.ChannelHealth{
			Account: h.Account, Kind: h.Kind, OK: h.OK, Code: h.Code, Folder: h.Folder, Sending: h.Sending, Since: h.Since, LastSuccess: h.LastSuccess,
			Lag: h.Lag, Held: h.Held,
		})
	}
	return out, nil
}
