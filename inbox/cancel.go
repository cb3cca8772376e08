package inbox

import (
	"context"
	"fmt"
	"time"

	"sportello/channels"
)

// leaves is when a message of an agent may leave. Mail waits a little, so that it can be taken back (N7).
func (l *Ledger) leaves(k channels.Kind, at time.Time) time.Time {
	if k == channels.Email {
		return at.Add(l.cfg.MailHold)
	}
	return at
}

// CancelUntil is until when a reply can be taken back as far as its hold goes; zero when it has none.
func (l *Ledger) CancelUntil(m Message) time.Time {
	if m.Direction != Out || m.Kind != channels.Email || m.State != channels.StateQueued || l.cfg.MailHold <= 0 {
		return time.Time{}
	}
	return l.leaves(m.Kind, m.At)
}

// Cancel takes back a reply that has not left: until the row is due it always succeeds, and from then on never (ErrTooLate), because
// the statement that withdraws a row asks for what the one that leases it excludes. The second time returns the same message.
func (l *Ledger) Cancel(ctx context.Context, id ConversationID, message MessageID, by AgentID, asManager bool) (Message, error) {
	var m stored
	_, err := l.change(ctx, id, func(t *turn) (err error) {
		if m, err = readMessage(ctx, t.tx, `WHERE m.id = $1 AND m.conversation_id = $2 AND m.direction = 'out'`, string(message), string(id)); err != nil {
			return err
		}
		if m.Author.ID != string(by) && !asManager {
			return Refused{Code: "not_yours", Agent: AgentID(m.Author.ID)}
		}
		if m.State == channels.StateCanceled {
			return nil
		}
		return t.withdraw(ctx, &m, by)
	})
	if err != nil {
		return Message{}, fmt.Errorf("cancel message %s: %w", message, err)
	}
	l.outbox.Ring()
	return m.Message, nil
}

// withdraw takes the row of a message out of the outbox, and the message back.
func (t *turn) withdraw(ctx context.Context, m *stored, by AgentID) error {
	n, err := affected(t.tx.ExecContext(ctx, `UPDATE outbox SET state = 'canceled', leased_by = '', leased_until = 0, updated_at = $2
		WHERE message_id = $1 AND state = 'queued' AND attempts = 0 AND due_at > $2`, string(m.ID), t.at.UnixMilli()))
	if err != nil {
		return err
	}
	if n == 0 {
		return ErrTooLate
	}
	m.State = channels.StateCanceled
	if err := setDelivery(ctx, t.tx, m.ID, m.State, nil); err != nil {
		return err
	}
	row, err := readRow(ctx, t.tx, `WHERE message_id = $1 AND state = 'canceled' ORDER BY created_at DESC LIMIT 1`, string(m.ID))
	if err != nil {
		return err
	}
	if err := t.unanswered(ctx, row); err != nil {
		return err
	}
	if t.c.WaitingSince.Equal(row.CreatedAt) && !t.c.LastInAt.Equal(row.CreatedAt) {
		t.c.WaitingSince = time.Time{} // he was not waiting for what nobody wants to send any more
	}
	ids, err := familyOf(ctx, t.tx, t.c.ID)
	if err != nil {
		return err
	}
	if t.c.Preview, err = previewOf(ctx, t.tx, ids); err != nil {
		return err
	}
	return t.tellDelivery(row, m.State, nil, nil, ActorOf(by))
}
