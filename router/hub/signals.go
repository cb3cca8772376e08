package hub

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"sportello/channels/chat"
	"sportello/channels/pause"
	"sportello/inbox"
	"sportello/router/roster"
)

// The values of Signal.What, and the Who of the customer.
const (
	WhatTyping  = "typing"
	WhatViewing = "viewing"
	WhatLeft    = "left"
	WhoCustomer = "customer"
)

// The topics of the bus that all hubs listen to.
const (
	topicSignal  = "signal"
	topicSession = "session.ended"
)

// typeEvery is how often typing is passed on at most; viewLasts is how long a view counts that is not said again.
const (
	typeEvery = 2 * time.Second
	viewLasts = 25 * time.Second
)

// publication is a payload on its way to the bus.
type publication struct {
	topic   string
	payload []byte
	push    *chat.Push // when set: to the visitor of the conversation push.Epoch instead
}

// viewedFrom is who looks at a conversation.
type viewedFrom struct {
	name string
	at   time.Time
}

// CustomerTyping tells the agents that the customer types in a conversation. It does not block; it may be lost.
func (h *Hub) CustomerTyping(c inbox.ConversationID, name string) {
	h.tellSignal(Signal{T: FrameSignal, Conversation: c, What: WhatTyping, Who: WhoCustomer, Name: name})
}

// typing passes on that the agent types. Only whoever may answer is shown to the customer as typing.
func (p *peer) typing(f Typing) {
	h := p.hub
	h.mu.Lock()
	defer h.mu.Unlock()
	now := h.opt.Now()
	if f.Conversation == "" || now.Sub(p.typed).Abs() < typeEvery {
		return
	}
	p.typed = now
	h.signal(p.agent, f.Conversation, WhatTyping, f.Note)
	if !f.Note && h.answers(p.agent, f.Conversation) {
		h.toVisitor(chat.Push{Kind: chat.PushTyping, Epoch: string(f.Conversation), Name: p.agent.PublicName})
	}
}

// answers reports whether an agent may be writing to the customer. A conversation of which nothing was heard since this hub started
// counts as his: the console lets nobody else write. The caller holds mu.
func (h *Hub) answers(a *colleague, c inbox.ConversationID) bool {
	k, ok := h.known[c]
	return !ok || k.audience.Assignee == a.ID || a.Role != roster.RoleAgent
}

// seen tells the customer that the agent who has the conversation has it on the screen. The caller holds mu.
func (p *peer) seen(c inbox.ConversationID) {
	if k := p.hub.known[c]; k.audience.Assignee == p.agent.ID && k.seq > 0 {
		p.hub.toVisitor(chat.Push{Kind: chat.PushSeen, Epoch: string(c), Seq: k.seq})
	}
}

// toVisitor sends a push to the visitor of the conversation that it names.
func (h *Hub) toVisitor(p chat.Push) {
	if h.opt.Visitor != nil {
		h.push(publication{push: &p})
	}
}

// viewing notes which conversation is on the screen and tells who else looks at it.
func (p *peer) viewing(f View) {
	h := p.hub
	h.mu.Lock()
	defer h.mu.Unlock()
	if f.Conversation == p.view {
		return
	}
	if p.view != "" {
		h.signal(p.agent, p.view, WhatLeft, false)
	}
	p.view, p.viewed = f.Conversation, h.opt.Now()
	if p.view == "" {
		return
	}
	h.signal(p.agent, p.view, WhatViewing, false)
	p.seen(p.view)
	for id, v := range h.viewers[p.view] {
		if id != p.agent.ID {
			p.send(Signal{T: FrameSignal, At: h.millis(), Conversation: p.view, What: WhatViewing, Who: string(id), Name: v.name})
		}
	}
}

// signal sends a sign of an agent to all hubs, this one included.
func (h *Hub) signal(a *colleague, c inbox.ConversationID, what string, note bool) {
	h.tellSignal(Signal{T: FrameSignal, Conversation: c, What: what, Who: string(a.ID), Name: a.Name, Note: note})
}

