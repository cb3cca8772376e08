package hub

import (
	"context"
	"errors"

	"sportello/channels"
	"sportello/inbox"
	"sportello/inbox/customer"
	"sportello/inbox/live"
)

// VisitorOf finds the visitor of a conversation in the record, for Options.Visitor: the one who wrote last, if that was by chat.
func VisitorOf(l *inbox.Ledger) func(context.Context, inbox.ConversationID) (live.VisitorKey, bool, error) {
	return func(ctx context.Context, id inbox.ConversationID) (live.VisitorKey, bool, error) {
		of, _, err := l.ReachContext(ctx, id)
		if errors.Is(err, inbox.ErrNotFound) {
			return live.VisitorKey{}, false, nil
		}
		if err != nil {
			return live.VisitorKey{}, false, err
		}
		v, ok := visitor(of)
		return v, ok, nil
	}
}

func visitor(of customer.Context) (live.VisitorKey, bool) {
	if of.Kind != channels.Chat || of.LastKind != channels.Chat || of.LastFrom == "" {
		return live.VisitorKey{}, false
	}
	return live.VisitorKey{Account: of.Account, Visitor: of.LastFrom}, true
}
