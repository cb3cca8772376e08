package inbox

import (
	"context"
	"fmt"
	"time"

	"sportello/channels"
	"sportello/inbox/journal"
)

// unanswered counts anew since when the customer waits, after a reply to him has failed for good or a failed one turned out to have
// arrived: since the first message of his after which no reply reached him or is on its way. If he wrote nothing, and nothing has reached him since,
// he waits for the failed reply itself. What was written before the conversation was last closed counts no more.
func (t *turn) unanswered(ctx context.Context, row Row) error {
	switch {
	case row.Class != ClassReply:
		return nil
	case t.c.MergedInto != "":
		return t.passOn(ctx, row)
	case t.c.State == Closed:
		return nil
	}
	ids, err := familyOf(ctx, t.tx, t.c.ID)
	if err != nil {
		return err
	}
	if len(ids) > 1 {
		return t.unansweredOver(ctx, row)
	}
	var reached int64
	err = t.tx.QueryRowContext(ctx, `SELECT COALESCE(MAX(seq), 0) FROM (
			SELECT MAX(seq) AS seq FROM message WHERE conversation_id = $1 AND direction = 'out' AND author_kind = 'agent'
				AND state NOT IN ('failed', 'canceled')
			UNION ALL SELECT MAX(seq) FROM event WHERE stream = $2 AND type = $3) ends`,
		string(t.c.ID), string(journal.ConversationStream(string(t.c.ID))), string(journal.Closed)).Scan(&reached)
	if err != nil {
		return fmt.Errorf("count wait: %w", err)
	}
	if t.c.WaitingSince, err = t.waitsAfter(ctx, reached); err != nil {
		return err
	}
	if t.c.WaitingSince.IsZero() && row.Envelope.Seq > reached {
		t.c.WaitingSince = row.CreatedAt
	}
	return nil
}

// unansweredOver is unanswered for a conversation that others were merged into. What stands in them is counted by its time.
func (t *turn) unansweredOver(ctx context.Context, row Row) error {
	if err := t.awaits(ctx, time.Time{}); err != nil {
		return err
	}
	m, err := readMessage(ctx, t.tx, `WHERE m.id = $1`, string(row.Message))
	if err == nil && m.State == channels.StateFailed && t.c.WaitingSince.IsZero() && !t.c.LastOutAt.After(m.At) {
		t.c.WaitingSince = m.At
	}
	return err
}

// passOn counts anew in the conversation that this one was merged into: the customer may wait there for the failed reply.
func (t *turn) passOn(ctx context.Context, row Row) error {
	end, err := t.l.living(ctx, t.tx, t.c)
	if err != nil || end.c.State == Closed {
		return err
	}
	if err := end.unansweredOver(ctx, row); err != nil || end.c.WaitingSince.Equal(end.before.WaitingSince) {
		return err
	}
	m, err := readMessage(ctx, t.tx, `WHERE m.id = $1`, string(row.Message))
	if err != nil {
		return err
	}
	if err := end.tellDelivery(row, m.State, m.Fault, nil, "system"); err != nil {
		return err
	}
	return flush(ctx, end)
}
