package customer

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/google/uuid"

	"sportello/channels"
	"sportello/inbox/db"
	"sportello/inbox/journal"
)

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
