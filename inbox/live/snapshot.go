package live

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"sportello/inbox"
)

// Snapshot is the inbox at one moment. Waiting is in the order of the routing clock, agents by id. What is inside is shared with other
// snapshots and must not be changed. A call reads only what changed since the last one; calls wait for each other.
func (in *Inbox) Snapshot(ctx context.Context) (Snapshot, error) {
	in.cache.mu.Lock()
	defer in.cache.mu.Unlock()
	now := in.now()
	out, err := in.run(ctx, luaSnapshot, now, in.cache.at.Epoch, in.cache.at.Offset)
	if err != nil {
		return Snapshot{}, err
	}
	if len(out) < 8 {
		return Snapshot{}, fmt.Errorf("live snapshot: short answer")
	}
	if err := in.cache.update(out); err != nil {
		in.cache.at = Position{} // the next one reads everything
		return Snapshot{}, err
	}
	s := Snapshot{Position: in.cache.at, Agents: in.cache.agentsAt(now, texts(out[7])), At: now}
	s.Waiting, err = in.cache.items(texts(out[4]), texts(out[5]))
	return s, err
}

// position reads epoch and offset at the start of an answer.
func position(out []any) Position {
	return Position{Epoch: text(out[0]), Offset: number(text(out[1]))}
}

// Work is what one agent has at hand.
type Work struct {
	Position      Position
	Conversations []inbox.Conversation // assigned to him, oldest first
	Offer         *Offer               // pending
}

// Work is what an agent's console starts from. An agent who is not known has whatever the record assigned to him.
func (in *Inbox) Work(ctx context.Context, agent inbox.AgentID) (Work, error) {
	out, err := in.run(ctx, luaWork, in.now(), string(agent))
	if err != nil {
		return Work{}, err
	}
	w := Work{Position: position(out)}
	if hold := text(out[2]); hold != "" {
		o, err := held(text(out[3]), hold)
		if err != nil {
			return Work{}, err
		}
		w.Offer = &o
	}
	if w.Conversations, err = conversationsOf(texts(out[4:])); err != nil {
		return Work{}, err
	}
	slices.SortFunc(w.Conversations, func(a, b inbox.Conversation) int {
		return cmp.Or(a.CreatedAt.Compare(b.CreatedAt), cmp.Compare(a.ID, b.ID))
	})
	return w, nil
}

// Conversations returns those of the ids that are open, in the order of ids.
func (in *Inbox) Conversations(ctx context.Context, ids []inbox.ConversationID) ([]inbox.Conversation, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	args := []any{0}
	for _, id := range ids {
		args = append(args, string(id))
	}
	return in.conversations(ctx, args...)
}

// Placeable are conversations in state new, oldest first, at most limit (which must be positive).
func (in *Inbox) Placeable(ctx context.Context, limit int) ([]inbox.Conversation, error) {
	return in.conversations(ctx, max(limit, 1))
}

func (in *Inbox) conversations(ctx context.Context, args ...any) ([]inbox.Conversation, error) {
	out, err := in.run(ctx, luaConversations, in.now(), args...)
	if err != nil {
		return nil, err
	}
	return conversationsOf(texts(out))
}
