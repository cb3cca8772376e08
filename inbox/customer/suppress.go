package customer

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"sportello/channels"
	"sportello/inbox/db"
)

// From so many messages that did not reach an address, none of which proves that it is dead, it counts as dead (E-33). A full mailbox
// is emptied more often than not.
const (
	strikeWindow = 30 * 24 * time.Hour
	mostStrikes  = 3
	mostFull     = 5
)

// Suppress marks an address, whoever has it, as not to be used again until it is verified anew. It runs inside the transaction of
// its cause; the caller wakes the journal. The second time does nothing.
func (b *Book) Suppress(ctx context.Context, tx *sql.Tx, kind channels.Kind, value, code string, at time.Time) error {
	owners, err := list(ctx, tx, func(rows *sql.Rows) (id ID, err error) { return id, rows.Scan(&id) },
		`UPDATE identity SET suppressed_at = $3, suppressed_code = $4
		WHERE kind = $1 AND value = $2 AND suppressed_at IS NULL RETURNING customer_id`, string(kind), value, db.Millis(at), code)
	for _, id := range owners {
		if err == nil {
			err = b.tell(ctx, tx, id, "system", Change{What: AddressSuppressed})
		}
	}
	if err != nil {
		return fmt.Errorf("suppress: %w", err)
	}
	return nil
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
		return b.Suppress(ctx, tx, kind, value, code, at)
	}
	return nil
}
