package inbox

// Text messages whose outcome is not known. They are never sent again (M-10): a receipt of the provider settles them, or the provider
// is asked. Their due time is when to ask next.

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"sportello/channels"
)

// The times at which a provider is asked what became of a message: each wait is as long as the time that has passed since the attempt,
// within these bounds, until it is too old to be told of.
const (
	firstAsked = 10 * time.Second
	mostAsked  = time.Hour
	lastAsked  = 72 * time.Hour
)

// Unsettled is a row whose outcome is not known, with the time at which its last attempt began.
type Unsettled struct {
	Row
	Since time.Time
}

// Unsettled takes up to limit rows of some accounts about which the provider is to be asked now, the oldest first. The same row is
// given again, to anybody, only after a wait that doubles from seconds up to an hour, and not at all after three days. Whoever finds
// an answer hands it to Ledger.Settle.
func (o *Outbox) Unsettled(ctx context.Context, accounts []channels.AccountID, limit int) ([]Unsettled, error) {
	if len(accounts) == 0 {
		return nil, nil
	}
	now := o.ledger.clock()
	args, marks := []any{now.UnixMilli(), now.Add(-lastAsked).UnixMilli(), limit}, make([]string, len(accounts))
	for i, a := range accounts {
		args = append(args, string(a))
		marks[i] = "$" + strconv.Itoa(len(args))
	}
	due, err := list(ctx, o.db, func(row scanner) (u Unsettled, err error) {
		var since int64
		u.Row, err = scanRow(withMore{row, []any{&since}})
		u.Since = time.UnixMilli(since).UTC()
		return u, err
	}, `SELECT `+rowColumns+`, (SELECT a.started_at FROM attempt a WHERE a.outbox_id = o.id AND a.n = o.attempts) FROM outbox o
		WHERE state = 'unknown' AND due_at <= $1 AND created_at > $2 AND account_id IN (`+strings.Join(marks, ", ")+`)
		ORDER BY due_at, id LIMIT $3`, args...)
	if err != nil {
		return nil, fmt.Errorf("list unsettled rows: %w", err)
	}
	mine := due[:0]
	for _, u := range due {
		next := now.Add(min(max(now.Sub(u.Since), firstAsked), mostAsked))
		n, err := affected(o.db.ExecContext(ctx, `UPDATE outbox SET due_at = $3 WHERE id = $1 AND state = 'unknown' AND due_at = $2`,
			u.ID, u.DueAt.UnixMilli(), next.UnixMilli()))
		if err != nil {
			return nil, fmt.Errorf("take unsettled row: %w", err)
		}
		if n == 1 {
			mine = append(mine, u)
		}
	}
	return mine, nil
}

// Knows reports whether a provider's id is that of a message in the record already.
func (o *Outbox) Knows(ctx context.Context, account channels.AccountID, external string) (bool, error) {
	var n int
	err := o.db.QueryRowContext(ctx, `SELECT count(*) FROM outbox WHERE account_id = $1 AND external_id = $2 AND external_id <> ''`,
		string(account), external).Scan(&n)
	if err != nil {
		return false, fmt.Errorf("look up provider's id: %w", err)
	}
	return n > 0, nil
}
