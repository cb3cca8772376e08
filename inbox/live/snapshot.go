package live

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"sportello/inbox"
)

// cache keeps the open conversations of the last snapshot, so that the next one carries only what changed since.
type cache struct {
	mu            sync.Mutex
	at            Position
	conversations map[inbox.ConversationID]inbox.Conversation
}

// Snapshot is the inbox at one moment. Waiting is in the order of the routing clock. One call at a time reads; the others wait.
func (in *Inbox) Snapshot(ctx context.Context) (Snapshot, error) {
	in.cache.mu.Lock()
	defer in.cache.mu.Unlock()
	s, complete, err := in.snapshot(ctx)
	if err == nil && !complete {
		in.cache.at = Position{} // the cache was wrong: read everything
		s, complete, err = in.snapshot(ctx)
		if err == nil && !complete {
			return Snapshot{}, fmt.Errorf("live snapshot: an open conversation has no data")
		}
	}
	return s, err
}

func (in *Inbox) snapshot(ctx context.Context) (s Snapshot, complete bool, err error) {
	now := in.now()
	out, err := in.run(ctx, luaSnapshot, now, in.cache.at.Epoch, in.cache.at.Offset)
	if err != nil {
		return s, false, err
	}
	if len(out) < 8 {
		return s, false, fmt.Errorf("live snapshot: short answer")
	}
	s = Snapshot{Position: position(out), At: now}
	if err := in.cache.update(s.Position, text(out[2]) == "1", texts(out[3])); err != nil {
		return s, false, err
	}
	if s.Waiting, complete, err = in.cache.waiting(out); err != nil {
		return s, false, err
	}
	s.Agents, err = agentsOf(texts(out[7]), now)
	return s, complete, err
}

// position reads epoch and offset at the start of an answer.
func position(out []any) Position {
	return Position{Epoch: text(out[0]), Offset: number(text(out[1]))}
}

// update takes in the conversations that changed and forgets those that closed long ago.
func (c *cache) update(at Position, all bool, changed []string) error {
	if all || c.conversations == nil {
		c.conversations = make(map[inbox.ConversationID]inbox.Conversation, len(changed)/2)
	}
	for i := 0; i+1 < len(changed); i += 2 {
		v, err := conversationOf(changed[i+1])
		if err != nil {
			c.at = Position{}
			return err
		}
		if v.State != inbox.Waiting {
			delete(c.conversations, v.ID)
			continue
		}
		c.conversations[v.ID] = v
	}
	c.at = at
	return nil
}

func (c *cache) waiting(out []any) (items []Item, complete bool, err error) {
	ids := texts(out[4])
	items = make([]Item, len(ids))
	index := make(map[inbox.ConversationID]*Item, len(ids))
	for i, id := range ids {
		v, ok := c.conversations[inbox.ConversationID(id)]
		if !ok {
			return nil, false, nil
		}
		items[i].Conversation = v
		index[v.ID] = &items[i]
	}
	c.prune(index)
	holds := texts(out[5])
	for i := 0; i+1 < len(holds); i += 2 {
		if it := index[inbox.ConversationID(holds[i])]; it != nil && holds[i+1] != "" {
			o, err := offerOf(holds[i+1], it.Conversation)
			if err != nil {
				return nil, false, err
			}
			it.Offer = &o
		}
	}
	excluded := texts(out[6])
	for i := 0; i+2 < len(excluded); i += 3 {
		if it := index[inbox.ConversationID(excluded[i])]; it != nil {
			it.exclude(inbox.AgentID(excluded[i+1]), excluded[i+2])
		}
	}
	slices.SortStableFunc(items, func(a, b Item) int {
		return cmp.Or(clock(a.Conversation).Compare(clock(b.Conversation)), cmp.Compare(a.ID, b.ID))
	})
	return items, true, nil
}

// prune forgets conversations that do not wait any more and of which no change was told, because they were closed.
func (c *cache) prune(waiting map[inbox.ConversationID]*Item) {
	if len(c.conversations) <= len(waiting) {
		return
	}
	for id := range c.conversations {
		if waiting[id] == nil {
			delete(c.conversations, id)
		}
	}
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

func (it *Item) exclude(agent inbox.AgentID, until string) {
	if it.Excluded == nil {
		it.Excluded = map[inbox.AgentID]time.Time{}
	}
	it.Excluded[agent] = timeOf(until)
}
