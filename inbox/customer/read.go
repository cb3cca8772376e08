package customer

import (
	"context"
	"database/sql"
	"fmt"
	"strconv"
	"time"

	"sportello/channels"
	"sportello/inbox/db"
)

// mostConsents is how many rows of the ledger a Customer carries, besides the newest row of every scope: those may decide however
// old they are, and must never be left out.
const mostConsents = 100

// Get returns a customer with identities, preference and consents: the newest 100, and the newest of every scope. The id of one who was
// merged into another returns that other. Within a transaction q must be the transaction.
func (b *Book) Get(ctx context.Context, q db.Querier, id ID) (Customer, error) {
	found := map[ID]*Customer{}
	with, args := b.db.With("w", db.Texts("id", []ID{id}, func(id ID) ID { return id }))
	var err error
	if tx, ok := q.(*sql.Tx); ok {
		err = b.db.Together(ctx, tx, Reading(with, args, found)...)
	} else {
		err = b.db.Read(ctx, Reading(with, args, found)...)
	}
	if err != nil {
		return Customer{}, fmt.Errorf("read customer %s: %w", id, err)
	}
	if found[id] == nil {
		return Customer{}, ErrNotFound
	}
	return *found[id], nil
}

// Read is Get outside a transaction.
func (b *Book) Read(ctx context.Context, id ID) (Customer, error) { return b.Get(ctx, b.db, id) }

// ByAddress is the customer who owns an address, as Read has him.
func (b *Book) ByAddress(ctx context.Context, a channels.Address) (Customer, error) {
	id, err := b.Owner(ctx, b.db, a)
	if err != nil {
		return Customer{}, err
	}
	if id == "" {
		return Customer{}, ErrNotFound
	}
	return b.Read(ctx, id)
}

// Reading are the statements that read customers as Get does, for callers who ask for more in the same round trip. with defines w(id),
// the ids of the customers, each once; args are its arguments. When they have been run, found has everybody who exists.
func Reading(with string, args []any, found map[ID]*Customer) []db.Statement {
	with = `WITH ` + with + `, known AS (SELECT w.id, COALESCE(o.merged_into, o.id) AS customer_id FROM w JOIN customer o ON o.id = w.id) `
	return []db.Statement{
		db.Ask(readFacts(found), with+`SELECT known.id, c.id, c.name, c.locale, c.zone, c.tier, c.note, c.created_at, c.last_seq
			FROM known JOIN customer c ON c.id = known.customer_id`, args...),
		db.Ask(readIdentity(found), with+`SELECT known.id, i.id, i.kind, i.value, i.name, i.proof, i.owner = 1, i.suppressed_at, i.suppressed_code,
				i.last_in_at, i.last_out_at, i.last_account
			FROM known JOIN identity i ON i.customer_id = known.customer_id ORDER BY i.created_at, i.id`, args...),
		db.Ask(readPreference(found), with+`SELECT known.id, p.channel, p.source, p.quiet_from, p.quiet_to, p.updated_at
			FROM known JOIN preference p ON p.customer_id = known.customer_id`, args...),
		db.Ask(readConsent(found), with+`SELECT whose, id, kind, address, account_id, purpose, list, verdict = 'granted', source, source_id, wording, actor, at
			FROM (SELECT known.id AS whose, c.*,
					ROW_NUMBER() OVER (PARTITION BY known.id, kind, address, account_id, purpose, list ORDER BY at DESC, c.id DESC) AS of_scope,
					ROW_NUMBER() OVER (PARTITION BY known.id ORDER BY at DESC, c.id DESC) AS of_all
				FROM known JOIN consent c ON c.customer_id = known.customer_id) ranked
			WHERE of_scope = 1 OR of_all <= `+strconv.Itoa(mostConsents)+` ORDER BY at DESC, id DESC`, args...),
	}
}

func readFacts(found map[ID]*Customer) func(db.Row) error {
	return func(row db.Row) error {
		var id ID
		var c Customer
		var created int64
		err := row.Scan(&id, &c.ID, &c.Name, &c.Locale, &c.Zone, &c.Tier, &c.Note, &created, &c.Seq)
		c.CreatedAt = time.UnixMilli(created).UTC()
		found[id] = &c
		return err
	}
}

func readIdentity(found map[ID]*Customer) func(db.Row) error {
	return func(row db.Row) error {
		var id ID
		var i Identity
		var suppressed, in, out sql.NullInt64
		err := row.Scan(&id, &i.ID, &i.Kind, &i.Value, &i.Name, &i.Proof, &i.Owner, &suppressed, &i.SuppressedCode, &in, &out, &i.LastAccount)
		i.SuppressedAt, i.LastInAt, i.LastOutAt = db.Time(suppressed), db.Time(in), db.Time(out)
		if c := found[id]; c != nil {
			c.Identities = append(c.Identities, i)
		}
		return err
	}
}

func readPreference(found map[ID]*Customer) func(db.Row) error {
	return func(row db.Row) error {
		var id ID
		var p Preference
		var from, to sql.NullInt64
		var updated int64
		err := row.Scan(&id, &p.Channel, &p.Source, &from, &to, &updated)
		p.QuietFrom, p.QuietTo, p.UpdatedAt = int(from.Int64), int(to.Int64), time.UnixMilli(updated).UTC()
		if c := found[id]; c != nil {
			c.Preference = &p
		}
		return err
	}
}

func readConsent(found map[ID]*Customer) func(db.Row) error {
	return func(row db.Row) error {
		var id ID
		var c Consent
		var at int64
		err := row.Scan(&id, &c.ID, &c.Kind, &c.Address, &c.Account, &c.Purpose, &c.List, &c.Granted, &c.Source, &c.SourceID, &c.Wording, &c.Actor, &at)
		c.At = time.UnixMilli(at).UTC()
		if who := found[id]; who != nil {
			who.Consents = append(who.Consents, c)
		}
		return err
	}
}
