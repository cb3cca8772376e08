package inbox

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"sportello/channels"
	"sportello/inbox/db"
)

// Bookmarks keeps the adapters' positions at their providers in the record. It is safe for concurrent use.
type Bookmarks struct {
	db  *db.DB
	now func() time.Time
}

var _ channels.Bookmarks = (*Bookmarks)(nil)

// NewBookmarks makes the bookmarks of a record.
func NewBookmarks(d *db.DB, now func() time.Time) *Bookmarks { return &Bookmarks{db: d, now: now} }

// Load returns the value saved last, or "".
func (b *Bookmarks) Load(ctx context.Context, account channels.AccountID, name string) (string, error) {
	var value string
	err := b.db.QueryRowContext(ctx, `SELECT value FROM bookmark WHERE account_id = $1 AND name = $2`, string(account), name).
		Scan(&value)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return "", fmt.Errorf("load bookmark %s/%s: %w", account, name, err)
	}
	return value, nil
}

// Save stores value durably.
func (b *Bookmarks) Save(ctx context.Context, account channels.AccountID, name, value string) error {
	_, err := b.db.ExecContext(ctx, `INSERT INTO bookmark (account_id, name, value, updated_at) VALUES ($1, $2, $3, $4)
		ON CONFLICT (account_id, name) DO UPDATE SET value = excluded.value, updated_at = excluded.updated_at`,
		string(account), name, value, b.now().UnixMilli())
	if err != nil {
		return fmt.Errorf("save bookmark %s/%s: %w", account, name, err)
	}
	return nil
}
