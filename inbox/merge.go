package inbox

// Two conversations of one customer become one (E-24). The invariants:
//
//   - Nothing is moved. Messages, references and rows of the outbox stay where they were stored, so that every message is there exactly
//     once, and the journal stays what it was. The merged conversation is closed and points at the one where it goes on.
//   - That one is merged into none when it is pointed at, and both are locked: pointers never make a circle. It may be merged on later.
//   - What arrives for a merged conversation goes to where its pointers end (living), whatever names it: token, reference, number, address.
//     Only closed conversations have pointers, so those who look for an open one need not ask.
//   - Both are of the same customer. Different customers are merged as customers, or not at all.
//   - It can be undone for SplitWithin (split.go). What came after stays where it came.

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"sportello/inbox/db"
	"sportello/inbox/journal"
)

// mergedAway is the disposition of a conversation that was open when it was merged into another.
const mergedAway = "merged"

// MergeCmd says that a conversation goes on in another one of the same customer.
type MergeCmd struct {
	Conversation ConversationID
	Into         ConversationID
	Agent        AgentID
	AsManager    bool // may merge what is not his
}

// Merge closes a conversation and has it go on in another, which it returns. Its agent gets the other one, if nobody has it. Merging it
// there a second time does nothing. ErrMerged, with where it goes on: one of the two is merged already. ErrOthers: the customers differ.
// ErrClosed: it is open and the other one is closed, so that nobody would see it again.
func (l *Ledger) Merge(ctx context.Context, cmd MergeCmd) (Conversation, error) {
	var into Conversation
	err := l.db.Tx(ctx, func(tx *sql.Tx) error {
		turns, err := l.turns(ctx, tx, []ConversationID{cmd.Conversation, cmd.Into})
		if err != nil {
			return err
		}
		from, to := turns[cmd.Conversation], turns[cmd.Into]
		if from == nil || to == nil {
			return ErrNotFound
		}
		if from.c.MergedInto != to.c.ID {
			if err := merge(ctx, from, to, cmd); err != nil {
				return err
			}
		}
		into = to.c
		return nil
	})
	if err != nil {
		return Conversation{}, fmt.Errorf("merge conversation %s into %s: %w", cmd.Conversation, cmd.Into, err)
	}
	return into, nil
}

func merge(ctx context.Context, from, into *turn, cmd MergeCmd) error {
	if err := mayMerge(from.c, into.c, cmd); err != nil {
		return err
	}
	was := from.c
	into.inherit(was)
	if was.State != Closed {
		from.close(mergedAway)
	}
	from.c.MergedInto, from.c.MergedAt = into.c.ID, from.at
	err := from.tell(journal.Merged, ActorOf(cmd.Agent), Change{From: was.Assignee, Related: &Related{ID: into.c.ID, Number: into.c.Number}})
	if err == nil {
		err = into.tell(journal.Joined, ActorOf(cmd.Agent), Change{Related: &Related{ID: was.ID, Number: was.Number}})
	}
	if err == nil {
		err = flush(ctx, from, into)
	}
	if err != nil {
		return err
	}
	return from.point(ctx)
}

func mayMerge(from, into Conversation, cmd MergeCmd) error {
	switch {
	case from.ID == into.ID:
		return ErrState
	case from.MergedInto != "":
		return from.ended()
	case into.MergedInto != "":
		return into.ended()
	case from.Customer != into.Customer:
		return ErrOthers
	case from.Assignee != "" && from.Assignee != cmd.Agent && !cmd.AsManager:
		return Refused{Code: "not_yours", Agent: from.Assignee}
	case into.State == Closed && from.State != Closed:
		return ErrClosed
	}
	return nil
}

// inherit gives a conversation what one that is merged into it knows better, and its agent if it has none.
func (t *turn) inherit(from Conversation) {
	if latest(from).After(latest(t.c)) {
		t.c.Preview = from.Preview
	}
	if from.LastInAt.After(t.c.LastInAt) {
		t.c.LastKind, t.c.LastFrom, t.c.LastInAt = from.LastKind, from.LastFrom, from.LastInAt
	}
	if from.LastOutAt.After(t.c.LastOutAt) {
		t.c.LastOutAt = from.LastOutAt
	}
	if from.State == Closed {
		return
	}
	t.c.Priority = max(t.c.Priority, from.Priority)
	t.c.WaitingSince = earlier(t.c.WaitingSince, from.WaitingSince)
	if t.c.State != Assigned {
		t.c.QueuedAt = earlier(t.c.QueuedAt, from.QueuedAt)
		if from.State == Assigned {
			t.c.State, t.c.Assignee, t.c.Sticky = Assigned, from.Assignee, from.Assignee
		}
	}
}

func latest(c Conversation) time.Time {
	if c.LastOutAt.After(c.LastInAt) {
		return c.LastOutAt
	}
	return c.LastInAt
}

// earlier is the earlier of two times, of which zero is none.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// point writes where a conversation goes on. It is no part of flush, because nothing else of a conversation changes as seldom.
func (t *turn) point(ctx context.Context) error {
	n, err := affected(t.tx.ExecContext(ctx, `UPDATE conversation SET merged_into = NULLIF($2, ''), merged_at = $3 WHERE id = $1`,
		string(t.c.ID), string(t.c.MergedInto), db.Millis(t.c.MergedAt)))
	if err == nil && n != 1 {
		err = ErrState
	}
	return err
}

// ended is the refusal of what only an open conversation can do, nil for one that is open.
func (v Conversation) ended() error {
	switch {
	case v.MergedInto != "":
		return Refused{Code: "merged", Into: v.MergedInto}
	case v.State == Closed:
		return ErrClosed
	}
	return nil
}

// living locks and reads the conversation in which one goes on: itself, or where its pointers end. For one that is not merged it costs
// what turn costs.
func (l *Ledger) living(ctx context.Context, tx *sql.Tx, v Conversation) (*turn, error) {
	for {
		id := v.ID
		if v.MergedInto != "" {
			var err error
			if id, err = endOf(ctx, tx, v.MergedInto); err != nil {
				return nil, err
			}
		}
		t, err := l.turn(ctx, tx, id)
		if err != nil || t.c.MergedInto == "" {
			return t, err
		}
		v = t.c // merged after we looked
	}
}

// endOf is where the pointers of a conversation end: the one that has none.
func endOf(ctx context.Context, q db.Querier, id ConversationID) (end ConversationID, err error) {
	err = q.QueryRowContext(ctx, `WITH RECURSIVE way (id, next) AS (
			SELECT v.id, v.merged_into FROM conversation v WHERE v.id = $1
			UNION SELECT v.id, v.merged_into FROM way JOIN conversation v ON v.id = way.next)
		SELECT way.id FROM way WHERE way.next IS NULL`, string(id)).Scan(&end)
	if errors.Is(err, sql.ErrNoRows) {
		return "", ErrNotFound
	}
	if err != nil {
		return "", fmt.Errorf("follow merged conversation: %w", err)
	}
	return end, nil
}
