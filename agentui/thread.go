package agentui

import (
	"context"
	"errors"
	"slices"
	"strconv"

	"github.com/google/uuid"

	"sportello/agentui/wire"
	"sportello/channels"
	"sportello/inbox"
	"sportello/inbox/customer"
	"sportello/inbox/journal"
	"sportello/inbox/live"
)

// conversation finds the conversation that the path names, by id or by number.
func (s *Server) conversation(c *call) (inbox.Conversation, error) {
	name := c.r.PathValue("id")
	if number, err := strconv.ParseInt(name, 10, 64); err == nil && number > 0 {
		return s.Ledger.ConversationByNumber(c.ctx, number)
	}
	id, err := pathID(name)
	if err != nil {
		return inbox.Conversation{}, err
	}
	return s.Ledger.Conversation(c.ctx, inbox.ConversationID(id))
}

// pathID checks an id of a path before the record is asked.
func pathID(s string) (string, error) {
	id, err := uuid.Parse(s)
	if err != nil || len(s) != 36 {
		return "", errNotFound
	}
	return id.String(), nil
}

// permitted is conversation and allow.
func (s *Server) permitted(c *call, v verb) (inbox.Conversation, error) {
	conv, err := s.conversation(c)
	if err != nil {
		return inbox.Conversation{}, err
	}
	return conv, allow(c.me, v, conv)
}

// known is permitted, with the customer.
func (s *Server) known(c *call, v verb) (conv inbox.Conversation, who customer.Customer, err error) {
	id := inbox.ConversationID(c.r.PathValue("id"))
	if _, err := pathID(string(id)); err != nil { // a number, or nothing
		if conv, err = s.conversation(c); err != nil {
			return conv, who, err
		}
		id = conv.ID
	}
	if conv, who, err = s.Ledger.Known(c.ctx, id); err == nil {
		err = allow(c.me, v, conv)
	}
	return conv, who, err
}

// thread is everything an opened conversation shows.
func (s *Server) thread(c *call) (any, error) {
	head, err := s.Live.Head(c.ctx)
	if err != nil && !errors.Is(err, live.ErrNoEpoch) {
		return nil, err // without an epoch the page is shown as the record has it, and the socket says reset
	}
	conv, who, err := s.known(c, verbRead)
	if err != nil {
		return nil, err
	}
	page, err := s.page(c, who, journal.Cursor{})
	if err != nil {
		return nil, err
	}
	verdict, err := s.ask(c.ctx, conv, who, "")
	if err != nil {
		return nil, err
	}
	out := wire.Thread{
		Position: head, Conversation: conv, Customer: who, Timeline: page, Reach: verdict,
		CanReply: conv.State != inbox.Closed && may(c.me, verbReply, conv),
	}
	if out.Others, err = s.others(c.ctx, conv); err != nil {
		return nil, err
	}
	out.Why, err = s.why(c.ctx, conv)
	return out, err
}

// others are the customer's other conversations, newest first.
func (s *Server) others(ctx context.Context, conv inbox.Conversation) ([]inbox.Conversation, error) {
	const most = 50
	all, err := s.Ledger.ConversationsByCustomer(ctx, conv.Customer, most)
	return slices.DeleteFunc(all, func(other inbox.Conversation) bool { return other.ID == conv.ID }), err
}

// why is the decision that brought a conversation to its present agent or queue.
func (s *Server) why(ctx context.Context, conv inbox.Conversation) (*inbox.Decision, error) {
	const back = 200 // events
	events, err := s.Journal.Stream(ctx, journal.ConversationStream(string(conv.ID)), max(0, conv.LastSeq-back), back)
	if err != nil {
		return nil, err
	}
	var last *inbox.Decision
	for _, e := range events {
		switch e.Type {
		case journal.Queued, journal.Assigned, journal.Transferred, journal.Unmatched:
			if change, err := changeOf(e); err == nil && change.Decision != nil {
				last = change.Decision
			}
		}
	}
	return last, nil
}

// messages lists the messages of a conversation before a position, oldest first.
func (s *Server) messages(c *call) (any, error) {
	const page, window = 50, 200
	conv, err := s.permitted(c, verbRead)
	if err != nil {
		return nil, err
	}
	before := conv.LastSeq + 1
	if q := c.r.URL.Query().Get("before"); q != "" {
		if before, err = strconv.ParseInt(q, 10, 64); err != nil || before < 1 {
			return nil, invalid("before", "format")
		}
	}
	out := []inbox.Message{}
	for upto := before; upto > 1 && len(out) < page; upto = max(1, upto-window) {
		found, err := s.Ledger.Messages(c.ctx, conv.ID, max(0, upto-window-1), window)
		if err != nil {
			return nil, err
		}
		found = slices.DeleteFunc(found, func(m inbox.Message) bool { return m.Seq >= upto })
		out = append(found, out...)
	}
	return out[max(0, len(out)-page):], nil
}

// reach says which channel a reply would take.
func (s *Server) reach(c *call) (any, error) {
	conv, who, err := s.known(c, verbRead)
	if err != nil {
		return nil, err
	}
	kind := channels.Kind(c.r.URL.Query().Get("kind"))
	if kind != "" && !slices.Contains(channels.Kinds(), kind) {
		return nil, invalid("kind", "format")
	}
	return s.ask(c.ctx, conv, who, kind)
}

// ask is customer.Reach with everything that it is a function of, as it is now. want is the channel an agent chose, or "".
func (s *Server) ask(ctx context.Context, conv inbox.Conversation, who customer.Customer, want channels.Kind) (customer.Verdict, error) {
	of := conv.Context()
	accounts := s.Ledger.Accounts(of, who)
	visitors, err := s.visitors(ctx, who, accounts[channels.Chat].ID)
	if err != nil {
		return customer.Verdict{}, err
	}
	return customer.Reach(customer.Ask{
		Customer: who, Purpose: customer.Service, Conversation: of, Accounts: accounts, Down: s.Down(), Visitors: visitors,
		Want: want, Pinned: want != "",
	}, s.Now()), nil
}

// visitors says which of the customer's chat visitors are here.
func (s *Server) visitors(ctx context.Context, who customer.Customer, chat channels.AccountID) (map[string]customer.Visitor, error) {
	var keys []live.VisitorKey
	for _, i := range who.Identities {
		if i.Kind == channels.Chat && chat != "" {
			keys = append(keys, live.VisitorKey{Account: chat, Visitor: i.Value})
		}
	}
	if len(keys) == 0 {
		return nil, nil
	}
	states, err := s.Live.Visitors().States(ctx, keys)
	if err != nil {
		return nil, err
	}
	out := make(map[string]customer.Visitor, len(keys))
	for i, state := range states {
		out[keys[i].Visitor] = customer.Visitor{Here: state.Present, LeftAt: state.LeftAt}
	}
	return out, nil
}
