package inbox

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"sportello/channels"
	"sportello/inbox/customer"
	"sportello/inbox/journal"
)

// Settle takes news of an outgoing message. Late, repeated and reordered news never goes backwards (M-12). News that matches nothing
// yet is parked, and applied when the sending it speaks of is written down (M-13).
func (l *Ledger) Settle(ctx context.Context, r channels.Receipt) error {
	if n, ok := good(r); ok {
		done, err := l.express.Load().bring(ctx, n)
		if !done && err == nil {
			done, err = l.hear(ctx, n)
		}
		if done || err != nil {
			return err
		}
	}
	var t *turn
	err := l.db.Tx(ctx, func(tx *sql.Tx) error {
		t = nil
		row, err := rowOf(ctx, tx, r)
		if errors.Is(err, ErrNotFound) {
			return l.park(ctx, tx, r)
		}
		if err != nil {
			return err
		}
		if t, err = l.turn(ctx, tx, row.Conversation); err != nil {
			return err
		}
		if row, err = readRow(ctx, tx, `WHERE id = $1`, row.ID); err != nil { // an attempt may have ended before the conversation was ours
			return err
		}
		if err := l.settle(ctx, t, row, r); err != nil {
			return err
		}
		return finish(ctx, t)
	})
	if err != nil {
		return fmt.Errorf("settle %s/%s: %w", r.Account, cmp.Or(r.OutboxID, r.External, r.MessageID), err)
	}
	if t != nil {
		l.tell(t)
		l.outbox.Ring()
	}
	return nil
}

// rowOf finds the row that a receipt speaks of, by the first name that it gives.
func rowOf(ctx context.Context, tx *sql.Tx, r channels.Receipt) (Row, error) {
	switch {
	case r.OutboxID != "":
		return readRow(ctx, tx, `WHERE id = $1`, r.OutboxID)
	case r.External != "":
		return readRow(ctx, tx, `WHERE account_id = $1 AND external_id = $2 AND external_id <> ''`, string(r.Account), r.External)
	case wellFormed(r.MessageID):
		return readRow(ctx, tx, `WHERE message_id = (SELECT message_id FROM mail_ref WHERE ref = $1 AND ours = 1)
			ORDER BY created_at DESC LIMIT 1`, r.MessageID)
	}
	return Row{}, ErrNotFound
}

