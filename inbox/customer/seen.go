package customer

import (
	"sportello/channels"
	"sportello/inbox/db"
)

// Sighting is a message that a person, who is this customer, sent from an address of his.
type Sighting struct {
	Customer ID
	In       channels.Inbound
}

// Seen notes on the senders' identities that they wrote, from where, and how well that is proved. A person who writes from an address
// in a way that proves it makes a suppressed address usable again. Nothing is journaled. Of several sightings of one address the last
// counts, with the best proof.
func (b *Book) Seen(all ...Sighting) db.Statement {
	type key struct {
		id   ID
		from channels.Address
	}
	at := map[key]int{}
	var rows []Sighting
	for _, s := range all {
		k := key{s.Customer, channels.Address{Kind: s.In.From.Kind, Value: s.In.From.Value}}
		n, known := at[k]
		if !known {
			at[k] = len(rows)
			rows = append(rows, s)
			continue
		}
		s.In.Proof = max(s.In.Proof, rows[n].In.Proof)
		rows[n] = s
	}
	if len(rows) == 0 {
		return db.Statement{}
	}
	now := b.now()
	with, args := b.db.With("w",
		db.Texts("customer_id", rows, func(s Sighting) ID { return s.Customer }),
		db.Texts("kind", rows, func(s Sighting) channels.Kind { return s.In.From.Kind }),
		db.Texts("value", rows, func(s Sighting) string { return s.In.From.Value }),
		db.Ints("at", rows, func(Sighting) int64 { return now.UnixMilli() }),
		db.Texts("account", rows, func(s Sighting) channels.AccountID { return s.In.Account }),
		db.Ints("proof", rows, func(s Sighting) channels.Proof { return s.In.Proof }),
		db.Texts("name", rows, func(s Sighting) string { return s.In.From.Name }),
		db.Ints("proved", rows, func(s Sighting) int { return flag(s.In.Proof >= channels.ProofProvider) }))
	return db.Do(`WITH `+with+` UPDATE identity SET last_in_at = w.at, last_account = w.account,
			proof = CASE WHEN identity.proof < w.proof THEN w.proof ELSE identity.proof END,
			name = CASE WHEN identity.name = '' THEN w.name ELSE identity.name END,
			suppressed_at = CASE WHEN w.proved = 1 THEN NULL ELSE identity.suppressed_at END,
			suppressed_code = CASE WHEN w.proved = 1 THEN '' ELSE identity.suppressed_code END
		FROM w WHERE identity.customer_id = w.customer_id AND identity.kind = w.kind AND identity.value = w.value`, args...)
}
