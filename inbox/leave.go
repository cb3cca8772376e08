package inbox

// A mail that ends a list. The invariants:
//
//   - The address alone is enough, as a link is: it was sent to one person, and nobody can make one (signToken). From whom the mail comes
//     is not asked, for mail is forwarded.
//   - Machines end nothing: what is absent, full or bounced has been answered by nobody.
//   - It is filed with the mail that it ends, and neither opens a conversation nor is answered.

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"sportello/channels"
	"sportello/inbox/customer"
)

// leavingOf finds the conversation of the campaign's mail that bore the address which a message came to, and the list that the mail was
// of; nil when it came to no such address.
func (l *Ledger) leavingOf(ctx context.Context, tx *sql.Tx, in channels.Inbound) (*match, string, error) {
	if in.Kind != channels.Email {
		return nil, "", nil
	}
	for _, token := range append([]string{in.Thread.Token}, in.Thread.OtherTokens...) {
		id, ok := readToken(l.cfg.TokenKey, leaveToken, token)
		if !ok {
			continue
		}
		var list string
		err := tx.QueryRowContext(ctx, `SELECT c.list FROM message m JOIN campaign c ON m.author_id = '`+campaigned+`:' || c.name
			WHERE m.conversation_id = $1 AND m.author_kind = 'system' ORDER BY m.seq LIMIT 1`, string(id)).Scan(&list)
		if errors.Is(err, sql.ErrNoRows) {
			continue
		}
		if err != nil {
			return nil, "", fmt.Errorf("find list to be left: %w", err)
		}
		v, err := readConversation(ctx, tx, `WHERE v.id = $1`, string(id))
		return &match{Conversation: v, proved: true, rule: "unsubscribe"}, list, err
	}
	return nil, "", nil
}

// unsubscribe notes in the ledger that the person of a campaign's mail is to get nothing more of its list. Rows that wait for him are asked
// about anew.
func (l *Ledger) unsubscribe(ctx context.Context, t *turn, a *acceptance) error {
	err := l.book.Consent(ctx, t.tx, t.c.Customer, customer.Consent{
		Kind: channels.Email, List: a.leaves, Source: "message", SourceID: a.result.Message, Actor: string(customerActor(t.c.Customer)), At: t.at,
	})
	if err != nil {
		return err
	}
	return l.askAgain(ctx, t.tx, t.c.Customer, a)
}
