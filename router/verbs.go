package router

import (
	"context"
	"errors"
	"fmt"

	"sportello/inbox"
	"sportello/inbox/live"
)

// AcceptOffer gives the offered conversation to its agent. Repeating it is the same success (O2). It fails with live.ErrOfferGone
// (a *live.GoneError that says who has it) when the offer has ended otherwise, and with an inbox.Refused when the record says no.
func (r *Router) AcceptOffer(ctx context.Context, offer string, agent inbox.AgentID) (inbox.Conversation, error) {
	o, err := r.live.Accept(ctx, offer, agent)
	if err != nil {
		return inbox.Conversation{}, fmt.Errorf("accept offer: %w", err)
	}
	d := inbox.Decision{Agent: agent, Queue: o.Conversation.Queue, Reason: ReasonTaken}
	if o.Decision != nil {
		d = *o.Decision
	}
	d.Offer, d.Expires = o.ID, o.Expires
	return r.confirm(ctx, o.Conversation.ID, agent, Fit(d), inbox.ActorOf(agent))
}

// DeclineOffer puts the conversation back with its own wait clock; its agent is not offered it again for a while (O3). reason is a
// word of the agent. It fails with live.ErrOfferGone when the offer has ended.
func (r *Router) DeclineOffer(ctx context.Context, offer string, agent inbox.AgentID, reason string) error {
	o, err := r.live.Decline(ctx, offer, agent)
	if err != nil {
		return fmt.Errorf("decline offer: %w", err)
	}
	r.bell.Ring()
	if err := r.ledger.OfferEnded(ctx, o.Conversation.ID, agent, o.ID, "declined", reason); err != nil && !raced(err) {
		return fmt.Errorf("decline offer: %w", err) // the live inbox has put it back already
	}
	return nil
}

// Take gives a waiting conversation to an agent who picked it from its queue (O5). It may exceed his capacity (K3). A conversation
// that is offered to a colleague, or does not wait any more, is live.ErrNotWaiting.
func (r *Router) Take(ctx context.Context, id inbox.ConversationID, agent inbox.AgentID) (inbox.Conversation, error) {
	o, err := r.live.Claim(ctx, id, agent, false)
	if errors.Is(err, live.ErrNoRoom) || errors.Is(err, live.ErrNotHere) {
		o, err = r.live.Claim(ctx, id, agent, true)
	}
	if err != nil {
		return inbox.Conversation{}, fmt.Errorf("take %s: %w", id, err)
	}
	d := inbox.Decision{RulesVersion: o.Conversation.RulesVersion, Queue: o.Conversation.Queue, Agent: agent, Reason: ReasonTaken,
		WaitSeconds: int64(waited(o.Conversation, r.now()).Seconds())}
	return r.confirm(ctx, id, agent, d, inbox.ActorOf(agent))
}
