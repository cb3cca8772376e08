package customer

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"sportello/channels"
	"sportello/inbox/db"
	"sportello/inbox/journal"
)

// From so many messages that did not reach an address, none of which proves that it is dead, it counts as dead (E-33). A full mailbox
// is emptied more often than not.
const (
	strikeWindow = 30 * 24 * time.Hour
	mostStrikes  = 3
	mostFull     = 5
)

// dead is the code of the strike that suppresses an address of which nobody has an identity. Once somebody writes from it, it is known to live.
const dead = "suppressed"

// Suppress marks an address, whoever has it, as not to be used again until it is verified anew. message is what it did not take. It runs inside the transaction of
// its cause; the caller wakes the journal. The second time does nothing.
func (b *Book) Suppress(ctx context.Context, tx *sql.Tx, kind channels.Kind, value, message, code string, at time.Time) error {
	owners, err := list(ctx, tx, func(rows *sql.Rows) (id ID, err error) { return id, rows.Scan(&id) },
		`UPDATE identity SET suppressed_at = $3, suppressed_code = $4
		WHERE kind = $1 AND value = $2 AND suppressed_at IS NULL RETURNING customer_id`, string(kind), value, db.Millis(at), code)
	for _, id := range owners {
		if err == nil {
			err = b.tell(ctx, tx, id, "system", Change{What: AddressSuppressed})
		}
	}
	if err == nil && len(owners) == 0 {
		_, err = tx.ExecContext(ctx, `INSERT INTO strike (kind, address, message_id, code, at) SELECT $1, $2, $3, $4, $5
			WHERE NOT EXISTS (SELECT 1 FROM identity WHERE kind = $1 AND value = $2)
			ON CONFLICT (kind, address, message_id) DO UPDATE SET code = $4`, string(kind), value, message, dead, at.UnixMilli())
	}
	if err != nil {
		return fmt.Errorf("suppress: %w", err)
	}
	return nil
}

// Restore makes a suppressed address usable again, whoever has it, because somebody of ours has verified it (E-33): he has spoken with its
// owner. What it failed to take counts no more. identity is one of the customer id, or ErrNotFound. An address that is not suppressed is left as
// it is.
func (b *Book) Restore(ctx context.Context, id ID, identity string, actor journal.Actor) error {
	return b.change(ctx, id, AddressRestored, actor, func(tx *sql.Tx) (bool, error) {
		var kind, value string
		err := tx.QueryRowContext(ctx, `SELECT kind, value FROM identity WHERE id = $1 AND customer_id = $2`, identity, string(id)).Scan(&kind, &value)
		if errors.Is(err, sql.ErrNoRows) {
			return false, ErrNotFound
		}
		if err != nil {
			return false, err
		}
		owners, err := list(ctx, tx, func(rows *sql.Rows) (id ID, err error) { return id, rows.Scan(&id) },
			`UPDATE identity SET suppressed_at = NULL, suppressed_code = '' WHERE kind = $1 AND value = $2 AND suppressed_at IS NOT NULL
			RETURNING customer_id`, kind, value)
		if err == nil && len(owners) > 0 {
			_, err = tx.ExecContext(ctx, `DELETE FROM strike WHERE kind = $1 AND address = $2`, kind, value)
		}
		for _, other := range owners {
			if other != id && err == nil {
				err = b.tell(ctx, tx, other, actor, Change{What: AddressRestored})
			}
		}
		return slices.Contains(owners, id), err
	})
}

// isDead reports whether an address that nobody has is suppressed.
func isDead(ctx context.Context, q db.Querier, kind channels.Kind, value string) (bool, error) {
	var n int
	err := q.QueryRowContext(ctx, `SELECT count(*) FROM strike WHERE kind = $1 AND address = $2 AND code = $3`, string(kind), value, dead).Scan(&n)
	return n > 0, err
}

// Strike notes that a message did not reach an address that may exist all the same. After three of them within 30 days, five if the
// mailbox is full, the address is suppressed. What lies before its owner's last message to us counts no more. It runs inside the
// transaction of its cause; the same message a second time does nothing.
func (b *Book) Strike(ctx context.Context, tx *sql.Tx, kind channels.Kind, value, message, code string, at time.Time) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO strike (kind, address, message_id, code, at) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (kind, address, message_id) DO NOTHING`, string(kind), value, message, code, at.UnixMilli())
	var n int
	if err == nil {
		err = tx.QueryRowContext(ctx, `SELECT count(*) FROM strike WHERE kind = $1 AND address = $2 AND at > $3
			AND at > COALESCE((SELECT MAX(last_in_at) FROM identity WHERE kind = $1 AND value = $2), 0)`,
			string(kind), value, at.Add(-strikeWindow).UnixMilli()).Scan(&n)
	}
	if err != nil {
		return fmt.Errorf("count failures of address: %w", err)
	}
	if n >= mostFull || n >= mostStrikes && code != channels.CodeMailboxFull {
		return b.Suppress(ctx, tx, kind, value, message, code, at)
	}
	return nil
}
