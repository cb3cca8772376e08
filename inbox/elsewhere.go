package inbox

// What a colleague answered in the mailbox's own program, past the console, is taken from its Sent folder (REQ-EM5). The invariants:
//
//   - It is a message of ours that has left: told by a journal.Replied whose message is in state sent, which no other is, and whose
//     author is an agent without an id. It has no row of the outbox, so that it can never be sent again.
//   - What left by the outbox and is found in the folder again is the message that it was (E-18).
//   - It needs a place: the conversation that it refers to, or a customer whom it is addressed to. Who is no customer is not made one
//     by being written to.

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"time"

	"sportello/channels"
	"sportello/inbox/customer"
	"sportello/inbox/db"
	"sportello/inbox/journal"
)

// mailProgram is the disposition of a conversation that began with a message sent outside.
const mailProgram = "mail_program"

// takeOutgoing takes a message that somebody of ours sent outside. One that has no place in the record leaves a.result empty.
func (l *Ledger) takeOutgoing(ctx context.Context, tx *sql.Tx, a *acceptance) error {
	known, err := sentByUs(ctx, tx, a.in.Thread.MessageID)
	if err != nil || known != nil {
		a.result = deref(known)
		return err
	}
	t, err := l.placeOutgoing(ctx, tx, a.in)
	if err != nil || t == nil {
		return err
	}
	a.wrote = true
	if err := t.sentElsewhere(ctx, a); err != nil {
		return err
	}
	if t.before.ID == "" { // nobody needs to look at it; an answer reopens it
		t.close(mailProgram)
		if err := t.tell(journal.Closed, "system", Change{Reason: "automatic", Disposition: t.c.Disposition}); err != nil {
			return err
		}
	}
	return flush(ctx, t)
}

// sentByUs is the message that bears one of our own Message-IDs, nil when there is none.
func sentByUs(ctx context.Context, tx *sql.Tx, id string) (*channels.Accepted, error) {
	if !wellFormed(id) {
		return nil, nil
	}
	found, err := list(ctx, tx, func(row scanner) (a channels.Accepted, err error) {
		a.Duplicate = true
		return a, row.Scan(&a.Conversation, &a.Message, &a.Seq)
	}, `SELECT m.conversation_id, m.id, m.seq FROM mail_ref r JOIN message m ON m.id = r.message_id
		WHERE r.ref = $1 AND r.ours = 1 ORDER BY m.id LIMIT 1`, id)
	if err != nil || len(found) == 0 {
		return nil, err
	}
	return &found[0], nil
}

// placeOutgoing opens the turn of the conversation that a message of ours answers, or begins one with a customer to whom it is
// addressed, or returns nil.
func (l *Ledger) placeOutgoing(ctx context.Context, tx *sql.Tx, in channels.Inbound) (*turn, error) {
	ids := references(in.Thread)
	if len(ids) > 0 {
		found, err := mailRefs(ctx, tx, ids)
		if err != nil {
			return nil, err
		}
		for _, id := range ids {
			if len(found[id]) > 0 {
				return l.living(ctx, tx, Conversation{ID: found[id][0].conversation})
			}
		}
	}
	for _, to := range slices.Concat(in.To, in.Cc) {
		owner, err := l.book.Owner(ctx, tx, to)
		if err != nil {
			return nil, err
		}
		if owner == "" {
			continue
		}
		who, err := l.nameOf(ctx, tx, owner)
		if err != nil {
			return nil, err
		}
		return l.openOutgoing(ctx, tx, in, to, who)
	}
	return nil, nil
}

func (l *Ledger) openOutgoing(ctx context.Context, tx *sql.Tx, in channels.Inbound, to channels.Address, who customer.Customer) (*turn, error) {
	in.From = to // the conversation is the customer's
	return l.openTurn(ctx, tx, in, nil, who)
}

