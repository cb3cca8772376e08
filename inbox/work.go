package inbox

// The life of a conversation: new → waiting → assigned → closed, and back. Each verb locks the row, looks where it stands, and writes
// only if it still stands there. A verb whose result is there already does nothing and succeeds, so callers may repeat it.

import (
	"context"
	"fmt"
	"reflect"
	"strings"
	"time"

	"sportello/inbox/journal"
)

// Place puts a conversation that is new or waiting into a queue. Its routing clock runs since the customer began to wait, however late
// it is placed. An assigned conversation, and with OnlyNew one that is not new any more, is left where it is: ErrState.
func (l *Ledger) Place(ctx context.Context, cmd PlaceCmd) (Conversation, error) {
	return l.work(ctx, "place", cmd.Conversation, func(t *turn) error { return t.place(cmd) })
}

func (t *turn) place(cmd PlaceCmd) error {
	switch {
	case cmd.OnlyNew && t.c.State != New:
		return ErrState
	case t.c.State == Closed:
		return t.c.ended()
	case t.c.State == Assigned || cmd.Queue == "":
		return ErrState
	}
	was := t.c
	t.c.State, t.c.Queue, t.c.Priority, t.c.Skills = Waiting, cmd.Queue, cmd.Priority, cmd.Skills
	if v := cmd.Decision.RulesVersion; v > 0 {
		t.c.RulesVersion = v
	}
	t.queued()
	if reflect.DeepEqual(was, t.c) {
		return nil
	}
	actor := cmd.Actor
	if actor == "" {
		actor = journal.Actor(fmt.Sprintf("rules:%d", cmd.Decision.RulesVersion))
	}
	return t.tell(journal.Queued, actor, Change{Decision: &cmd.Decision, Reason: cmd.Decision.Reason})
}

// queued shows the routing clock if it does not show yet: it has run since the conversation began. Reopening sets it anew.
func (t *turn) queued() {
	if t.c.QueuedAt.IsZero() {
		t.c.QueuedAt = t.c.CreatedAt
	}
}

// Assign gives a conversation that is new or waiting to an agent. If another has it: ErrTaken, with his id.
func (l *Ledger) Assign(ctx context.Context, cmd AssignCmd) (Conversation, error) {
	return l.work(ctx, "assign", cmd.Conversation, func(t *turn) error {
		switch {
		case cmd.Agent == "":
			return ErrState
		case t.c.State == Closed:
			return t.c.ended()
		case t.c.Assignee == cmd.Agent:
			return nil
		case t.c.State == Assigned:
			return Refused{Code: "taken", Agent: t.c.Assignee}
		}
		t.c.State, t.c.Assignee, t.c.Sticky = Assigned, cmd.Agent, cmd.Agent
		actor := cmd.Actor
		if actor == "" {
			actor = ActorOf(cmd.Agent)
		}
		return t.tell(journal.Assigned, actor, Change{Decision: &cmd.Decision, Reason: cmd.Decision.Reason})
	})
}

// Transfer passes a conversation on: into a queue, or to an agent, who is named as Sticky so that he is offered it first. It waits
// again, with its first routing clock. The event's From is who had it.
func (l *Ledger) Transfer(ctx context.Context, cmd TransferCmd) (Conversation, error) {
	return l.work(ctx, "transfer", cmd.Conversation, func(t *turn) error {
		if err := t.mayMove(cmd.Actor, cmd.AsManager); err != nil {
			return err
		}
		from := t.c.Assignee
		t.release()
		if cmd.ToQueue != "" {
			t.c.Queue = cmd.ToQueue
		}
		if t.c.Queue == "" || cmd.ToQueue == "" && cmd.ToAgent == "" {
			return ErrState
		}
		t.c.State = Waiting
		t.queued()
		t.c.Sticky = cmd.ToAgent // passed on to a queue: nobody is to be asked first, least of all who passed it on
		if err := t.note(cmd.Actor, cmd.ActorName, cmd.Note); err != nil {
			return err
		}
		d := Decision{Queue: t.c.Queue, Agent: cmd.ToAgent, Reason: cmd.Reason}
		return t.tell(journal.Transferred, cmd.Actor, Change{From: from, Reason: cmd.Reason, Detail: cmd.Note, Decision: &d})
	})
}

