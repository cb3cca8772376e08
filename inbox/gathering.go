package inbox

import (
	"context"

	"sportello/channels"
)

// gathering holds back what mails that begin conversations have to write, until something may depend on it or the batch ends, so that a
// batch of them is written as a set. Their customers are written at once. It is for one transaction.
type gathering struct {
	turns []*turn
	seen  map[string]bool // senders, deliveries and Message-IDs of the mails held back
}

// takes holds a turn back, if nothing but its own rows follows from it. A nil gathering takes none.
func (g *gathering) takes(t *turn, a *acceptance) bool {
	if g == nil || t.before.ID != "" || !mayGather(a.in) {
		return false
	}
	if account, ok := t.l.Account(a.in.Account); !ok || account.Ack != nil {
		return false // the acknowledgement goes on in the conversation
	}
	if g.seen == nil {
		g.seen = map[string]bool{}
	}
	g.turns = append(g.turns, t)
	for _, name := range names(a.in) {
		g.seen[name] = true
	}
	return true
}

// concerns reports whether a message may depend on what is held back.
func (g *gathering) concerns(in channels.Inbound) bool {
	if len(g.turns) == 0 {
		return false
	}
	if !mayGather(in) {
		return true
	}
	for _, name := range names(in) {
		if g.seen[name] {
			return true
		}
	}
	return false
}

// flush writes what is held back.
func (g *gathering) flush(ctx context.Context) error {
	turns := g.turns
	g.turns, g.seen = nil, nil
	return flush(ctx, turns...)
}

// mayGather leaves out whatever looks for a conversation, and machines, whose messages have consequences.
func mayGather(in channels.Inbound) bool {
	return in.Kind == channels.Email && in.Auto == channels.AutoNone && !in.Outgoing && !in.From.IsZero() && in.Thread.Token == "" &&
		len(in.Thread.InReplyTo)+len(in.Thread.References)+len(in.Claims) == 0
}

// names are those by which another message can be the same as this one, or belong to it.
func names(in channels.Inbound) []string {
	return []string{"from " + in.From.Value, "delivery " + string(in.Account) + " " + in.External, "id " + in.Thread.MessageID}
}
