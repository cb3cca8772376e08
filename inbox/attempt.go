package inbox

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"sportello/channels"
	"sportello/inbox/customer"
	"sportello/inbox/journal"
)

// Begin writes an attempt down before it is made, and prolongs the lease. ErrLeaseLost means that the row must not be sent: the lease
// ran out, or was revoked because the customer forbade it meanwhile. The row returned carries the attempt's number in its envelope.
func (o *Outbox) Begin(ctx context.Context, row Row) (Row, error) {
	now := o.ledger.clock()
	err := o.db.Tx(ctx, func(tx *sql.Tx) error {
		if err := o.db.Together(ctx, tx, o.ledger.book.Contacted(now, row.contacts()...)); err != nil {
			return err
		}
		n, err := affected(tx.ExecContext(ctx, `UPDATE outbox SET state = 'sending', attempts = attempts + 1, leased_until = $4, updated_at = $3
			WHERE id = $1 AND state = 'queued' AND leased_by = $2 AND leased_until > $3`,
			row.ID, row.Holder, now.UnixMilli(), now.Add(row.hold()).UnixMilli()))
		if err == nil && n == 0 {
			return ErrLeaseLost
		}
		if err == nil {
			_, err = tx.ExecContext(ctx, `INSERT INTO attempt (outbox_id, n, started_at) VALUES ($1, $2, $3)`, row.ID, row.Attempts+1, now.UnixMilli())
		}
		if err == nil && !row.Reached() {
			err = setDelivery(ctx, tx, row.Message, channels.StateSending, nil)
		}
		return err
	})
	if err != nil {
		return row, fmt.Errorf("begin attempt of %s: %w", row.ID, err)
	}
	row.Attempts++
	row.State, row.Envelope.Attempt = channels.StateSending, row.Attempts
	return row, nil
}

// contacts are the customer's addresses that a row goes to.
func (r Row) contacts() []customer.Contact {
	all := make([]customer.Contact, len(r.Envelope.To))
	for i, to := range r.Envelope.To {
		all[i] = customer.Contact{Customer: r.Customer, To: channels.Address{Kind: r.Kind, Value: to.Value}}
	}
	return all
}

// Sent settles an attempt that the provider took. It holds whatever became of the lease: what has left has left. Receipts that came
// before it (M-13) are applied now.
func (o *Outbox) Sent(ctx context.Context, row Row, sent channels.Sent) error {
	if len(row.Envelope.Done) > 0 {
		return o.Partly(ctx, row, sent, time.Time{})
	}
	if row.Kind != channels.Email || row.Attempts < 2 { // else an earlier attempt may leave a doubt
		n := news{row: row.ID, conversation: row.Conversation, state: channels.StateSent, outside: sent.External, attempt: row.Attempts}
		a := o.ledger.express.Load().landed(ctx, row.ID, echo)
		if a != nil && a.state != "" {
			n.state = a.state
		}
		done, err := o.ledger.hear(ctx, n)
		a.end(done, err)
		if done || err != nil {
			return err
		}
	}
	return o.step(ctx, "settle", row, func(t *turn, now Row) error {
		_, err := t.tx.ExecContext(ctx, `UPDATE outbox SET leased_by = '', leased_until = 0, updated_at = $2, fault = '',
				external_id = CASE WHEN external_id = '' THEN $3 ELSE external_id END,
				state = CASE WHEN state IN ('queued', 'sending', 'unknown') THEN 'sent' ELSE state END
			WHERE id = $1`, row.ID, t.at.UnixMilli(), sent.External)
		if err == nil {
			err = endAttempt(ctx, t, row, string(channels.StateSent), "")
		}
		var doubt *channels.Fault
		if err == nil {
			doubt, err = doubted(ctx, t, row)
		}
		if err == nil {
			err = o.ledger.deliver(ctx, t, now, channels.StateSent, doubt)
		}
		if err == nil {
			err = o.ledger.unpark(ctx, t, now, sent.External)
		}
		return err
	})
}