// mayMove lets the assignee, a manager and the house itself dispose of a conversation; anybody may if nobody has it.
func (t *turn) mayMove(actor journal.Actor, manager bool) error {
	if t.c.State == Closed {
		return t.c.ended()
	}
	agent, byAgent := strings.CutPrefix(string(actor), "agent:")
	if byAgent && !manager && t.c.Assignee != "" && t.c.Assignee != AgentID(agent) {
		return Refused{Code: "not_yours", Agent: t.c.Assignee}
	}
	return nil
}

// release takes a conversation from its agent, who stays its last one.
func (t *turn) release() {
	if t.c.Assignee != "" {
		t.c.Sticky, t.c.Assignee = t.c.Assignee, ""
	}
}

// note writes the note that goes with a verb, if there is one.
func (t *turn) note(actor journal.Actor, name, text string) error {
	if strings.TrimSpace(text) == "" {
		return nil
	}
	author := Author{Kind: "system", Name: name}
	if id, ok := strings.CutPrefix(string(actor), "agent:"); ok {
		author.Kind, author.ID = "agent", id
	}
	_, err := t.say(journal.Noted, actor, stored{Message: Message{Direction: Note, Author: author, Text: text}})
	return err
}

// Requeue takes a conversation back from an agent who is gone; it waits in its queue again, with its first routing clock. If he does
// not have it any more, nothing happens.
func (l *Ledger) Requeue(ctx context.Context, cmd RequeueCmd) (Conversation, error) {
	return l.work(ctx, "requeue", cmd.Conversation, func(t *turn) error {
		if t.c.State != Assigned || t.c.Assignee != cmd.Agent {
			return nil
		}
		t.release()
		t.c.State = Waiting
		if t.c.Queue == "" {
			t.c.State = New
		} else {
			t.queued()
		}
		return t.tell(journal.Queued, "system", Change{From: cmd.Agent, Reason: cmd.Reason})
	})
}

// Close ends a conversation. What is on its way still leaves. Closing a closed one does nothing.
func (l *Ledger) Close(ctx context.Context, cmd CloseCmd) (Conversation, error) {
	return l.work(ctx, "close", cmd.Conversation, func(t *turn) error {
		if t.c.State == Closed {
			return nil
		}
		if err := t.mayMove(cmd.Actor, cmd.AsManager); err != nil {
			return err
		}
		if err := t.closesUnseen(ctx, cmd.SeenSeq); err != nil {
			return err
		}
		from := t.c.Assignee
		if err := t.note(cmd.Actor, cmd.ActorName, cmd.Note); err != nil {
			return err
		}
		t.close(cmd.Disposition)
		return t.tell(journal.Closed, cmd.Actor, Change{From: from, Disposition: cmd.Disposition})
	})
}

// closesUnseen refuses to close a conversation over what its customer wrote after seen: nobody would look at it again.
func (t *turn) closesUnseen(ctx context.Context, seen int64) error {
	if seen <= 0 {
		return nil
	}
	var n int
	err := t.tx.QueryRowContext(ctx, `SELECT count(*) FROM message WHERE conversation_id = $1 AND seq > $2 AND direction = 'in' AND auto = ''`,
		string(t.c.ID), seen).Scan(&n)
	if err == nil && n > 0 {
		return ErrUnseen
	}
	return err
}

func (t *turn) close(disposition string) {
	t.release()
	t.c.State, t.c.Disposition, t.c.ClosedAt, t.c.WaitingSince = Closed, disposition, t.at, time.Time{}
}

// Reopen opens a closed conversation by hand: it waits in the queue it had, or is new if it had none. Opening an open one does
// nothing; one that was merged is ErrMerged (see Split).
func (l *Ledger) Reopen(ctx context.Context, cmd ReopenCmd) (Conversation, error) {
	return l.work(ctx, "reopen", cmd.Conversation, func(t *turn) error {
		switch {
		case t.c.State != Closed:
			return nil
		case t.c.MergedInto != "":
			return t.c.ended()
		}
		t.reopen()
		return t.tell(journal.Reopened, cmd.Actor, Change{From: t.c.Sticky, Reason: cmd.Reason})
	})
}

func (l *Ledger) work(ctx context.Context, verb string, id ConversationID, fn func(t *turn) error) (Conversation, error) {
	v, err := l.change(ctx, id, fn)
	if err != nil {
		return Conversation{}, fmt.Errorf("%s conversation %s: %w", verb, id, err)
	}
	return v, nil
}