// sentElsewhere adds the message. The customer waits no longer, unless he wrote after it.
func (t *turn) sentElsewhere(ctx context.Context, a *acceptance) error {
	in := a.in
	m := stored{external: in.External, Message: Message{
		Direction: Out, Kind: in.Kind, Account: in.Account, Author: Author{Kind: "agent", Name: in.From.Name}, From: in.From, To: in.To, Cc: in.Cc,
		Subject: in.Subject, Text: in.Text, HTML: in.HTML, Parts: in.Parts, Raw: in.Raw, Proof: in.Proof, Auto: in.Auto, Flaw: in.Flaw,
		Details: in.Details, State: channels.StateSent, SentAt: in.SentAt,
	}}
	if m.Author.Name == "" {
		m.Author.Name = in.From.Value
	}
	if len(in.To) > 0 {
		m.peer = in.To[0].Value
	}
	if err := t.answered(ctx, in); err != nil {
		return err
	}
	since := t.c.LastMessageSeq + 1
	said, err := t.say(journal.Replied, journal.Actor("provider:"+string(in.Account)), m)
	if err != nil {
		return err
	}
	if wellFormed(in.Thread.MessageID) {
		t.refs = append(t.refs, ref{id: in.Thread.MessageID, conversation: t.c.ID, message: said.ID, ours: true})
	}
	a.result = channels.Accepted{Conversation: string(t.c.ID), Message: string(said.ID), Seq: said.Seq, Since: since}
	return nil
}

// answered counts anew since when the customer waits: since his first message that is not older than the answer by the times that
// both sides state, and that the answer does not refer to. What passes his words on to others, or was written by a machine, is no
// answer.
func (t *turn) answered(ctx context.Context, in channels.Inbound) error {
	if reached, err := t.reaches(ctx, in); err != nil || !reached || in.Auto != channels.AutoNone {
		return err
	}
	if t.c.LastOutAt.Before(t.at) {
		t.c.LastOutAt = t.at
	}
	if t.c.WaitingSince.IsZero() {
		return nil
	}
	if in.SentAt.IsZero() {
		t.c.WaitingSince = time.Time{}
		return nil
	}
	ids, err := familyOf(ctx, t.tx, t.c.ID)
	t.c.WaitingSince = time.Time{}
	for _, id := range ids {
		since, err := t.leftBy(ctx, id, in)
		if err != nil {
			return fmt.Errorf("count wait: %w", err)
		}
		t.c.WaitingSince = earlier(t.c.WaitingSince, since)
	}
	return err
}

// leftBy is when the first message came to a conversation that an answer leaves unanswered, zero when there is none.
func (t *turn) leftBy(ctx context.Context, id ConversationID, in channels.Inbound) (time.Time, error) {
	var read int64 // the answer refers to messages up to here
	for _, ref := range references(in.Thread) {
		var seq int64
		err := t.tx.QueryRowContext(ctx, `SELECT COALESCE(MAX(m.seq), 0) FROM mail_ref r JOIN message m ON m.id = r.message_id
			WHERE r.ref = $1 AND r.conversation_id = $2`, ref, string(id)).Scan(&seq)
		if err != nil {
			return time.Time{}, err
		}
		read = max(read, seq)
	}
	var first sql.NullInt64
	err := t.tx.QueryRowContext(ctx, `SELECT MIN(at) FROM message WHERE conversation_id = $1 AND direction = 'in' AND auto = '' AND seq > $2
			AND sent_at > $3`, string(id), read, in.SentAt.UnixMilli()).Scan(&first)
	return db.Time(first), err
}

// reaches reports whether a message of ours is addressed to somebody who takes part in the conversation.
func (t *turn) reaches(ctx context.Context, in channels.Inbound) (bool, error) {
	for _, to := range slices.Concat(in.To, in.Cc) {
		if reached, err := takesPart(ctx, t.tx, t.c, to); err != nil || reached {
			return reached, err
		}
	}
	return false, nil
}
