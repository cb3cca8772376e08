package customer

import (
	"time"

	"sportello/channels"
	"sportello/inbox/db"
	"sportello/inbox/journal"
)

// Beginning is a set of customers of whom nothing is known but the message that made them known.
type Beginning struct {
	Customers []Customer // one of each message, as Resolve returns them
	Events    []journal.Event
	rows      []db.Statement
}

// Begin makes customers of the senders of messages, inside the transaction that takes them and has locked the senders (Lock). It is Resolve
// for persons whose address nobody has, not even as a declared one, and who tell of no other; each must be there once. Nothing is in the
// record before the caller has run Statements and then appended Events.
func (b *Book) Begin(ins []channels.Inbound) (Beginning, error) {
	var all Beginning
	if len(ins) == 0 {
		return all, nil
	}
	at := b.now().UTC().Truncate(time.Millisecond)
	for _, in := range ins {
		id, err := newID()
		if err != nil {
			return Beginning{}, err
		}
		address, err := newID()
		if err != nil {
			return Beginning{}, err
		}
		c := Customer{ID: ID(id), Name: in.From.Name, Locale: in.Locale, CreatedAt: at, Seq: 1, Identities: []Identity{{
			ID: address, Kind: in.From.Kind, Value: in.From.Value, Name: in.From.Name, Proof: in.Proof, Owner: true, LastInAt: at, LastAccount: in.Account,
		}}}
		e, err := journal.Of(journal.CustomerStream(id), c.Seq, id, journal.CustomerChanged, journal.Actor("customer:"+id), at, Change{What: Created, Customer: c})
		if err != nil {
			return Beginning{}, err
		}
		all.Customers, all.Events = append(all.Customers, c), append(all.Events, e)
	}
	all.rows = []db.Statement{b.insertCustomers(all.Customers), b.insertIdentities(all.Customers)}
	return all, nil
}

// Statements write the customers.
func (b Beginning) Statements() []db.Statement { return b.rows }

func (b *Book) insertCustomers(all []Customer) db.Statement {
	with, args := b.db.With("w",
		db.Texts("id", all, func(c Customer) ID { return c.ID }),
		db.Texts("name", all, func(c Customer) string { return c.Name }),
		db.Texts("search", all, func(c Customer) string { return Fold(c.Name) }),
		db.Texts("locale", all, func(c Customer) string { return c.Locale }),
		db.Ints("last_seq", all, func(c Customer) int64 { return c.Seq }),
		db.Times("at", all, func(c Customer) time.Time { return c.CreatedAt }))
	return db.Do(`WITH `+with+` INSERT INTO customer (id, name, search, locale, last_seq, created_at, updated_at)
		SELECT id, name, search, locale, last_seq, at, at FROM w`, args...)
}

// insertIdentities writes the one address that each of these customers has.
func (b *Book) insertIdentities(all []Customer) db.Statement {
	with, args := b.db.With("w",
		db.Texts("id", all, func(c Customer) string { return c.Identities[0].ID }),
		db.Texts("customer_id", all, func(c Customer) ID { return c.ID }),
		db.Texts("kind", all, func(c Customer) channels.Kind { return c.Identities[0].Kind }),
		db.Texts("value", all, func(c Customer) string { return c.Identities[0].Value }),
		db.Texts("name", all, func(c Customer) string { return c.Identities[0].Name }),
		db.Ints("proof", all, func(c Customer) channels.Proof { return c.Identities[0].Proof }),
		db.Times("at", all, func(c Customer) time.Time { return c.CreatedAt }),
		db.Texts("account", all, func(c Customer) channels.AccountID { return c.Identities[0].LastAccount }))
	return db.Do(`WITH `+with+` INSERT INTO identity (id, customer_id, kind, value, name, proof, owner, last_in_at, last_account, created_at)
		SELECT id, customer_id, kind, value, name, proof, 1, at, account, at FROM w`, args...)
}
