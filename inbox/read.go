package inbox

import (
	"context"
	"database/sql"
	"fmt"

	"sportello/channels"
	"sportello/inbox/customer"
	"sportello/inbox/db"
	"sportello/inbox/journal"
)

// Conversation reads one conversation.
func (l *Ledger) Conversation(ctx context.Context, id ConversationID) (Conversation, error) {
	return readConversation(ctx, l.db, `WHERE v.id = $1`, string(id))
}

// ConversationByNumber reads one conversation by the number that people call it by.
func (l *Ledger) ConversationByNumber(ctx context.Context, number int64) (Conversation, error) {
	return readConversation(ctx, l.db, `WHERE v.number = $1`, number)
}

// ConversationsByCustomer lists a customer's conversations, the newest first.
func (l *Ledger) ConversationsByCustomer(ctx context.Context, id customer.ID, limit int) ([]Conversation, error) {
	all, err := list(ctx, l.db, scanConversation, `SELECT `+conversationColumns+fromConversation+`WHERE v.customer_id = $1
		ORDER BY v.created_at DESC, v.id DESC LIMIT $2`, string(id), limit)
	if err != nil {
		return nil, fmt.Errorf("list conversations: %w", err)
	}
	return all, nil
}

// Open calls fn for every conversation that is not closed, in order of id, and stops at its first error. It reads in pages: a
// conversation that changes meanwhile may be seen before or after its change.
func (l *Ledger) Open(ctx context.Context, fn func(Conversation) error) error {
	const page = 500
	after := ""
	for {
		all, err := list(ctx, l.db, scanConversation, `SELECT `+conversationColumns+fromConversation+`WHERE v.state <> 'closed'
			AND v.id > $1 ORDER BY v.id LIMIT $2`, after, page)
		if err != nil {
			return fmt.Errorf("list open conversations: %w", err)
		}
		for _, v := range all {
			if err := fn(v); err != nil {
				return err
			}
		}
		if len(all) < page {
			return nil
		}
		after = string(all[page-1].ID)
	}
}

// Messages lists the messages of a conversation after a position, oldest first.
func (l *Ledger) Messages(ctx context.Context, id ConversationID, after int64, limit int) ([]Message, error) {
	return messages(ctx, l.db, `WHERE m.conversation_id = $1 AND m.seq > $2 ORDER BY m.seq LIMIT $3`, string(id), after, limit)
}

// Message reads one message, with its HTML.
func (l *Ledger) Message(ctx context.Context, id MessageID) (Message, error) {
	m, err := readMessage(ctx, l.db, `WHERE m.id = $1`, string(id))
	return m.Message, err
}

// MessagesByCustomer lists a customer's messages over all conversations, newest first, paged by cursor: the one returned is for the
// next page and is zero when there is none.
func (l *Ledger) MessagesByCustomer(ctx context.Context, id customer.ID, before journal.Cursor, limit int) ([]Message, journal.Cursor, error) {
	at, last := int64(1)<<62, ""
	if !before.IsZero() {
		at, last = before.At.UnixMilli(), before.ID
	}
	all, err := messages(ctx, l.db, `WHERE m.customer_id = $1 AND (m.at < $2 OR (m.at = $2 AND m.id < $3))
		ORDER BY m.at DESC, m.id DESC LIMIT $4`, string(id), at, last, limit+1)
	if err != nil || len(all) <= limit {
		return all, journal.Cursor{}, err
	}
	end := all[limit-1]
	return all[:limit], journal.Cursor{At: end.At, ID: string(end.ID)}, nil
}

func messages(ctx context.Context, q db.Querier, where string, args ...any) ([]Message, error) {
	all, err := list(ctx, q, func(row scanner) (Message, error) {
		m, err := scanMessage(row)
		return m.Message, err
	}, `SELECT `+messageColumns+` FROM message m `+where, args...)
	if err != nil {
		return nil, fmt.Errorf("list messages: %w", err)
	}
	return all, nil
}

// known is a conversation with its customer.
type known struct {
	conversation Conversation
	customer     customer.Customer
}

// Known reads a conversation and its customer. Those who ask at the same time share the question.
func (l *Ledger) Known(ctx context.Context, id ConversationID) (Conversation, customer.Customer, error) {
	k, ok, err := l.known.Get(ctx, id)
	if err != nil {
		return Conversation{}, customer.Customer{}, fmt.Errorf("read conversation %s: %w", id, err)
	}
	if !ok {
		return Conversation{}, customer.Customer{}, ErrNotFound
	}
	return k.conversation, k.customer, nil
}

// findKnown reads conversations and their customers.
func (l *Ledger) findKnown(ctx context.Context, ids []ConversationID) (map[ConversationID]known, error) {
	with, args := l.db.With("c", db.Texts("id", ids, func(id ConversationID) ConversationID { return id }))
	conversations, customers := make([]Conversation, 0, len(ids)), map[customer.ID]*customer.Customer{}
	ask := db.Ask(func(row db.Row) error {
		v, err := scanConversation(row)
		conversations = append(conversations, v)
		return err
	}, `WITH `+with+` SELECT `+conversationColumns+fromConversation+`WHERE v.id IN (SELECT c.id FROM c)`, args...)
	theirs := customer.Reading(with+`, w AS (SELECT DISTINCT v.customer_id AS id FROM c JOIN conversation v ON v.id = c.id)`, args, customers)
	if err := l.db.Read(ctx, append([]db.Statement{ask}, theirs...)...); err != nil {
		return nil, err
	}
	all := make(map[ConversationID]known, len(conversations))
	for _, v := range conversations {
		if who := customers[v.Customer]; who != nil {
			all[v.ID] = known{v, *who}
		}
	}
	return all, nil
}

// ReachContext is what customer.Reach must know of a conversation, and its customer.
func (l *Ledger) ReachContext(ctx context.Context, id ConversationID) (customer.Context, customer.Customer, error) {
	v, c, err := l.Known(ctx, id)
	return v.Context(), c, err
}

// Context is what customer.Reach must know of a conversation.
func (v Conversation) Context() customer.Context {
	return customer.Context{Kind: v.Kind, Account: v.Account, LastKind: v.LastKind, LastFrom: v.LastFrom, LastInAt: v.LastInAt}
}

// Claim notes addresses that a chat visitor proved or declared before he writes again. A visitor who never wrote is not known, and
// nothing is noted: his first message brings the claims.
func (l *Ledger) Claim(ctx context.Context, account channels.AccountID, visitor string, claims []channels.Claim) error {
	in := channels.Inbound{
		Account: account, Kind: channels.Chat, From: channels.Address{Kind: channels.Chat, Value: visitor}, Claims: claims,
		Auto: channels.AutoGenerated, // he wrote nothing now
	}
	err := l.db.Tx(ctx, func(tx *sql.Tx) error {
		if err := l.book.Lock(ctx, tx, in); err != nil {
			return err
		}
		owner, err := l.book.Owner(ctx, tx, in.From)
		if err != nil || owner == "" {
			return err
		}
		who, err := l.book.Resolve(ctx, tx, in)
		if err != nil || who.Absorbed == "" {
			return err
		}
		return l.follow(ctx, tx, who.Absorbed, who.Customer)
	})
	if err != nil {
		return fmt.Errorf("note claims of visitor: %w", err)
	}
	return nil
}
