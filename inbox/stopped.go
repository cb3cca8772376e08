package inbox

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"sportello/inbox/journal"
)

// Stopped is an address that gets nothing automatic until Until, because an exchange with it went by itself.
type Stopped struct {
	Address      string         `json:"address"`
	Reason       string         `json:"reason"` // one of the Stop constants
	Conversation ConversationID `json:"conversation"`
	Number       int64          `json:"number"` // of the conversation
	At           time.Time      `json:"at"`
	Until        time.Time      `json:"until"`
}

// stop keeps automatic messages from an address for as long as it goes on writing, and a day more. The conversation shows it.
func (t *turn) stop(ctx context.Context, address, reason string) error {
	_, err := t.tx.ExecContext(ctx, `INSERT INTO stopped (address, reason, conversation_id, at, until) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (address) DO UPDATE SET until = excluded.until,
			reason = CASE WHEN stopped.until <= excluded.at THEN excluded.reason ELSE stopped.reason END,
			conversation_id = CASE WHEN stopped.until <= excluded.at THEN excluded.conversation_id ELSE stopped.conversation_id END,
			at = CASE WHEN stopped.until <= excluded.at THEN excluded.at ELSE stopped.at END`,
		address, reason, string(t.c.ID), t.at.UnixMilli(), t.at.Add(budgetWindow).UnixMilli())
	if err != nil {
		return fmt.Errorf("stop automatic messages: %w", err)
	}
	return t.tell(journal.AutoStopped, "system", Change{Reason: reason, Detail: address})
}

// Stopped lists the addresses that get nothing automatic now, the newest first, at most 200.
func (l *Ledger) Stopped(ctx context.Context) ([]Stopped, error) {
	all, err := list(ctx, l.db, func(row scanner) (s Stopped, err error) {
		var at, until int64
		err = row.Scan(&s.Address, &s.Reason, &s.Conversation, &s.Number, &at, &until)
		s.At, s.Until = time.UnixMilli(at).UTC(), time.UnixMilli(until).UTC()
		return s, err
	}, `SELECT s.address, s.reason, s.conversation_id, v.number, s.at, s.until FROM stopped s JOIN conversation v ON v.id = s.conversation_id
		WHERE s.until > $1 ORDER BY s.at DESC, s.address LIMIT 200`, l.clock().UnixMilli())
	if err != nil {
		return nil, fmt.Errorf("list stopped exchanges: %w", err)
	}
	return all, nil
}

// Release allows automatic messages to an address again, within its budgets. The conversation in which they were stopped tells it.
// Releasing one that is not stopped does nothing.
func (l *Ledger) Release(ctx context.Context, address string, actor journal.Actor) error {
	var id ConversationID
	err := l.db.QueryRowContext(ctx, `SELECT conversation_id FROM stopped WHERE address = $1 AND until > $2`, address, l.clock().UnixMilli()).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err == nil {
		_, err = l.change(ctx, id, func(t *turn) error {
			n, err := affected(t.tx.ExecContext(ctx, `DELETE FROM stopped WHERE address = $1`, address))
			if err != nil || n == 0 {
				return err
			}
			return t.tell(journal.AutoStopped, actor, Change{Reason: StopReleased, Detail: address})
		})
	}
	if err != nil {
		return fmt.Errorf("release stopped address: %w", err)
	}
	return nil
}