// doubted is the fault that a sent mail keeps when an earlier attempt may have sent it already: the agent is told that it may arrive twice
// (E-49). Nil when there was none.
func doubted(ctx context.Context, t *turn, row Row) (*channels.Fault, error) {
	if row.Kind != channels.Email || row.Attempts < 2 {
		return nil, nil
	}
	var n int
	err := t.tx.QueryRowContext(ctx, `SELECT count(*) FROM attempt WHERE outbox_id = $1 AND n < $2 AND outcome = $3`,
		row.ID, row.Attempts, string(channels.Uncertain)).Scan(&n)
	if err != nil || n == 0 {
		return nil, err
	}
	return &channels.Fault{Class: channels.Uncertain, Code: channels.CodeTimeout}, nil
}

// Failed settles an attempt that did not succeed, by the class of its fault. Temporary: again at retryAt, or failed for good if that
// is zero. Permanent: failed. Uncertain: a mail and a chat line go again at retryAt under the same id, which the other side knows; a
// text message does not and is unknown until a receipt settles it. If a receipt settled the row meanwhile, that stands. Of a mail that some
// have already, it speaks of the others.
func (o *Outbox) Failed(ctx context.Context, row Row, f *channels.Fault, retryAt time.Time) error {
	o.ledger.express.Load().landed(ctx, row.ID, 0).end(false, nil)
	if len(row.Envelope.Done) > 0 {
		var all []channels.NotSent
		for _, to := range row.Envelope.Pending() {
			all = append(all, channels.NotSent{Recipient: to, Fault: f})
		}
		return o.Partly(ctx, row, channels.Sent{Failed: all}, retryAt)
	}
	state := afterFault(row.Kind, f, retryAt)
	fault, err := faultJSON(f)
	if err != nil {
		return err
	}
	return o.step(ctx, "settle", row, func(t *turn, now Row) error {
		if err := endAttempt(ctx, t, row, string(f.Class), f.Error()); err != nil {
			return err
		}
		due := now.DueAt
		switch state {
		case channels.StateQueued:
			due = retryAt
		case channels.StateUnknown:
			due = t.at.Add(firstAsked)
		}
		n, err := affected(t.tx.ExecContext(ctx, `UPDATE outbox SET state = $3, due_at = $4, fault = $5, leased_by = '', leased_until = 0, updated_at = $6
			WHERE id = $1 AND state = 'sending' AND attempts = $2`,
			row.ID, row.Attempts, string(state), due.UnixMilli(), fault, t.at.UnixMilli()))
		if err != nil || n == 0 {
			return err
		}
		if state == channels.StateFailed {
			if err := o.ledger.consequences(ctx, t, now, now.first(), f); err != nil {
				return err
			}
			if err := refused(ctx, t, now); err != nil {
				return err
			}
		}
		return o.ledger.waits(ctx, t, now, state, f)
	})
}

func afterFault(k channels.Kind, f *channels.Fault, retryAt time.Time) channels.State {
	switch {
	case f.Class == channels.Permanent:
		return channels.StateFailed
	case f.Class == channels.Uncertain && (k == channels.SMS || retryAt.IsZero()):
		return channels.StateUnknown
	case retryAt.IsZero():
		return channels.StateFailed
	}
	return channels.StateQueued
}

// Recover takes care of rows whose holder vanished in the middle of an attempt, so that the outcome is not known: a mail and a chat
// line go again under the same id, a text message is unknown. It also makes due what was written before the clock was set back, and
// forgets receipts that matched nothing for 30 days. It returns how many attempts it found.
func (o *Outbox) Recover(ctx context.Context) (int, error) {
	now := o.ledger.clock()
	if last := o.recovered.Load(); last == 0 || now.Before(time.UnixMilli(last).Add(-ahead)) { // the first time, and when the clock was set back
		if err := o.rewind(ctx, now); err != nil {
			return 0, err
		}
	}
	o.recovered.Store(now.UnixMilli())
	lost, err := list(ctx, o.db, scanRow, `SELECT `+rowColumns+` FROM outbox
		WHERE state IN ('queued', 'sending') AND state = 'sending' AND leased_until <= $1 LIMIT 500`, now.UnixMilli())
	found := len(lost)
	if err == nil {
		lost, err = o.setAside(ctx, lost)
	}
	if err != nil {
		return 0, fmt.Errorf("find lost rows: %w", err)
	}
	for _, row := range lost {
		f := &channels.Fault{Class: channels.Uncertain, Code: channels.CodeTimeout, Detail: "the attempt was not finished"}
		if err := o.Failed(ctx, row, f, now); err != nil {
			return 0, err
		}
	}
	_, err = o.db.ExecContext(ctx, `DELETE FROM parked_receipt WHERE at < $1`, now.AddDate(0, 0, -30).UnixMilli())
	if err != nil {
		return 0, fmt.Errorf("forget old receipts: %w", err)
	}
	if found > 0 {
		o.Wake()
	}
	return found, nil
}

