package live

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"sportello/channels"
	"sportello/inbox"
)

// Announce makes an agent known, or known anew, with one socket whose lease runs for ttl. Presence "" keeps what it was (Offline for
// an agent who is not known). The idle clock starts when the agent was not known or offline; times away or without a lease do not
// count as idle (A1). Repeating it renews the lease, and tells the feed nothing.
func (in *Inbox) Announce(ctx context.Context, p Profile, presence Presence, reason, socket string, ttl time.Duration) (AgentState, error) {
	profile, err := json.Marshal(p)
	if err != nil {
		return AgentState{}, fmt.Errorf("announce %s: %w", p.ID, err)
	}
	now := in.now()
	args := []any{string(p.ID), profile, string(presence), reason, socket, milli(now.Add(ttl))}
	for k, n := range p.Capacity {
		args = append(args, string(k), n)
	}
	return in.stateOf(ctx, luaAnnounce, now, args...)
}

// Tab is one socket of an agent.
type Tab struct {
	Agent  inbox.AgentID
	Socket string
}

// heartbeatMost is how many leases one script extends, so that nobody waits for it in Redis for long.
const heartbeatMost = 64

// Heartbeat extends the leases of sockets. It returns the indexes of those whose agents are not known, such as after a rebuild: they must
// be announced. After an error some may have been extended.
func (in *Inbox) Heartbeat(ctx context.Context, tabs []Tab, ttl time.Duration) (unknown []int, err error) {
	for start := 0; start < len(tabs); start += heartbeatMost {
		some := tabs[start:min(start+heartbeatMost, len(tabs))]
		now := in.now()
		args := make([]any, 1, 1+2*len(some))
		args[0] = milli(now.Add(ttl))
		for _, t := range some {
			args = append(args, string(t.Agent), t.Socket)
		}
		out, err := in.run(ctx, luaHeartbeat, now, args...)
		if err != nil {
			return unknown, err
		}
		for _, place := range out {
			if n, ok := place.(int64); ok && n > 0 && int(n) <= len(some) {
				unknown = append(unknown, start+int(n)-1)
			}
		}
	}
	return unknown, nil
}

// Disconnect ends the lease of one socket. If it was the agent's last, he is lost from now on.
func (in *Inbox) Disconnect(ctx context.Context, agent inbox.AgentID, socket string) error {
	_, err := in.run(ctx, luaDisconnect, in.now(), string(agent), socket)
	return err
}

// SetPresence changes what the agent chose. Available forgets missed offers (O4); a pending offer of one who goes Offline is lost at
// the next Expire. ErrNotHere: the agent is not known.
func (in *Inbox) SetPresence(ctx context.Context, agent inbox.AgentID, p Presence, reason string) (AgentState, error) {
	return in.stateOf(ctx, luaPresence, in.now(), string(agent), string(p), reason)
}

func (in *Inbox) stateOf(ctx context.Context, s script, now time.Time, args ...any) (AgentState, error) {
	out, err := in.run(ctx, s, now, args...)
	if err != nil {
		return AgentState{}, err
	}
	return agentOf(text(out[0]), now)
}

// Agents are all agents announced since the last rebuild, by id.
func (in *Inbox) Agents(ctx context.Context) ([]AgentState, error) {
	now := in.now()
	out, err := in.run(ctx, luaAgents, now)
	if err != nil {
		return nil, err
	}
	return agentsOf(texts(out), now)
}

func agentsOf(states []string, now time.Time) ([]AgentState, error) {
	agents := make([]AgentState, 0, len(states))
	for _, s := range states {
		if s == "" {
			continue
		}
		a, err := agentOf(s, now)
		if err != nil {
			return nil, err
		}
		agents = append(agents, a)
	}
	slices.SortFunc(agents, func(a, b AgentState) int { return strings.Compare(string(a.ID), string(b.ID)) })
	return agents, nil
}

// Lost is an agent without a lease, and the chats that are assigned to him.
type Lost struct {
	Agent         inbox.AgentID
	At            time.Time // when the lease lapsed; of one never announced: when the inbox was rebuilt or the chat was given to him
	Conversations []inbox.Conversation
}

// Lost lists the agents whose lease lapsed at least grace before now and who have conversations on chat assigned (O6). It changes
// nothing: they are listed until the record has taken the conversations from them, or they are back.
func (in *Inbox) Lost(ctx context.Context, now time.Time, grace time.Duration) ([]Lost, error) {
	out, err := in.run(ctx, luaLost, now, milli(now.Add(-grace)), string(channels.Chat))
	if err != nil {
		return nil, err
	}
	var lost []Lost
	for l := texts(out); len(l) >= 3; {
		n, err := strconv.Atoi(l[2])
		if err != nil || len(l) < 3+n {
			return nil, fmt.Errorf("live lost: bad answer")
		}
		cs, err := conversationsOf(l[3 : 3+n])
		if err != nil {
			return nil, err
		}
		lost = append(lost, Lost{inbox.AgentID(l[0]), timeOf(l[1]), cs})
		l = l[3+n:]
	}
	return lost, nil
}
