package inbox

// A merge that was a mistake is undone. The invariants:
//
//   - Each of the two shows what was stored in it: what came after the merge stays in the conversation in which it was taken.
//   - Who waits for whom is counted anew in both: an answer that was given in the other since the merge counts for both.
//   - A conversation that was open before waits again, and whoever had it is asked first; one that was closed stays as it was.

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"sportello/inbox/db"
	"sportello/inbox/journal"
)

// SplitWithin is how long a merge can be undone.
const SplitWithin = 30 * 24 * time.Hour

// SplitCmd undoes the merge of a conversation.
type SplitCmd struct {
	Conversation ConversationID // that was merged into another
	Agent        AgentID
}

// Split has a merged conversation stand by itself again, and returns it. For one that is not merged it does nothing. ErrFinal: it was
// merged too long ago.
func (l *Ledger) Split(ctx context.Context, cmd SplitCmd) (Conversation, error) {
	var v Conversation
	err := l.db.Tx(ctx, func(tx *sql.Tx) error {
		from, into, err := l.merged(ctx, tx, cmd.Conversation)
		if err != nil {
			return err
		}
		if into != nil {
			err = l.split(ctx, from, into, cmd)
		}
		v = from.c
		return err
	})
	if err != nil {
		return Conversation{}, fmt.Errorf("split conversation %s: %w", cmd.Conversation, err)
	}
	return v, nil
}

// merged locks and reads a conversation and the one in which it goes on, nil when it is not merged. Both are locked at once, in the order
// of ids, like everywhere.
func (l *Ledger) merged(ctx context.Context, tx *sql.Tx, id ConversationID) (from, into *turn, err error) {
	for range 5 {
		end, err := endOf(ctx, tx, id)
		if err != nil {
			return nil, nil, err
		}
		turns, err := l.turns(ctx, tx, []ConversationID{id, end})
		if err != nil {
			return nil, nil, err
		}
		from, into := turns[id], turns[end]
		switch {
		case from == nil:
			return nil, nil, ErrNotFound
		case from.c.MergedInto == "":
			return from, nil, nil
		case into != nil && into.c.MergedInto == "": // else it was merged, or merged on, after we looked
			return from, into, nil
		}
	}
	return nil, nil, ErrState
}

func (l *Ledger) split(ctx context.Context, from, into *turn, cmd SplitCmd) error {
	was := from.c
	if from.at.Sub(was.MergedAt) > SplitWithin {
		return ErrFinal
	}
	direct, err := readConversation(ctx, from.tx, `WHERE v.id = $1`, string(was.MergedInto))
	if err != nil {
		return err
	}
	from.c.MergedInto, from.c.MergedAt = "", time.Time{}
	if err := from.point(ctx); err != nil {
		return err
	}
	if was.State == Closed && was.Disposition == mergedAway {
		from.reopen()
		if err := from.awaits(ctx, into.c.answeredSince(was.MergedAt)); err != nil {
			return err
		}
	}
	if err := into.recount(ctx); err != nil {
		return err
	}
	err = from.tell(journal.Split, ActorOf(cmd.Agent), Change{From: from.c.Sticky, Related: &Related{ID: direct.ID, Number: direct.Number}})
	if err == nil {
		err = into.tell(journal.Parted, ActorOf(cmd.Agent), Change{Related: &Related{ID: was.ID, Number: was.Number}})
	}
	if err != nil {
		return err
	}
	return flush(ctx, from, into)
}

// answeredSince is when we last wrote, if that was after a time.
func (v Conversation) answeredSince(at time.Time) time.Time {
	if v.LastOutAt.After(at) {
		return v.LastOutAt
	}
	return time.Time{}
}

// recount reads anew from its messages, and from those of what is merged into it, what a conversation tells of them.
func (t *turn) recount(ctx context.Context) error {
	ids, err := familyOf(ctx, t.tx, t.c.ID)
	if err != nil {
		return err
	}
	places, args := marks(ids)
	in, err := readMessage(ctx, t.tx, `WHERE m.conversation_id IN (`+places+`) AND m.direction = 'in' AND m.auto = ''
		ORDER BY m.at DESC, m.id DESC LIMIT 1`, args...)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return err
	}
	t.c.LastKind, t.c.LastFrom, t.c.LastInAt = in.Kind, in.peer, in.At
	out, err := readMessage(ctx, t.tx, `WHERE m.conversation_id IN (`+places+`) AND m.direction = 'out' AND m.author_kind = 'agent'
		AND m.state <> 'canceled' ORDER BY m.at DESC, m.id DESC LIMIT 1`, args...)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return err
	}
	t.c.LastOutAt = out.At
	if t.c.Preview, err = previewOf(ctx, t.tx, ids); err != nil || t.c.State == Closed {
		return err
	}
	return t.awaits(ctx, time.Time{})
}

