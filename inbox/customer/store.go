package customer

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"sportello/channels"
	"sportello/inbox/db"
	"sportello/inbox/journal"
)

// mostConsents is how many rows of the ledger a Customer carries, besides the newest row of every scope: those may decide however
// old they are, and must never be left out.
const mostConsents = 100

// Get returns a customer with identities, preference and consents: the newest 100, and the newest of every scope. The id of one who was merged into another returns
// that other. Within a transaction q must be the transaction.
func (b *Book) Get(ctx context.Context, q db.Querier, id ID) (Customer, error) {
	var c Customer
	var created int64
	err := q.QueryRowContext(ctx, `SELECT c.id, c.name, c.locale, c.zone, c.tier, c.note, c.created_at, c.last_seq FROM customer c
		WHERE c.id = (SELECT COALESCE(merged_into, id) FROM customer WHERE id = $1)`, string(id)).
		Scan(&c.ID, &c.Name, &c.Locale, &c.Zone, &c.Tier, &c.Note, &created, &c.Seq)
	if errors.Is(err, sql.ErrNoRows) {
		return Customer{}, ErrNotFound
	}
	if err == nil {
		c.CreatedAt = time.UnixMilli(created).UTC()
		c.Identities, err = identities(ctx, q, c.ID)
	}
	if err == nil {
		c.Preference, err = preference(ctx, q, c.ID)
	}
	if err == nil {
		c.Consents, err = consents(ctx, q, c.ID)
	}
	if err != nil {
		return Customer{}, fmt.Errorf("read customer %s: %w", id, err)
	}
	return c, nil
}

// Read is Get outside a transaction.
func (b *Book) Read(ctx context.Context, id ID) (Customer, error) { return b.Get(ctx, b.db, id) }

func identities(ctx context.Context, q db.Querier, id ID) ([]Identity, error) {
	return list(ctx, q, func(rows *sql.Rows) (Identity, error) {
		var i Identity
		var suppressed, in, out sql.NullInt64
		err := rows.Scan(&i.ID, &i.Kind, &i.Value, &i.Name, &i.Proof, &i.Owner, &suppressed, &i.SuppressedCode, &in, &out, &i.LastAccount)
		i.SuppressedAt, i.LastInAt, i.LastOutAt = db.Time(suppressed), db.Time(in), db.Time(out)
		return i, err
	}, `SELECT id, kind, value, name, proof, owner, suppressed_at, suppressed_code, last_in_at, last_out_at, last_account
		FROM identity WHERE customer_id = $1 ORDER BY created_at, id`, string(id))
}

func preference(ctx context.Context, q db.Querier, id ID) (*Preference, error) {
	var p Preference
	var from, to sql.NullInt64
	var updated int64
	err := q.QueryRowContext(ctx, `SELECT channel, source, quiet_from, quiet_to, updated_at FROM preference WHERE customer_id = $1`,
		string(id)).Scan(&p.Channel, &p.Source, &from, &to, &updated)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	p.QuietFrom, p.QuietTo, p.UpdatedAt = int(from.Int64), int(to.Int64), time.UnixMilli(updated).UTC()
	return &p, err
}

func consents(ctx context.Context, q db.Querier, id ID) ([]Consent, error) {
	return list(ctx, q, func(rows *sql.Rows) (Consent, error) {
		var c Consent
		var at int64
		err := rows.Scan(&c.ID, &c.Kind, &c.Address, &c.Account, &c.Purpose, &c.Granted, &c.Source, &c.SourceID, &c.Wording, &c.Actor, &at)
		c.At = time.UnixMilli(at).UTC()
		return c, err
	}, `SELECT id, kind, address, account_id, purpose, verdict = 'granted', source, source_id, wording, actor, at
		FROM (SELECT c.*, ROW_NUMBER() OVER (PARTITION BY kind, address, account_id, purpose ORDER BY at DESC, id DESC) AS of_scope,
				ROW_NUMBER() OVER (ORDER BY at DESC, id DESC) AS of_all
			FROM consent c WHERE customer_id = $1) ranked
		WHERE of_scope = 1 OR of_all <= $2 ORDER BY at DESC, id DESC`, string(id), mostConsents)
}