// mostHold is longer than any attempt is held for.
const mostHold = 70 * time.Second

// rewind takes care of rows that were written when the clock was ahead of what it is: they would wait until it is there again. They are
// asked anew, whatever they wait for, and an attempt that is under way may take as long as any.
func (o *Outbox) rewind(ctx context.Context, now time.Time) error {
	n, err := affected(o.db.ExecContext(ctx, `UPDATE outbox SET due_at = $1, updated_at = $1,
			leased_until = CASE WHEN state = 'sending' THEN CAST($2 AS BIGINT) ELSE 0 END, leased_by = CASE WHEN state = 'sending' THEN leased_by ELSE '' END
		WHERE state IN ('queued', 'sending') AND updated_at > $3`,
		now.UnixMilli(), now.Add(mostHold).UnixMilli(), now.Add(ahead).UnixMilli()))
	if err != nil {
		return fmt.Errorf("take back rows that are ahead of the clock: %w", err)
	}
	if n > 0 {
		o.Wake()
	}
	return nil
}

func endAttempt(ctx context.Context, t *turn, row Row, outcome, detail string) error {
	_, err := t.tx.ExecContext(ctx, `UPDATE attempt SET ended_at = $3, outcome = $4, detail = $5 WHERE outbox_id = $1 AND n = $2 AND ended_at IS NULL`,
		row.ID, row.Attempts, t.at.UnixMilli(), outcome, detail)
	return err
}

// Redirect sends a leased row by another channel than it was written for: a new envelope, made as the first one was, under the same
// id. The message keeps the channel that was asked for. The lease goes on.
func (o *Outbox) Redirect(ctx context.Context, row Row, to customer.Option, v customer.Verdict) (Row, error) {
	err := o.step(ctx, "redirect", row, func(t *turn, now Row) error {
		m, err := readMessage(ctx, t.tx, `WHERE m.id = $1`, string(row.Message))
		if err != nil {
			return err
		}
		env, err := o.ledger.compose(ctx, t.tx, t.c, m.Message, row.ID, to)
		if err != nil {
			return err
		}
		if err := o.rewrite(ctx, t, row, env, v); err != nil {
			return err
		}
		if env.Kind == channels.Email {
			t.refs = append(t.refs, ref{id: env.Thread.MessageID, conversation: t.c.ID, message: m.ID, ours: true})
		}
		row.Kind, row.Account, row.Envelope, row.Verdict = env.Kind, env.Account, env, v
		d := DeliveryChange{Message: m.ID, Seq: m.Seq, State: channels.StateQueued, Kind: env.Kind, Verdict: &v}
		return t.tell(journal.Redirected, "system", Change{Delivery: &d, Reason: string(v.Code)})
	})
	return row, err
}

// rewrite puts the new envelope into the row and the message.
func (o *Outbox) rewrite(ctx context.Context, t *turn, row Row, env channels.Outbound, v customer.Verdict) error {
	envelope, err1 := toJSON(env)
	verdict, err2 := toJSON(v)
	from, err3 := toJSON(env.From)
	to, err4 := toJSON(env.To)
	for _, err := range []error{err1, err2, err3, err4} {
		if err != nil {
			return err
		}
	}
	n, err := affected(t.tx.ExecContext(ctx, `UPDATE outbox SET kind = $3, account_id = $4, envelope = $5, verdict = $6, updated_at = $7
		WHERE id = $1 AND state = 'queued' AND leased_by = $2`,
		row.ID, row.Holder, string(env.Kind), string(env.Account), envelope, verdict, t.at.UnixMilli()))
	if err != nil {
		return err
	}
	if n == 0 {
		return ErrLeaseLost
	}
	_, err = t.tx.ExecContext(ctx, `UPDATE message SET asked_kind = CASE WHEN asked_kind = '' THEN kind ELSE asked_kind END, kind = $2,
			account_id = $3, peer = $4, sender = $5, recipients = $6, subject = $7 WHERE id = $1`,
		string(row.Message), string(env.Kind), string(env.Account), env.To[0].Value, from, to, env.Subject)
	return err
}