func (h *Hub) tellSignal(s Signal) {
	data, err := json.Marshal(s)
	if err != nil {
		h.opt.Log.Error("signal not encoded", "err", err)
		return
	}
	h.tell(topicSignal, data)
}

func (h *Hub) tell(topic string, payload []byte) { h.push(publication{topic: topic, payload: payload}) }

func (h *Hub) push(p publication) {
	select {
	case h.out <- p:
	default: // signals are of passing interest
	}
}

// publish sends what is pushed to the bus until ctx ends.
func (h *Hub) publish(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case p := <-h.out:
			if err := h.publishOne(ctx, p); err != nil && ctx.Err() == nil {
				h.opt.Log.Debug("signal lost", "err", err)
			}
		}
	}
}

func (h *Hub) publishOne(ctx context.Context, p publication) error {
	ctx, cancel := context.WithTimeout(ctx, call)
	defer cancel()
	if p.push == nil {
		return h.opt.Live.Publish(ctx, p.topic, p.payload)
	}
	v, ok, err := h.opt.Visitor(ctx, inbox.ConversationID(p.push.Epoch))
	if err != nil || !ok {
		return err
	}
	return chat.Publish(ctx, h.opt.Live, v.Account, v.Visitor, *p.push)
}

// listen receives the signals of all hubs until ctx ends.
func (h *Hub) listen(ctx context.Context) error {
	const between = time.Second
	for {
		err := h.listenOnce(ctx)
		if ctx.Err() != nil {
			return nil
		}
		h.opt.Log.Warn("no signals", "err", err)
		if !pause.For(ctx, between) {
			return nil
		}
	}
}

// listenOnce subscribes and waits for the end. The bus renews its subscriptions by itself when Redis comes back.
func (h *Hub) listenOnce(ctx context.Context) error {
	stop, err := h.opt.Live.Subscribe(ctx, topicSignal, h.heardSignal)
	if err != nil {
		return err
	}
	defer stop()
	stopSessions, err := h.opt.Live.Subscribe(ctx, topicSession, func(payload []byte) { h.endSession(string(payload)) })
	if err != nil {
		return err
	}
	defer stopSessions()
	<-ctx.Done()
	return errors.New("stopped")
}

// heardSignal shows a signal to those whom it concerns: who has the conversation on the screen, and who has the conversation.
func (h *Hub) heardSignal(payload []byte) {
	var s Signal
	if json.Unmarshal(payload, &s) != nil || s.Conversation == "" {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	s.At = h.millis()
	if !h.noteViewer(s) {
		return
	}
	to := h.known[s.Conversation].audience
	for p := range h.peers {
		if string(p.agent.ID) != s.Who && (p.view == s.Conversation || to.Assignee != "" && to.Assignee == p.agent.ID) {
			p.send(s)
		}
	}
}

// noteViewer keeps who looks at what, and reports whether the signal is news. The caller holds mu.
func (h *Hub) noteViewer(s Signal) bool {
	here := h.viewers[s.Conversation]
	id := inbox.AgentID(s.Who)
	switch s.What {
	case WhatViewing:
		if here == nil {
			here = map[inbox.AgentID]*viewedFrom{}
			h.viewers[s.Conversation] = here
		}
		_, known := here[id]
		here[id] = &viewedFrom{name: s.Name, at: h.opt.Now()}
		return !known
	case WhatLeft:
		delete(here, id)
		if len(here) == 0 {
			delete(h.viewers, s.Conversation)
		}
	}
	return true
}

// fadeViewers forgets who has not said for a while that he looks: his gateway is gone.
func (h *Hub) fadeViewers() {
	h.mu.Lock()
	defer h.mu.Unlock()
	now := h.opt.Now()
	for c, here := range h.viewers {
		for id, v := range here {
			if now.Sub(v.at).Abs() <= viewLasts {
				continue
			}
			delete(here, id)
			for p := range h.peers {
				if p.view == c && p.agent.ID != id {
					p.send(Signal{T: FrameSignal, At: h.millis(), Conversation: c, What: WhatLeft, Who: string(id), Name: v.name})
				}
			}
		}
		if len(here) == 0 {
			delete(h.viewers, c)
		}
	}
}
