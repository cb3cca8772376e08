package live

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"sportello/inbox"
)

const (
	claimTime = 10 * time.Second // an accepted or claimed conversation waits so long for the record to say assigned
	lostGrace = 5 * time.Second  // pending offers of an agent without a lease live so long (O6)
)

// GoneError is ErrOfferGone with how it ended.
type GoneError struct {
	How string        // accepted, declined, expired, lost, lapsed, rescinded, taken; "" when unknown or never his
	By  inbox.AgentID // who has the conversation now, or ""
}

// Error says how.
func (e *GoneError) Error() string {
	s := ErrOfferGone.Error()
	if e.How != "" {
		s += ": " + e.How
	}
	if e.By != "" {
		s += " by " + string(e.By)
	}
	return s
}

// Unwrap returns ErrOfferGone.
func (e *GoneError) Unwrap() error { return ErrOfferGone }

func gone(out []any) error {
	e := &GoneError{}
	if len(out) > 0 {
		e.How = text(out[0])
	}
	if len(out) > 1 {
		e.By = inbox.AgentID(text(out[1]))
	}
	return e
}

// Ended is an offer, or a claim, that Expire ended.
type Ended struct {
	Offer
	How    string // expired, lost, or lapsed for a claim that the record never confirmed
	Missed int    // consecutive expired offers of the agent, after this one
}

// Offer holds a waiting conversation for an agent and takes his room in the same step (O1). ErrNotWaiting: it does not wait, or is
// held already. ErrNotHere: the agent is not available or not connected; ErrExcluded, which is ErrNotHere too: he declined or missed
// it lately. ErrNoRoom: no room for its channel, or another offer is pending.
func (in *Inbox) Offer(ctx context.Context, c inbox.ConversationID, agent inbox.AgentID, ttl time.Duration, d *inbox.Decision) (Offer, error) {
	now, id, decision := in.now(), newID(), []byte(nil)
	if d != nil {
		told := *d
		told.Offer, told.Expires = id, now.Add(ttl).UTC().Truncate(time.Millisecond)
		var err error
		if decision, err = json.Marshal(told); err != nil {
			return Offer{}, fmt.Errorf("offer %s: %w", c, err)
		}
	}
	return in.hold(ctx, luaOffer, now, id, string(c), string(agent), milli(now.Add(ttl)), decision)
}

// Accept takes an offer. The room stays taken for 10 s, in which the record must say assigned; else the conversation waits again.
// Repeating it is the same success. A *GoneError when the offer ended otherwise, or its time is over (O2).
func (in *Inbox) Accept(ctx context.Context, offer string, agent inbox.AgentID) (Offer, error) {
	now := in.now()
	return in.hold(ctx, luaAccept, now, offer, string(agent), milli(now.Add(claimTime)))
}

// Decline refuses a pending offer and returns it. The agent is not offered the conversation again for the cooldown (O3). A *GoneError
// when the offer has ended.
func (in *Inbox) Decline(ctx context.Context, offer string, agent inbox.AgentID) (Offer, error) {
	now := in.now()
	return in.hold(ctx, luaDecline, now, offer, string(agent), milli(now.Add(in.o.Cooldown)))
}

// Claim takes a waiting conversation without an offer, as Accept does after one: an agent's pull, or mail that is assigned at once. It
// fails like Offer; whom it was offered to may claim it. With force neither room nor presence is asked for, and a pending offer to
// somebody else ends as taken (K3).
func (in *Inbox) Claim(ctx context.Context, c inbox.ConversationID, agent inbox.AgentID, force bool) (Offer, error) {
	now, f := in.now(), "0"
	if force {
		f = "1"
	}
	return in.hold(ctx, luaClaim, now, string(c), string(agent), milli(now.Add(claimTime)), f)
}

// Unclaim gives an accepted or claimed conversation back at once, for when the record refused to assign it. Without a claim of this
// agent it does nothing.
func (in *Inbox) Unclaim(ctx context.Context, c inbox.ConversationID, agent inbox.AgentID) error {
	_, err := in.run(ctx, luaUnclaim, in.now(), string(c), string(agent))
	return err
}

// Forgive forgets who declined or missed a conversation, for when nobody else is left (O3).
func (in *Inbox) Forgive(ctx context.Context, c inbox.ConversationID) error {
	_, err := in.run(ctx, luaForgive, in.now(), string(c))
	return err
}

// Expire ends the offers past their time, those of agents lost for 5 s, and claims that were never confirmed. The conversations wait
// again, on their original clock; the agents are not offered them again for the cooldown, and who let MissLimit offers in a row
// expire is set away (O3, O4). It also tells the feed of agents whose lease lapsed. Each end is returned once, over all nodes.
func (in *Inbox) Expire(ctx context.Context, now time.Time) ([]Ended, error) {
	out, err := in.run(ctx, luaExpire, now, lostGrace.Milliseconds(), milli(now.Add(in.o.Cooldown)), in.o.MissLimit)
	if err != nil {
		return nil, err
	}
	var ended []Ended
	for l := texts(out); len(l) >= 4; l = l[4:] {
		o, err := held(l[0], l[1])
		if err != nil {
			return nil, err
		}
		missed, _ := strconv.Atoi(l[3])
		ended = append(ended, Ended{o, l[2], missed})
	}
	return ended, nil
}

// hold runs a script that answers with a conversation and its hold.
func (in *Inbox) hold(ctx context.Context, s script, now time.Time, args ...any) (Offer, error) {
	out, err := in.run(ctx, s, now, args...)
	if err != nil {
		return Offer{}, err
	}
	if len(out) < 2 {
		return Offer{}, fmt.Errorf("live %s: short answer", s.name)
	}
	return held(text(out[0]), text(out[1]))
}

func held(conversation, hold string) (Offer, error) {
	c, err := conversationOf(conversation)
	if err != nil {
		return Offer{}, err
	}
	return offerOf(hold, c)
}
