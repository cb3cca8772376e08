package agentui

import (
	"slices"
	"strings"

	"sportello/agentui/wire"
	"sportello/channels"
	"sportello/inbox"
	"sportello/inbox/campaign"
	"sportello/inbox/customer"
	"sportello/inbox/journal"
)

// subscriptions are the mailing lists with how a customer stands to each.
func (s *Server) subscriptions(c *call) (any, error) {
	who, err := s.customerOf(c)
	if err != nil {
		return nil, err
	}
	names, err := s.names(c)
	if err != nil {
		return nil, err
	}
	out := []wire.Subscription{}
	add := func(l campaign.List, known bool) {
		sub := who.Subscription(l.ID, l.Purpose)
		w := wire.Subscription{List: l.ID, Name: l.Name, Subscribed: sub.Subscribed, Because: sub.Because, Known: known}
		if sub.Because != nil {
			w.By = actorName(journal.Actor(sub.Because.Actor), who, names)
		}
		out = append(out, w)
	}
	for _, l := range s.set.Lists {
		add(l, true)
	}
	for _, id := range who.Lists() {
		if _, known := s.list(id); !known {
			add(campaign.List{ID: id, Name: id, Purpose: customer.Marketing}, false)
		}
	}
	return out, nil
}

func (s *Server) list(id string) (campaign.List, bool) {
	i := slices.IndexFunc(s.set.Lists, func(l campaign.List) bool { return l.ID == id })
	if i < 0 {
		return campaign.List{}, false
	}
	return s.set.Lists[i], true
}

// subscribe adds to the ledger what a customer has told an agent of a list. He is taken off without a question; to put him on, it is
// recorded by what he agreed.
func (s *Server) subscribe(c *call) (any, error) {
	var in wire.Subscribe
	if err := c.decode(&in); err != nil {
		return nil, err
	}
	if err := text("reason", in.Reason, in.Subscribed, 400); err != nil {
		return nil, err
	}
	who, err := s.customerOf(c)
	if err != nil {
		return nil, err
	}
	list := c.r.PathValue("list")
	if _, known := s.list(list); !known && (in.Subscribed || !slices.Contains(who.Lists(), list)) {
		return nil, errNotFound
	}
	err = s.Book.Consent(c.ctx, nil, who.ID, customer.Consent{
		Kind: channels.Email, List: list, Granted: in.Subscribed, Source: "agent", Wording: strings.TrimSpace(in.Reason),
		Actor: string(inbox.ActorOf(c.me.ID)), At: s.Now(),
	})
	if err != nil {
		return nil, err
	}
	return s.Book.Read(c.ctx, who.ID)
}
