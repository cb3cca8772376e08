package inbox

// What colleagues do to a customer's mail in the mailbox's own program, without a copy of an answer (E-09). The invariants:
//
//   - That it was answered is told, once, of an open conversation in which nobody of ours has answered since; it is a line for those who
//     look, and no message: what was said is not known.
//   - Whether the customer stops waiting is for the account's settings to say: a flag is easily set by mistake.

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"sportello/channels"
	"sportello/inbox/db"
	"sportello/inbox/journal"
)

var _ channels.Marks = (*Ledger)(nil)

// Marked says what somebody did to a message in a program of his own.
type Marked struct {
	Message MessageID         `json:"message"`
	Seq     int64             `json:"seq"` // of the message
	What    channels.MarkKind `json:"what"`
	Stopped bool              `json:"stopped,omitempty"` // the customer waits no longer for an answer to it
}

// Mark implements channels.Marks.
func (l *Ledger) Mark(ctx context.Context, m channels.Mark) error {
	if m.What != channels.MarkAnswered || !wellFormed(m.MessageID) {
		return nil
	}
	found, err := list(ctx, l.db, scanMessage, `SELECT `+messageColumns+` FROM mail_ref r JOIN message m ON m.id = r.message_id
		WHERE r.ref = $1 AND r.ours = 0 AND m.account_id = $2 AND m.direction = 'in' AND m.auto = ''`, m.MessageID, string(m.Account))
	for _, answered := range found {
		if err == nil {
			err = l.markAnswered(ctx, answered)
		}
	}
	if err != nil {
		return fmt.Errorf("mark message of %s: %w", m.Account, err)
	}
	return nil
}

// markAnswered tells that a message was answered elsewhere, where its conversation goes on.
func (l *Ledger) markAnswered(ctx context.Context, m stored) error {
	return l.db.Tx(ctx, func(tx *sql.Tx) error {
		t, err := l.living(ctx, tx, Conversation{ID: m.Conversation})
		if err != nil {
			return err
		}
		if t.c.ID != m.Conversation {
			err = t.markMerged(ctx, m)
		} else {
			err = t.markAnswered(ctx, m)
		}
		if err != nil {
			return err
		}
		return flush(ctx, t)
	})
}

// markMerged is markAnswered for a message of a conversation that was merged into this one.
func (t *turn) markMerged(ctx context.Context, m stored) error {
	if t.c.State == Closed || t.c.LastOutAt.After(m.At) {
		return nil
	}
	ids, err := familyOf(ctx, t.tx, t.c.ID)
	if err != nil {
		return err
	}
	return t.mark(ctx, m, func() (time.Time, error) { return waitsIn(ctx, t.tx, ids, m.At) })
}

// markAnswered tells that a message was answered elsewhere, unless that is no news.
func (t *turn) markAnswered(ctx context.Context, m stored) error {
	if t.c.State == Closed {
		return nil
	}
	var later int
	err := t.tx.QueryRowContext(ctx, `SELECT count(*) FROM message WHERE conversation_id = $1 AND seq > $2 AND direction = 'out'
		AND author_kind = 'agent' AND state NOT IN ('failed', 'canceled')`, string(t.c.ID), m.Seq).Scan(&later)
	if err != nil || later > 0 {
		return err
	}
	return t.mark(ctx, m, func() (time.Time, error) { return t.waitsAfter(ctx, m.Seq) })
}

// mark tells it once, and stops the wait if that is wished: since then counts it anew.
func (t *turn) mark(ctx context.Context, m stored, since func() (time.Time, error)) error {
	if told, err := t.isMarked(ctx, m); err != nil || told {
		return err
	}
	mark := Marked{Message: m.ID, Seq: m.Seq, What: channels.MarkAnswered}
	if a, ok := t.l.Account(m.Account); ok && a.AnsweredStops && !t.c.WaitingSince.IsZero() {
		mark.Stopped = true
		var err error
		if t.c.WaitingSince, err = since(); err != nil {
			return err
		}
	}
	return t.tell(journal.Marked, providerActor(m.Account), Change{Marked: &mark, Reason: string(mark.What)})
}

// isMarked reports whether it was told before, here or where the message is stored.
func (t *turn) isMarked(ctx context.Context, m stored) (bool, error) {
	told, err := list(ctx, t.tx, scanText, `SELECT data FROM event WHERE stream IN ($1, $2) AND type = $3`, string(t.stream()),
		string(journal.ConversationStream(string(m.Conversation))), string(journal.Marked))
	for _, data := range told {
		var ch Change
		if err := json.Unmarshal([]byte(data), &ch); err != nil {
			return false, fmt.Errorf("read mark: %w", err)
		}
		if ch.Marked != nil && ch.Marked.Message == m.ID {
			return true, nil
		}
	}
	return false, err
}

// waitsAfter is since when the customer waits if everything up to a position is answered; zero if he does not.
func (t *turn) waitsAfter(ctx context.Context, seq int64) (time.Time, error) {
	var first sql.NullInt64
	err := t.tx.QueryRowContext(ctx, `SELECT MIN(at) FROM message WHERE conversation_id = $1 AND seq > $2 AND direction = 'in' AND auto = ''`,
		string(t.c.ID), seq).Scan(&first)
	if err != nil {
		return time.Time{}, fmt.Errorf("count wait: %w", err)
	}
	return db.Time(first), nil
}
