package live

import (
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"sportello/channels"
	"sportello/inbox"
)

// The scripts give agents and holds as JSON lists of strings (lua/lib.lua). Here they become what this package exports.

// KindOf is the channel whose room a conversation takes: that of the customer's last message, or the one it began on.
func KindOf(c inbox.Conversation) channels.Kind {
	if c.LastKind != "" {
		return c.LastKind
	}
	return c.Kind
}

func list(s string, least int) ([]string, error) {
	var l []string
	if err := json.Unmarshal([]byte(s), &l); err != nil {
		return nil, fmt.Errorf("live: read state: %w", err)
	}
	if len(l) < least {
		return nil, fmt.Errorf("live: read state: %d fields instead of %d", len(l), least)
	}
	return l, nil
}

// agentOf reads what agent_state wrote; at is the moment it was written.
func agentOf(s string, at time.Time) (AgentState, error) {
	l, err := list(s, 7)
	if err != nil {
		return AgentState{}, err
	}
	var a AgentState
	if err := json.Unmarshal([]byte(l[0]), &a.Profile); err != nil {
		return a, fmt.Errorf("live: read profile: %w", err)
	}
	a.Presence, a.Reason, a.Since, a.IdleSince = Presence(l[1]), l[2], timeOf(l[3]), timeOf(l[4])
	a.Missed, _ = strconv.Atoi(l[5])
	a.lease(timeOf(l[6]), at)
	a.Load = map[channels.Kind]int{}
	for _, k := range l[7:] {
		a.Load[channels.Kind(k)]++
	}
	return a, nil
}

// lease sets what follows from the end of the agent's last lease.
func (a *AgentState) lease(end, now time.Time) {
	a.Connected, a.LostAt = end.After(now), end
	if a.Connected {
		a.LostAt = time.Time{}
	}
}

// offerOf reads what hold_of wrote.
func offerOf(hold string, c inbox.Conversation) (Offer, error) {
	l, err := list(hold, 6)
	if err != nil {
		return Offer{}, err
	}
	o := Offer{
		ID: l[0], Conversation: c, Agent: inbox.AgentID(l[1]), MadeAt: timeOf(l[2]), Expires: timeOf(l[3]), Claimed: l[5] == "claim",
	}
	if l[4] != "" {
		o.Decision = new(inbox.Decision)
		if err := json.Unmarshal([]byte(l[4]), o.Decision); err != nil {
			return o, fmt.Errorf("live: read decision: %w", err)
		}
	}
	return o, nil
}

// endOf reads the payload of an offer.ended entry.
func endOf(s string) (OfferEnd, error) {
	l, err := list(s, 5)
	if err != nil {
		return OfferEnd{}, err
	}
	missed, _ := strconv.Atoi(l[4])
	return OfferEnd{
		Offer: l[0], Conversation: inbox.ConversationID(l[1]), Agent: inbox.AgentID(l[2]), How: l[3], Missed: missed,
	}, nil
}

func conversationOf(s string) (inbox.Conversation, error) {
	var c inbox.Conversation
	if err := json.Unmarshal([]byte(s), &c); err != nil {
		return c, fmt.Errorf("live: read conversation: %w", err)
	}
	return c, nil
}

func conversationsOf(l []string) ([]inbox.Conversation, error) {
	out := make([]inbox.Conversation, 0, len(l))
	for _, s := range l {
		if s == "" {
			continue
		}
		c, err := conversationOf(s)
		if err != nil {
			return nil, err
		}
		out = append(out, c)
	}
	return out, nil
}

// clock is where a conversation stands in the order of its state.
func clock(c inbox.Conversation) time.Time {
	if c.QueuedAt.IsZero() {
		return c.CreatedAt
	}
	return c.QueuedAt
}