func (l *Ledger) park(ctx context.Context, tx *sql.Tx, r channels.Receipt) error {
	id, err := newID()
	if err != nil {
		return err
	}
	raw, err := json.Marshal(r)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO parked_receipt (id, account_id, external_id, receipt, at) VALUES ($1, $2, $3, $4, $5)`,
		id, string(r.Account), cmp.Or(r.External, r.MessageID, r.OutboxID), string(raw), l.clock().UnixMilli())
	return err
}

// unpark applies the receipts that came before the provider's id was known.
func (l *Ledger) unpark(ctx context.Context, t *turn, row Row, external string) error {
	if external == "" {
		return nil
	}
	parked, err := list(ctx, t.tx, scanText, `SELECT receipt FROM parked_receipt WHERE account_id = $1 AND external_id = $2 ORDER BY at, id`,
		string(row.Account), external)
	if err != nil {
		return err
	}
	for _, raw := range parked {
		var r channels.Receipt
		if err := json.Unmarshal([]byte(raw), &r); err != nil {
			return err
		}
		if err := l.settle(ctx, t, row, r); err != nil {
			return err
		}
	}
	_, err = t.tx.ExecContext(ctx, `DELETE FROM parked_receipt WHERE account_id = $1 AND external_id = $2`, string(row.Account), external)
	return err
}

// settle applies one receipt to a row and its message.
func (l *Ledger) settle(ctx context.Context, t *turn, row Row, r channels.Receipt) error {
	if !believable(row, r) {
		return nil
	}
	several := len(row.Envelope.Recipients()) > 1
	if several && r.Recipient == "" {
		return l.reportOne(ctx, t, row, r) // one of them, nobody says which
	}
	recipient := cmp.Or(r.Recipient, row.first())
	if r.State == channels.StateFailed && r.Fault != nil {
		if address, f := blamed(row, recipient, r.Fault); f != nil {
			if err := l.consequences(ctx, t, row, address, f); err != nil {
				return err
			}
		}
	}
	if inCopy(row, recipient) {
		return l.reportOne(ctx, t, row, r) // the message reached, or failed to reach, the customer all the same
	}
	if r.External != "" {
		_, err := t.tx.ExecContext(ctx, `UPDATE outbox SET external_id = $2 WHERE id = $1 AND external_id = ''`, row.ID, r.External)
		if err != nil {
			return err
		}
	}
	if err := l.deliver(ctx, t, row, r.State, r.Fault); err != nil || !several {
		return err
	}
	return l.reportOne(ctx, t, row, r)
}

// believable reports whether a receipt may be believed. That a mail was read is said by mail programs, so by anybody: only somebody who got it
// may say so (RFC 8098 section 6.1).
func believable(row Row, r channels.Receipt) bool {
	if row.Kind != channels.Email || r.State != channels.StateRead {
		return true
	}
	return slices.ContainsFunc(row.Envelope.Recipients(), func(a string) bool { return strings.EqualFold(a, r.Recipient) })
}

// blamed is the address that a reported failure speaks against, and how. Whoever got a mail of ours can write a report about it, so one
// says nothing of addresses that the mail was not sent to: such a one is where somebody has his mail forwarded. If it is known whose
// mail that was, it counts against him as a failure that proves nothing; f is nil otherwise.
func blamed(row Row, recipient string, fault *channels.Fault) (address string, f *channels.Fault) {
	all := row.Envelope.Recipients()
	if row.Kind != channels.Email || slices.ContainsFunc(all, func(a string) bool { return strings.EqualFold(a, recipient) }) {
		return recipient, fault
	}
	if len(all) != 1 {
		return "", nil
	}
	soft := *fault
	soft.Suppress = false
	return row.first(), &soft
}

// inCopy reports whether a recipient is one of those who got it beside the first. An address that the message was not sent to is where
// the customer's own has his mail forwarded.
func inCopy(row Row, recipient string) bool {
	return !strings.EqualFold(recipient, row.first()) && slices.ContainsFunc(row.Envelope.Recipients(), func(a string) bool {
		return strings.EqualFold(a, recipient)
	})
}

// reportOne notes what became of a mail at one of several recipients. The message's own state stays as it is.
func (l *Ledger) reportOne(ctx context.Context, t *turn, row Row, r channels.Receipt) error {
	m, err := readMessage(ctx, t.tx, `WHERE m.id = $1`, string(row.Message))
	if err != nil {
		return err
	}
	news := []channels.Report{reportOf(r.Recipient, r.State, r.Fault)}
	return t.reported(ctx, row, m, DeliveryChange{State: m.State, Fault: m.Fault}, news, providerActor(row.Account))
}

// deliver moves a message to a state that the other side reported, if it may follow the one it has.
func (l *Ledger) deliver(ctx context.Context, t *turn, row Row, next channels.State, f *channels.Fault) error {
	m, err := readMessage(ctx, t.tx, `WHERE m.id = $1`, string(row.Message))
	if err != nil || !m.State.After(next) {
		return err
	}
	if next != channels.StateFailed && f != nil && f.Class != channels.Uncertain {
		f = nil
	}
	fault, err := faultJSON(f)
	if err == nil && !row.waitsForOthers() {
		_, err = t.tx.ExecContext(ctx, `UPDATE outbox SET state = $2, fault = $3, updated_at = $4, leased_by = '', leased_until = 0 WHERE id = $1`,
			row.ID, string(next), fault, t.at.UnixMilli())
	}
	if err == nil {
		err = setDelivery(ctx, t.tx, m.ID, next, f)
	}
	if err != nil {
		return err
	}
	if m.State == channels.StateFailed || next == channels.StateFailed {
		if err := t.unanswered(ctx, row); err != nil {
			return err
		}
	}
	return t.tellDelivery(row, next, f, nil, providerActor(row.Account))
}

// waits notes that a message goes on waiting, or has ended without reaching anybody. The agent is told when something is new in it.
func (l *Ledger) waits(ctx context.Context, t *turn, row Row, state channels.State, f *channels.Fault) error {
	if err := setDelivery(ctx, t.tx, row.Message, state, f); err != nil {
		return err
	}
	if state == channels.StateQueued && row.Fault != nil && row.Fault.Code == f.Code {
		return nil
	}
	if state == channels.StateFailed {
		if err := t.unanswered(ctx, row); err != nil {
			return err
		}
	}
	return t.tellDelivery(row, state, f, nil, providerActor(row.Account))
}

func (t *turn) tellDelivery(row Row, state channels.State, f *channels.Fault, v *customer.Verdict, by journal.Actor) error {
	d := DeliveryChange{Message: row.Message, Seq: row.Envelope.Seq, State: state, Kind: row.Kind, Fault: f, Verdict: v}
	ch := Change{Delivery: &d}
	if f != nil {
		ch.Reason = f.Code
	}
	return t.tell(journal.Delivery, by, ch)
}

func providerActor(a channels.AccountID) journal.Actor { return journal.Actor("provider:" + string(a)) }

// consequences are what a failure says of the address beyond this message: it is dead or may be (E-33), or its owner has opted out at the
// provider (M-14, M-15).
func (l *Ledger) consequences(ctx context.Context, t *turn, row Row, address string, f *channels.Fault) error {
	var err error
	switch {
	case f.Suppress:
		err = l.book.Suppress(ctx, t.tx, row.Kind, address, string(row.Message), f.Code, t.at)
	case strikes(row.Kind, f):
		err = l.book.Strike(ctx, t.tx, row.Kind, address, string(row.Message), f.Code, t.at)
	}
	if err != nil {
		return err
	}
	if f.Code != channels.CodeOptedOut || f.Class != channels.Permanent {
		return nil
	}
	return l.book.Consent(ctx, t.tx, t.c.Customer, customer.Consent{
		Kind: row.Kind, Address: address, Account: row.Account, Source: "provider", SourceID: string(row.Message), Wording: f.Provider,
		Actor: string(providerActor(row.Account)), At: t.at,
	})
}

// strikes reports whether a failure speaks against the address, without proving that it is dead. What the other side holds against this
// message or against us says nothing about the address.
func strikes(kind channels.Kind, f *channels.Fault) bool {
	if kind != channels.Email {
		return false
	}
	switch f.Code {
	case channels.CodeMailboxFull, channels.CodeUnreachable, channels.CodeProvider, channels.CodeBadAddress:
		return true
	}
	return false
}
