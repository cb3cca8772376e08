package live

import (
	"cmp"
	"slices"
	"sync"
	"time"

	"sportello/inbox"
)

// cache is what the last snapshot knew, so that the next one reads only what changed. Its conversations and agents are never changed
// in place, only replaced, because snapshots share them.
type cache struct {
	mu      sync.Mutex
	at      Position
	waiting map[inbox.ConversationID]*inbox.Conversation
	order   []*inbox.Conversation // the same, by the routing clock
	agents  map[inbox.AgentID]AgentState
	byID    []inbox.AgentID
}

// manyChanges is when sorting anew is quicker than moving one by one.
const manyChanges = 256

func byClock(a, b *inbox.Conversation) int {
	return cmp.Or(clock(*a).Compare(clock(*b)), cmp.Compare(a.ID, b.ID))
}

// update takes in the answer of snapshot.lua.
func (c *cache) update(out []any) error {
	changed, states := texts(out[3]), texts(out[6])
	if text(out[2]) == "1" || c.waiting == nil {
		c.waiting, c.agents = map[inbox.ConversationID]*inbox.Conversation{}, map[inbox.AgentID]AgentState{}
		c.order, c.byID = nil, nil
	}
	one := len(changed) < 2*manyChanges
	for i := 0; i+1 < len(changed); i += 2 {
		if err := c.put(inbox.ConversationID(changed[i]), changed[i+1], one); err != nil {
			return err
		}
	}
	if !one {
		c.order = c.order[:0]
		for _, v := range c.waiting {
			c.order = append(c.order, v)
		}
		slices.SortFunc(c.order, byClock)
	}
	for _, s := range states {
		if err := c.putAgent(s); err != nil {
			return err
		}
	}
	c.at = position(out)
	return nil
}

// put replaces one conversation; sorted also in the order.
func (c *cache) put(id inbox.ConversationID, json string, sorted bool) error {
	if old := c.waiting[id]; old != nil {
		delete(c.waiting, id)
		if i, ok := slices.BinarySearchFunc(c.order, old, byClock); ok && sorted {
			c.order = slices.Delete(c.order, i, i+1)
		}
	}
	if json == "" {
		return nil
	}
	v, err := conversationOf(json)
	if err != nil || v.State != inbox.Waiting {
		return err
	}
	c.waiting[id] = &v
	if sorted {
		i, _ := slices.BinarySearchFunc(c.order, &v, byClock)
		c.order = slices.Insert(c.order, i, &v)
	}
	return nil
}

func (c *cache) putAgent(s string) error {
	if s == "" {
		return nil
	}
	a, err := agentOf(s, time.Time{})
	if err != nil {
		return err
	}
	if _, ok := c.agents[a.ID]; !ok {
		i, _ := slices.BinarySearch(c.byID, a.ID)
		c.byID = slices.Insert(c.byID, i, a.ID)
	}
	c.agents[a.ID] = a
	return nil
}

// agentsAt are all agents, connected or not by their leases.
func (c *cache) agentsAt(now time.Time, leases []string) []AgentState {
	ends := make(map[inbox.AgentID]time.Time, len(leases)/2)
	for i := 0; i+1 < len(leases); i += 2 {
		ends[inbox.AgentID(leases[i])] = timeOf(leases[i+1])
	}
	agents := make([]AgentState, len(c.byID))
	for i, id := range c.byID {
		agents[i] = c.agents[id]
		agents[i].lease(ends[id], now)
	}
	return agents
}

// items are the waiting conversations with who holds them and who must not be offered them.
func (c *cache) items(holds, excluded []string) ([]Item, error) {
	items, index := make([]Item, len(c.order)), make(map[inbox.ConversationID]*Item, (len(holds)+len(excluded))/2)
	for i, v := range c.order {
		items[i].Conversation = *v
	}
	item := func(id string) *Item {
		v := c.waiting[inbox.ConversationID(id)]
		if v == nil {
			return nil
		}
		if index[v.ID] == nil {
			i, _ := slices.BinarySearchFunc(c.order, v, byClock)
			index[v.ID] = &items[i]
		}
		return index[v.ID]
	}
	for i := 0; i+1 < len(holds); i += 2 {
		if it := item(holds[i]); it != nil && holds[i+1] != "" {
			o, err := offerOf(holds[i+1], it.Conversation)
			if err != nil {
				return nil, err
			}
			it.Offer = &o
		}
	}
	for i := 0; i+2 < len(excluded); i += 3 {
		if it := item(excluded[i]); it != nil {
			if it.Excluded == nil {
				it.Excluded = map[inbox.AgentID]time.Time{}
			}
			it.Excluded[inbox.AgentID(excluded[i+1])] = timeOf(excluded[i+2])
		}
	}
	return items, nil
}