// previewOf is the beginning of the last message of conversations that is not a note and not taken back, "" when there is none.
func previewOf(ctx context.Context, tx *sql.Tx, ids []ConversationID) (string, error) {
	places, args := marks(ids)
	last, err := readMessage(ctx, tx, `WHERE m.conversation_id IN (`+places+`) AND m.direction <> 'note' AND m.state <> 'canceled'
		AND (m.direction = 'out' OR m.auto = '') ORDER BY m.at DESC, m.seq DESC LIMIT 1`, args...)
	if errors.Is(err, ErrNotFound) {
		return "", nil
	}
	return preview(last.Message), err
}

// awaits counts anew since when the customer waits, over what is merged into the conversation too: since his first message after our last
// answer, be it here or, elsewhere, at a time that the caller knows.
func (t *turn) awaits(ctx context.Context, elsewhere time.Time) error {
	ids, err := familyOf(ctx, t.tx, t.c.ID)
	if err != nil {
		return err
	}
	answered, err := answeredIn(ctx, t.tx, ids)
	if err != nil {
		return err
	}
	if elsewhere.After(answered) {
		answered = elsewhere
	}
	t.c.WaitingSince, err = waitsIn(ctx, t.tx, ids, answered)
	return err
}

// answeredIn is when the last answer was written that reached the customer or is on its way, zero when there is none.
func answeredIn(ctx context.Context, tx *sql.Tx, ids []ConversationID) (time.Time, error) {
	places, args := marks(ids)
	var last sql.NullInt64
	err := tx.QueryRowContext(ctx, `SELECT MAX(at) FROM message WHERE conversation_id IN (`+places+`) AND direction = 'out'
		AND author_kind = 'agent' AND state NOT IN ('failed', 'canceled')`, args...).Scan(&last)
	if err != nil {
		return time.Time{}, fmt.Errorf("count wait: %w", err)
	}
	return db.Time(last), nil
}

// waitsIn is since when the customer waits in conversations if all up to a time is answered. What was written before one of them was last
// closed by hand counts no more.
func waitsIn(ctx context.Context, tx *sql.Tx, ids []ConversationID, answered time.Time) (time.Time, error) {
	places, args := marks(ids)
	args = append(args, answered.UnixMilli(), string(journal.Closed))
	n := strconv.Itoa(len(ids) + 1)
	var first sql.NullInt64
	err := tx.QueryRowContext(ctx, `SELECT MIN(m.at) FROM message m WHERE m.conversation_id IN (`+places+`) AND m.direction = 'in' AND m.auto = ''
			AND m.at > $`+n+` AND m.seq > COALESCE((SELECT MAX(e.seq) FROM event e
				WHERE e.stream = 'conversation:' || m.conversation_id AND e.type = $`+strconv.Itoa(len(ids)+2)+`), 0)`, args...).Scan(&first)
	if err != nil {
		return time.Time{}, fmt.Errorf("count wait: %w", err)
	}
	return db.Time(first), nil
}

// familyOf is a conversation, first, with all that were merged into it, over any number of steps.
func familyOf(ctx context.Context, q db.Querier, id ConversationID) ([]ConversationID, error) {
	ids, err := list(ctx, q, func(row scanner) (id ConversationID, err error) { return id, row.Scan(&id) }, `WITH RECURSIVE family (id) AS (
			SELECT v.id FROM conversation v WHERE v.id = $1
			UNION SELECT v.id FROM family JOIN conversation v ON v.merged_into = family.id)
		SELECT id FROM family ORDER BY CASE WHEN id = $1 THEN 0 ELSE 1 END, id`, string(id))
	if err != nil {
		return nil, fmt.Errorf("find merged conversations: %w", err)
	}
	return ids, nil
}

// marks are the places of values in a query that has no other before them: "$1, $2".
func marks[T ~string](values []T) (string, []any) {
	places, args := make([]string, len(values)), make([]any, len(values))
	for i, v := range values {
		places[i], args[i] = "$"+strconv.Itoa(i+1), string(v)
	}
	return strings.Join(places, ", "), args
}
