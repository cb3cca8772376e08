package customer

import (
	"context"
	"database/sql"
	"fmt"

	"sportello/channels"
	"sportello/inbox/db"
)

// Objections says which of some addresses must not be written to, whoever has them: consent withdrawn, or known to be dead. ofList is the mailing
// list of the message, or "". An address
// that nobody has, and that is not suppressed, may be written to for service only. Within a transaction q must be the transaction.
func (b *Book) Objections(ctx context.Context, q db.Querier, k channels.Kind, account channels.AccountID, p Purpose, ofList string,
	all []channels.Address) (map[string]Code, error) {
	found := map[string]Code{}
	for _, a := range all {
		holders, err := list(ctx, q, func(rows *sql.Rows) (id ID, err error) { return id, rows.Scan(&id) },
			`SELECT DISTINCT customer_id FROM identity WHERE kind = $1 AND value = $2 LIMIT 20`, string(k), a.Value)
		if err != nil {
			return nil, fmt.Errorf("find who has an address: %w", err)
		}
		if len(holders) == 0 {
			gone, err := isDead(ctx, q, k, a.Value)
			if err != nil {
				return nil, fmt.Errorf("look up dead address: %w", err)
			}
			if gone {
				found[a.Value] = CodeSuppressed
			} else if p == Marketing {
				found[a.Value] = CodeConsentMissing
			}
		}
		for _, id := range holders {
			c, err := b.Get(ctx, q, id)
			if err != nil {
				return nil, err
			}
			if code := Objection(c, Option{Kind: k, Account: account, Address: a.Value}, p, ofList); code != "" {
				found[a.Value] = code
			}
		}
	}
	return found, nil
}

// Objection is why a customer must not be written to at one address, or "". list is the mailing list of the message, "" for any other.
// It is a pure function.
func Objection(c Customer, o Option, p Purpose, list string) Code {
	r := reach{Ask: Ask{Customer: c, Purpose: p, List: list}}
	for _, i := range c.Identities {
		if i.Kind == o.Kind && i.Value == o.Address && r.forbidden(&o, i) {
			return o.Codes[0]
		}
	}
	return ""
}