// list runs a query and scans every row.
func list[T any](ctx context.Context, q db.Querier, scan func(*sql.Rows) (T, error), query string, args ...any) ([]T, error) {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close() //nolint:errcheck // rows.Err says what matters
	var all []T
	for rows.Next() {
		one, err := scan(rows)
		if err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	return all, rows.Err()
}

// change makes one change of a customer in a transaction of its own. fn reports whether anything changed; if nothing did, nothing
// is journaled.
func (b *Book) change(ctx context.Context, id ID, what What, actor journal.Actor, fn func(tx *sql.Tx) (bool, error)) error {
	err := b.db.Tx(ctx, func(tx *sql.Tx) error {
		if err := b.known(ctx, tx, id); err != nil {
			return err
		}
		changed, err := fn(tx)
		if err != nil || !changed {
			return err
		}
		return b.tell(ctx, tx, id, actor, Change{What: what})
	})
	if err != nil {
		return fmt.Errorf("change %s of customer %s: %w", what, id, err)
	}
	return nil
}

// known locks the row of a customer, and fails when there is none or he was merged into another.
func (b *Book) known(ctx context.Context, tx *sql.Tx, id ID) error {
	n, err := affected(tx.ExecContext(ctx, `UPDATE customer SET updated_at = $2 WHERE id = $1 AND merged_into IS NULL`,
		string(id), b.now().UnixMilli()))
	if err == nil && n == 0 {
		return ErrNotFound
	}
	return err
}

// tell appends customer.changed with the customer as he is now.
func (b *Book) tell(ctx context.Context, tx *sql.Tx, id ID, actor journal.Actor, ch Change) error {
	at := b.now()
	var seq int64
	err := tx.QueryRowContext(ctx, `UPDATE customer SET last_seq = last_seq + 1, updated_at = $2 WHERE id = $1 RETURNING last_seq`,
		string(id), at.UnixMilli()).Scan(&seq)
	if err != nil {
		return err
	}
	if ch.Customer, err = b.Get(ctx, tx, id); err != nil {
		return err
	}
	event, err := journal.Of(journal.CustomerStream(string(id)), seq, string(id), journal.CustomerChanged, actor, at, ch)
	if err != nil {
		return err
	}
	return b.journal.Append(ctx, tx, event)
}

func affected(r sql.Result, err error) (int64, error) {
	if err != nil {
		return 0, err
	}
	return r.RowsAffected()
}

func newID() (string, error) {
	id, err := uuid.NewV7()
	return id.String(), err
}

// addIdentity adds an address to a customer, or strengthens what is known of it. It reports whether anything changed.
func addIdentity(ctx context.Context, tx *sql.Tx, id ID, a channels.Address, proof channels.Proof, owner bool, at time.Time) (bool, error) {
	row, err := newID()
	if err != nil {
		return false, err
	}
	n, err := affected(tx.ExecContext(ctx, `INSERT INTO identity (id, customer_id, kind, value, name, proof, owner, created_at, suppressed_at, suppressed_code)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, (SELECT MAX(s.suppressed_at) FROM identity s WHERE s.kind = $3 AND s.value = $4),
			COALESCE((SELECT MAX(s.suppressed_code) FROM identity s WHERE s.kind = $3 AND s.value = $4), ''))
		ON CONFLICT (customer_id, kind, value) DO UPDATE SET
			proof = CASE WHEN excluded.proof > identity.proof THEN excluded.proof ELSE identity.proof END,
			owner = CASE WHEN excluded.owner > identity.owner THEN excluded.owner ELSE identity.owner END
		WHERE excluded.proof > identity.proof OR excluded.owner > identity.owner`,
		row, string(id), string(a.Kind), a.Value, a.Name, int(proof), flag(owner), at.UnixMilli()))
	return n > 0, err
}

func flag(b bool) int {
	if b {
		return 1
	}
	return 0
}
