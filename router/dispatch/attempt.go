package dispatch

import (
	"context"
	"errors"
	"fmt"
	"time"

	"sportello/channels"
	"sportello/inbox"
	"sportello/inbox/customer"
	"sportello/inbox/live"
)

// again is when a row is looked at again that could not be judged.
const again = 5 * time.Second

// deadlines are how long one attempt may take.
var deadlines = map[channels.Kind]time.Duration{channels.Email: time.Minute, channels.SMS: 20 * time.Second, channels.Chat: 3 * time.Second}

func deadlineOf(k channels.Kind) time.Duration {
	if d, ok := deadlines[k]; ok {
		return d
	}
	return 30 * time.Second
}

// handle brings one leased row as far as it gets now. A row that was redirected is asked again, because its new channel is another
// question; twice is enough to find what may be used.
func (d *Dispatcher) handle(ctx context.Context, row inbox.Row) error {
	if row.Reached() { // Reach was asked when it left; only others are still to get it
		v := customer.Verdict{Chosen: -1, At: d.now()}
		if done, err := d.objected(ctx, row, v); done || err != nil {
			return err
		}
		return d.send(ctx, row)
	}
	for range 3 {
		ask, err := d.ask(ctx, row)
		if err != nil {
			// Nothing was attempted: it is put back at once and not only when its lease lapses.
			unknown := customer.Verdict{Chosen: -1, Code: customer.CodeProviderDown, At: d.now()}
			return errors.Join(fmt.Errorf("reach for %s: %w", row.ID, err), d.outbox.Hold(ctx, row, unknown, d.now().Add(again)))
		}
		s := plan(row, ask, d.now())
		switch s.do {
		case redirect:
			d.log.Info("message redirected", "message", row.Message, "from", row.Kind, "to", s.to.Kind, "code", s.verdict.Code)
			if row, err = d.outbox.Redirect(ctx, row, s.to, s.verdict); err != nil {
				return fmt.Errorf("redirect %s: %w", row.ID, err)
			}
			continue
		case hold:
			return wrap("hold", row, d.outbox.Hold(ctx, row, s.verdict, s.until))
		case refuse:
			d.log.Warn("message refused", "message", row.Message, "kind", row.Kind, "code", s.verdict.Code)
			return wrap("refuse", row, d.outbox.Refuse(ctx, row, s.verdict))
		}
		if done, err := d.objected(ctx, row, s.verdict); done || err != nil {
			return err
		}
		return d.send(ctx, row)
	}
	return wrap("hold", row, d.outbox.Hold(ctx, row, customer.Verdict{Chosen: -1, At: d.now()}, d.now().Add(time.Minute)))
}

// objected refuses a row of which a copy would go to somebody who must not be written to: the envelope is frozen, so it leaves whole or
// not at all, and its author is told.
func (d *Dispatcher) objected(ctx context.Context, row inbox.Row, v customer.Verdict) (bool, error) {
	codes, err := d.ledger.Objections(ctx, row)
	if err != nil {
		unknown := customer.Verdict{Chosen: -1, Code: customer.CodeProviderDown, At: d.now()}
		return true, errors.Join(fmt.Errorf("objections for %s: %w", row.ID, err), d.outbox.Hold(ctx, row, unknown, d.now().Add(again)))
	}
	for _, code := range codes {
		v.Chosen, v.Code = -1, code
		d.log.Warn("message refused for one of its recipients", "message", row.Message, "kind", row.Kind, "code", code)
		return true, wrap("refuse", row, d.outbox.Refuse(ctx, row, v))
	}
	return false, nil
}

// ask gathers everything Reach is a function of, as it is now.
func (d *Dispatcher) ask(ctx context.Context, row inbox.Row) (customer.Ask, error) {
	of, who, err := d.ledger.ReachContext(ctx, row.Conversation)
	if err != nil {
		return customer.Ask{}, err
	}
	ask := customer.Ask{Customer: who, Purpose: row.Purpose, List: row.Envelope.List, Conversation: of, Accounts: d.ledger.Accounts(of, who), Zone: d.cfg.Zone}
	if d.cfg.Down != nil {
		ask.Down = d.cfg.Down()
	}
	ask.Visitors, err = d.visitors(ctx, row, ask)
	return ask, err
}

