package router

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"sportello/inbox"
	"sportello/inbox/journal"
	"sportello/inbox/live"
)

// match pairs and acts. A pairing that a script or the ledger refuses was overtaken by something newer: one more round looks again.
func (r *Router) match(ctx context.Context) (clocked bool, err error) {
	for range 3 {
		begun := time.Now()
		snapshot, err := r.live.Snapshot(ctx)
		if err != nil {
			return false, fmt.Errorf("snapshot: %w", err)
		}
		pairings := Match(snapshot, r.cfg.Policy, r.now())
		r.choosing = time.Since(begun)
		overtaken, err := r.act(ctx, pairings)
		if err != nil {
			return false, err
		}
		if overtaken {
			continue
		}
		return waitsForClock(snapshot, pairings), r.tell(ctx, pairings)
	}
	return true, nil // busy nodes: look again at the next beat
}

func waitsForClock(s live.Snapshot, pairings []Pairing) bool {
	return slices.ContainsFunc(pairings, func(p Pairing) bool { return p.Decision.Reason == ReasonStickyWait }) ||
		slices.ContainsFunc(s.Waiting, func(it live.Item) bool { return it.Offer == nil && len(it.Excluded) > 0 })
}

// act offers and assigns, several at a time. overtaken says that something was refused as no longer true.
func (r *Router) act(ctx context.Context, pairings []Pairing) (overtaken bool, err error) {
	var late atomic.Bool
	var group errgroup.Group // one that fails does not stop the others
	group.SetLimit(8)
	for i := range pairings {
		p := &pairings[i]
		if p.Agent == "" {
			continue
		}
		group.Go(func() error {
			do := r.offer
			if p.Mode == ModeAssign {
				do = r.assign
			}
			err := do(ctx, *p)
			if errors.Is(err, live.ErrNotWaiting) || errors.Is(err, live.ErrNoRoom) || errors.Is(err, live.ErrNotHere) || raced(err) {
				late.Store(true)
				return nil
			}
			return err
		})
	}
	err = group.Wait()
	return late.Load(), err
}

// offer holds the conversation for the agent and writes the decision down. If he accepts before it is written, the record refuses it
// and the assignment, which carries the same decision, is all it keeps.
func (r *Router) offer(ctx context.Context, p Pairing) error {
	if p.Forgive {
		if err := r.live.Forgive(ctx, p.Conversation.ID); err != nil {
			return fmt.Errorf("offer %s: %w", p.Conversation.ID, err)
		}
	}
	d := p.Decision
	offer, err := r.live.Offer(ctx, p.Conversation.ID, p.Agent, p.Time, &d)
	if err != nil {
		return fmt.Errorf("offer %s: %w", p.Conversation.ID, err)
	}
	d.Offer, d.Expires = offer.ID, offer.Expires
	d = Fit(d)
	if err := r.ledger.Offered(ctx, p.Conversation.ID, d); err != nil {
		return fmt.Errorf("offer %s: %w", p.Conversation.ID, err) // the offer stands, and ends by itself
	}
	r.log.Info("conversation offered", "conversation", p.Conversation.ID, "agent", p.Agent, "why", Sentence(d, "en"))
	return nil
}

// assign gives the conversation to the agent at once.
func (r *Router) assign(ctx context.Context, p Pairing) error {
	if _, err := r.live.Claim(ctx, p.Conversation.ID, p.Agent, false); err != nil {
		return fmt.Errorf("assign %s: %w", p.Conversation.ID, err)
	}
	actor := journal.Actor(fmt.Sprintf("rules:%d", p.Decision.RulesVersion))
	if _, err := r.confirm(ctx, p.Conversation.ID, p.Agent, p.Decision, actor); err != nil {
		return err
	}
	r.log.Info("conversation assigned", "conversation", p.Conversation.ID, "agent", p.Agent, "why", Sentence(p.Decision, "en"))
	return nil
}

// confirm writes into the record what the live inbox has granted. When the record refuses, the grant is taken back. When it is not
// known whether the record took it, the grant stays until it lapses: the journal tells.
func (r *Router) confirm(ctx context.Context, id inbox.ConversationID, agent inbox.AgentID, d inbox.Decision, actor journal.Actor) (inbox.Conversation, error) {
	c, err := r.ledger.Assign(ctx, inbox.AssignCmd{Conversation: id, Agent: agent, Decision: d, Actor: actor})
	if err == nil {
		return c, nil
	}
	if raced(err) {
		err = errors.Join(err, r.live.Unclaim(ctx, id, agent))
	}
	return inbox.Conversation{}, fmt.Errorf("assign %s: %w", id, err)
}