// Hold keeps a leased row that may not leave now until it may be asked about again. The agent is told once for each reason.
func (o *Outbox) Hold(ctx context.Context, row Row, v customer.Verdict, until time.Time) error {
	return o.decide(ctx, row, v, channels.StateQueued, nil, until)
}

// Refuse ends a leased row that may not leave at all. The agent is told why.
func (o *Outbox) Refuse(ctx context.Context, row Row, v customer.Verdict) error {
	f := &channels.Fault{Class: channels.Permanent, Code: faultOf(v.Code), Detail: string(v.Code)}
	return o.decide(ctx, row, v, channels.StateFailed, f, row.DueAt)
}

func (o *Outbox) decide(ctx context.Context, row Row, v customer.Verdict, state channels.State, f *channels.Fault, due time.Time) error {
	verdict, err1 := toJSON(v)
	fault, err2 := faultJSON(f)
	for _, err := range []error{err1, err2} {
		if err != nil {
			return err
		}
	}
	return o.step(ctx, "decide", row, func(t *turn, now Row) error {
		n, err := affected(t.tx.ExecContext(ctx, `UPDATE outbox SET state = $3, due_at = $4, verdict = $5, fault = $6, leased_by = '', leased_until = 0,
				updated_at = $7 WHERE id = $1 AND state = 'queued' AND leased_by = $2`,
			row.ID, row.Holder, string(state), due.UnixMilli(), verdict, fault, t.at.UnixMilli()))
		if err != nil {
			return err
		}
		if n == 0 {
			return ErrLeaseLost
		}
		if state == channels.StateQueued && now.Verdict.Code == v.Code && now.Verdict.Chosen < 0 {
			return nil
		}
		if now.Reached() {
			return t.leftOut(ctx, now, state, f, v)
		}
		if err := setDelivery(ctx, t.tx, row.Message, state, f); err != nil {
			return err
		}
		if state == channels.StateFailed {
			if err := t.unanswered(ctx, now); err != nil {
				return err
			}
		}
		return t.tellDelivery(now, state, f, &v, "system")
	})
}

// faultOf is the fault by which the console shows a refusal.
func faultOf(c customer.Code) string {
	switch c {
	case customer.CodeConsentMissing, customer.CodeConsentWithdrawn:
		return channels.CodeOptedOut
	case customer.CodeSuppressed, customer.CodeNoAddress:
		return channels.CodeBadAddress
	case customer.CodeOneWay:
		return channels.CodeNotCapable
	case customer.CodeNoAccount:
		return channels.CodeConfig
	case customer.CodeVisitorLeft:
		return channels.CodeGone
	case customer.CodePrefersOther:
		return channels.CodeUnwanted
	case customer.CodeStopped:
		return channels.CodeStopped
	}
	return channels.CodeUnreachable
}

// step runs one step of a row in a turn of its conversation, and tells afterwards. now is the row as it stands.
func (o *Outbox) step(ctx context.Context, what string, row Row, fn func(t *turn, now Row) error) error {
	var t *turn
	err := o.db.Tx(ctx, func(tx *sql.Tx) (err error) {
		if t, err = o.ledger.turn(ctx, tx, row.Conversation); err != nil {
			return err
		}
		now, err := readRow(ctx, tx, `WHERE id = $1`, row.ID)
		if err != nil {
			return err
		}
		if err := fn(t, now); err != nil {
			return err
		}
		return finish(ctx, t)
	})
	if err != nil {
		return fmt.Errorf("%s outbox row %s: %w", what, row.ID, err)
	}
	o.ledger.tell(t)
	o.Wake()
	return nil
}