// visitors looks up which of the customer's chat addresses are in the chat now. It fails when Redis does not answer: the message
// waits then, because a channel must not change for a fault of ours.
func (d *Dispatcher) visitors(ctx context.Context, row inbox.Row, ask customer.Ask) (map[string]customer.Visitor, error) {
	account := ask.Accounts[channels.Chat].ID
	if row.Kind == channels.Chat {
		account = row.Account
	}
	var keys []live.VisitorKey
	for _, i := range ask.Customer.Identities {
		if i.Kind == channels.Chat {
			keys = append(keys, live.VisitorKey{Account: account, Visitor: i.Value})
		}
	}
	if account == "" || len(keys) == 0 {
		return nil, nil
	}
	states, err := d.live.Visitors().States(ctx, keys)
	if err != nil {
		return nil, fmt.Errorf("visitors: %w", err)
	}
	here := make(map[string]customer.Visitor, len(keys))
	for n, s := range states {
		here[keys[n].Visitor] = customer.Visitor{Here: s.Present, LeftAt: s.LeftAt}
	}
	return here, nil
}

// send makes one attempt: written down, made, and its outcome written down, even while the program stops.
func (d *Dispatcher) send(ctx context.Context, row inbox.Row) error {
	row.AttemptFor = deadlineOf(row.Kind)
	row, err := d.outbox.Begin(ctx, row)
	if errors.Is(err, inbox.ErrLeaseLost) {
		return nil // somebody else has it, or it was withdrawn
	}
	if err != nil {
		return fmt.Errorf("begin %s: %w", row.ID, err)
	}
	sent, err := d.attempt(ctx, row)
	return d.conclude(ctx, row, sent, err)
}

// conclude writes down what came of an attempt.
func (d *Dispatcher) conclude(ctx context.Context, row inbox.Row, sent channels.Sent, err error) error {
	if err == nil && len(sent.Failed) > 0 {
		return d.partly(ctx, row, sent)
	}
	if err == nil {
		return wrap("sent", row, d.settle(ctx, func(ctx context.Context) error { return d.outbox.Sent(ctx, row, sent) }))
	}
	f := faultOf(row.Kind, err)
	at, retried := Retry(row.Kind, f, row.ID, row.Envelope.Attempt, row.CreatedAt, d.now())
	d.log.Warn("message not sent", "message", row.Message, "kind", row.Kind, "account", row.Account, "class", f.Class, "code", f.Code,
		"attempt", row.Envelope.Attempt, "again", retried)
	return wrap("failed", row, d.settle(ctx, func(ctx context.Context) error { return d.outbox.Failed(ctx, row, f, at) }))
}

// partly writes down an attempt that some recipients have an answer of their own from. Those who are to get it later get it together.
func (d *Dispatcher) partly(ctx context.Context, row inbox.Row, sent channels.Sent) error {
	var again time.Time
	for _, n := range sent.Failed {
		if at, ok := Retry(row.Kind, n.Fault, row.ID, row.Envelope.Attempt, row.CreatedAt, d.now()); ok && at.After(again) {
			again = at
		}
		d.log.Warn("message not sent to one of its recipients", "message", row.Message, "account", row.Account, "class", n.Fault.Class,
			"code", n.Fault.Code, "attempt", row.Envelope.Attempt)
	}
	return wrap("partly sent", row, d.settle(ctx, func(ctx context.Context) error { return d.outbox.Partly(ctx, row, sent, again) }))
}

// attempt hands the row to its account's sender. An account without one was taken out of the settings: that is ours to put right, so
// the message waits for it.
func (d *Dispatcher) attempt(ctx context.Context, row inbox.Row) (channels.Sent, error) {
	sender, ok := d.senders[row.Account]
	if !ok {
		return channels.Sent{}, &channels.Fault{Class: channels.Temporary, Code: channels.CodeConfig, Detail: "no sender is configured for the account"}
	}
	ctx, cancel := context.WithTimeout(ctx, deadlineOf(row.Kind))
	defer cancel()
	return sender.Send(ctx, row.Envelope)
}

// settle writes an outcome down, insisting for a while: what is not written down looks like an attempt that was cut off.
func (d *Dispatcher) settle(ctx context.Context, write func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 15*time.Second)
	defer cancel()
	for wait := 50 * time.Millisecond; ; wait *= 2 {
		err := write(ctx)
		if err == nil || errors.Is(err, inbox.ErrLeaseLost) || errors.Is(err, inbox.ErrNotFound) {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(wait):
		}
	}
}

// faultOf classifies an error. An SMS request that was cut off may have been taken: unless the adapter knows better, its outcome is
// uncertain (M-10).
func faultOf(kind channels.Kind, err error) *channels.Fault {
	var known *channels.Fault
	cut := errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled)
	if !errors.As(err, &known) && cut && kind == channels.SMS {
		return &channels.Fault{Class: channels.Uncertain, Code: channels.CodeTimeout, Err: err}
	}
	return channels.AsFault(err)
}

func wrap(what string, row inbox.Row, err error) error {
	if err == nil || errors.Is(err, inbox.ErrLeaseLost) {
		return nil
	}
	return fmt.Errorf("%s %s: %w", what, row.ID, err)
}