// expire ends offers that were not answered, and those of agents who are gone (O3, O6).
func (r *Router) expire(ctx context.Context) error {
	ended, err := r.live.Expire(ctx, r.now())
	if err != nil {
		return fmt.Errorf("expire offers: %w", err)
	}
	for _, e := range ended {
		r.bell.Ring()
		err := r.ledger.OfferEnded(ctx, e.Conversation.ID, e.Agent, e.ID, e.How, "")
		if err != nil && !raced(err) {
			return fmt.Errorf("offer ended %s: %w", e.Conversation.ID, err)
		}
		r.log.Info("offer ended", "conversation", e.Conversation.ID, "agent", e.Agent, "how", e.How, "missed", e.Missed)
	}
	return nil
}

// takeBack takes chats back from agents who have been gone for the grace time (O6). Mail stays with them.
func (r *Router) takeBack(ctx context.Context) error {
	lost, err := r.live.Lost(ctx, r.now(), r.cfg.DisconnectGrace)
	if err != nil {
		return fmt.Errorf("lost agents: %w", err)
	}
	for _, l := range lost {
		for _, c := range l.Conversations {
			if err := r.requeue(ctx, c.ID, l.Agent); err != nil && !raced(err) {
				return fmt.Errorf("requeue %s: %w", c.ID, err)
			}
			r.log.Warn("agent lost, conversation requeued", "conversation", c.ID, "agent", l.Agent, "since", l.At)
		}
	}
	return nil
}

// boost is what a customer who was left by his agent is moved up, in points of priority.
const boost = 20

// requeue puts a conversation back, a little further up. Its clock runs since it first waited, and its agent stays its sticky one.
// After a crash between the two steps it waits without the boost.
func (r *Router) requeue(ctx context.Context, id inbox.ConversationID, agent inbox.AgentID) error {
	c, err := r.ledger.Requeue(ctx, inbox.RequeueCmd{Conversation: id, Agent: agent, Reason: ReasonAgentLost})
	if err != nil || c.State != inbox.Waiting || c.Sticky != agent {
		return err
	}
	d := inbox.Decision{RulesVersion: c.RulesVersion, Queue: c.Queue, Reason: ReasonAgentLost}
	_, err = r.ledger.Place(ctx, inbox.PlaceCmd{Conversation: id, Queue: c.Queue, Priority: min(100, c.Priority+boost), Skills: c.Skills,
		Decision: d, Actor: "system"})
	return err
}

// told is what the record knows about a conversation that nobody can take.
type told struct {
	why string
	at  time.Time
}

const (
	tellAtOnce = 50          // in one pass
	tellAgain  = time.Minute // not sooner, however often the reasons change
	tellLease  = 5 * time.Second
)

// tell writes down why conversations wait: once, and again when the reasons have changed. One node does it for all.
func (r *Router) tell(ctx context.Context, pairings []Pairing) error {
	waiting := map[inbox.ConversationID]bool{}
	var news []Pairing
	for i := range pairings {
		p := &pairings[i]
		if p.Agent != "" {
			continue
		}
		waiting[p.Conversation.ID] = true
		last, known := r.told[p.Conversation.ID]
		if len(news) < tellAtOnce && (!known || last.why != whyKey(p.Decision) && r.now().Sub(last.at).Abs() >= tellAgain) {
			news = append(news, *p)
		}
	}
	for id := range r.told {
		if !waiting[id] {
			delete(r.told, id)
		}
	}
	if len(news) == 0 {
		return nil
	}
	if _, mine, err := r.live.Lease(ctx, "router.tell", r.cfg.Node, tellLease); err != nil || !mine {
		return wrap("tell who waits", err)
	}
	why := make(map[inbox.ConversationID]inbox.Decision, len(news))
	for _, p := range news {
		why[p.Conversation.ID] = p.Decision
	}
	if err := r.ledger.Unmatched(ctx, why); err != nil {
		return wrap("tell who waits", err)
	}
	for _, p := range news {
		r.told[p.Conversation.ID] = told{whyKey(p.Decision), r.now()}
		r.log.Info("conversation waits", "conversation", p.Conversation.ID, "why", Sentence(p.Decision, "en"))
	}
	return nil
}

// whyKey is what counts as the same reason: numbers and names do not, nor whether somebody is full or looks at an offer.
func whyKey(d inbox.Decision) string {
	parts := []string{d.Reason}
	for _, g := range d.Excluded {
		code := g.Code
		if code == OfferPending {
			code = AtCapacity
		}
		if !slices.Contains(parts, code) {
			parts = append(parts, code)
		}
	}
	slices.Sort(parts[1:])
	return strings.Join(parts, " ")
}
