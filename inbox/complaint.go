package inbox

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"sportello/channels"
	"sportello/inbox/customer"
)

// complained withdraws the consent to marketing of whoever called a mail of ours spam (E-34, RFC 5965). A complaint that names a mail of
// ours speaks of the customer it went to, even if the provider has blackened the address; another one speaks of whoever owns the
// address it names. It is not asked whether it is genuine: a forged one costs an advertisement, a disregarded one our good name.
func (l *Ledger) complained(ctx context.Context, t *turn, a *acceptance) error {
	if a.in.Auto != channels.AutoComplaint {
		return nil
	}
	who, err := l.complainers(ctx, t, a.in)
	if err != nil {
		return fmt.Errorf("complaint: %w", err)
	}
	for _, c := range who {
		err := l.book.Consent(ctx, t.tx, c.id, customer.Consent{
			Kind: channels.Email, Address: c.address, Purpose: customer.Marketing, Source: "provider", SourceID: a.result.Message,
			Wording: "complaint", Actor: string(providerActor(a.in.Account)), At: t.at,
		})
		if err == nil {
			err = l.askAgain(ctx, t.tx, c.id, a)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

type complainer struct {
	id      customer.ID
	address string
}

func (l *Ledger) complainers(ctx context.Context, t *turn, in channels.Inbound) ([]complainer, error) {
	var all []complainer
	for _, id := range references(in.Thread) {
		var c complainer
		err := t.tx.QueryRowContext(ctx, `SELECT customer_id, peer FROM message
			WHERE id = (SELECT MAX(message_id) FROM mail_ref WHERE ref = $1 AND ours = 1) AND kind = $2`, id, string(channels.Email)).Scan(&c.id, &c.address)
		if err == nil && !slices.Contains(all, c) {
			all = append(all, c)
		}
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return nil, err
		}
	}
	if len(all) > 0 {
		return all, nil
	}
	for _, r := range in.Details.Reports {
		if r.Recipient == "" {
			continue
		}
		id, err := l.book.Owner(ctx, t.tx, channels.Address{Kind: channels.Email, Value: r.Recipient})
		if err != nil {
			return nil, err
		}
		if c := (complainer{id, r.Recipient}); id != "" && !slices.Contains(all, c) {
			all = append(all, c)
		}
	}
	return all, nil
}
