package agentui

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"unicode/utf8"

	"sportello/agentui/wire"
	"sportello/inbox"
	"sportello/inbox/customer"
)

// search finds customers by name, address or number, and conversations by their number.
func (s *Server) search(c *call) (any, error) {
	const most = 20
	q := c.r.URL.Query().Get("q")
	if len(q) > 200 {
		return nil, invalid("q", "too_long")
	}
	out := []wire.SearchHit{}
	if number, err := strconv.ParseInt(trimHash(q), 10, 64); err == nil && number > 0 {
		conv, err := s.Ledger.ConversationByNumber(c.ctx, number)
		if err != nil && !errors.Is(err, inbox.ErrNotFound) {
			return nil, err
		}
		if err == nil && may(c.me, verbRead, conv) {
			out = append(out, wire.SearchHit{Customer: conv.Customer, Name: conv.CustomerName, Conversation: &conv, Match: "#" + trimHash(q)})
		}
	}
	found, err := s.Book.Find(c.ctx, q, most)
	if err != nil {
		return nil, err
	}
	for _, who := range found {
		hit := wire.SearchHit{Customer: who.ID, Name: who.Name, Match: matched(who, q)}
		if hit.Conversation, err = s.latest(c.ctx, who.ID); err != nil {
			return nil, err
		}
		out = append(out, hit)
	}
	return out, nil
}

// latest is the customer's newest conversation, or nil.
func (s *Server) latest(ctx context.Context, id customer.ID) (*inbox.Conversation, error) {
	all, err := s.Ledger.ConversationsByCustomer(ctx, id, 1)
	if err != nil || len(all) == 0 {
		return nil, err
	}
	return &all[0], nil
}

// trimHash is a conversation's number as people write it.
func trimHash(q string) string { return strings.TrimPrefix(strings.TrimSpace(q), "#") }

// matched is the text of a customer that a search found him by: an address that holds one of the words, else his name.
func matched(who customer.Customer, q string) string {
	words := strings.Fields(customer.Fold(q))
	digits := strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, q)
	if len(digits) > 2 {
		words = append(words, digits)
	}
	for _, i := range who.Identities {
		for _, w := range words {
			if strings.Contains(strings.ToLower(i.Value), w) {
				return cut(i.Value)
			}
		}
	}
	return cut(who.Name)
}

// cut shortens a text to 140 characters.
func cut(s string) string {
	const most = 140
	if utf8.RuneCountInString(s) <= most {
		return s
	}
	return string([]rune(s)[:most-1]) + "…"
}
