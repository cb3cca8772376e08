package inbox

// A mail to several people, of whom each gets an answer of his own (E-49). The invariants:
//
//   - Whoever has it, or has been refused for ever, is Done: it is not handed over for him again, whatever becomes of the others. That is
//     written with the outcome of the attempt that brought it, in the row's envelope.
//   - The message's state is that of the first recipient (ReplyCmd.main). What became of each stands in Message.Details.Reports, once
//     something is to be told apart.
//   - A row waits as long as somebody is not Done, also when its message has long been sent.

import (
	"context"
	"slices"
	"strings"
	"time"

	"sportello/channels"
	"sportello/inbox/customer"
	"sportello/inbox/journal"
)

// The actions of a Report of a mail of ours (RFC 3464 section 2.3.3), and one more.
const (
	actionFailed    = "failed"
	actionDelayed   = "delayed"
	actionRelayed   = "relayed"
	actionDelivered = "delivered"
	actionDisplayed = "displayed"
	actionUnknown   = "unknown" // may have left
)

// Reached reports whether the first recipient has his answer, and only others wait.
func (r Row) Reached() bool {
	return len(r.Envelope.To) > 0 && r.Envelope.IsDone(r.Envelope.To[0].Value)
}

// first is the recipient by whom the message is judged.
func (r Row) first() string {
	if len(r.Envelope.To) == 0 {
		return ""
	}
	return r.Envelope.To[0].Value
}

// waitsForOthers reports whether a row goes on for some of its recipients only.
func (r Row) waitsForOthers() bool {
	return len(r.Envelope.Done) > 0 && len(r.Envelope.Pending()) > 0 && (r.State == channels.StateQueued || r.State == channels.StateSending)
}

// Partly settles an attempt of which sent.Failed tells some recipients apart. Those with a temporary fault go again at retryAt under the same
// Message-ID, and alone; all have failed if that is zero. Like Sent, it holds whatever became of the lease.
func (o *Outbox) Partly(ctx context.Context, row Row, sent channels.Sent, retryAt time.Time) error {
	o.ledger.express.Load().landed(ctx, row.ID, 0).end(false, nil)
	return o.step(ctx, "settle", row, func(t *turn, now Row) error {
		p := partly{row: row, now: now, failed: map[string]*channels.Fault{}, retryAt: retryAt}
		for _, n := range sent.Failed {
			p.failed[strings.ToLower(n.Recipient)] = n.Fault
		}
		p.judge()
		if err := endAttempt(ctx, t, row, p.outcome, p.detail); err != nil {
			return err
		}
		for _, bad := range p.lost {
			if err := o.ledger.consequences(ctx, t, now, bad.Recipient, bad.Fault); err != nil {
				return err
			}
			if err := refused(ctx, t, now); err != nil {
				return err
			}
		}
		if err := o.ledger.partly(ctx, t, p); err != nil {
			return err
		}
		return o.ledger.unpark(ctx, t, p.after, sent.External)
	})
}

// partly is an attempt with an outcome for each recipient.
type partly struct {
	row, now Row // as it was begun, and as it stands
	failed   map[string]*channels.Fault
	retryAt  time.Time

	after   Row // as it will stand, save for its state
	outcome string
	detail  string
	lost    []channels.NotSent // for ever
	reports []channels.Report
	state   channels.State // of the message; "" leaves it
	fault   *channels.Fault
}

// judge decides on each recipient of the attempt.
func (p *partly) judge() {
	p.after = p.now
	p.after.Envelope.Done = slices.Clone(p.now.Envelope.Done)
	for _, to := range p.row.Envelope.Pending() {
		f, state := p.failed[strings.ToLower(to)], channels.StateSent
		if f != nil {
			state = afterFault(p.row.Kind, f, p.retryAt)
		}
		p.weigh(f)
		if state != channels.StateQueued && !p.after.Envelope.IsDone(to) {
			p.after.Envelope.Done = append(p.after.Envelope.Done, to)
		}
		if state == channels.StateFailed {
			p.lost = append(p.lost, channels.NotSent{Recipient: to, Fault: f})
		}
		p.reports = append(p.reports, reportOf(to, state, f))
		if to == p.row.first() {
			p.state, p.fault = state, f
		}
	}
}

// weigh makes one outcome of those of all recipients: that it may have left counts most, then that it has, then the first fault.
func (p *partly) weigh(f *channels.Fault) {
	const sent, doubt = string(channels.StateSent), string(channels.Uncertain)
	switch {
	case f == nil && p.outcome != doubt:
		p.outcome = sent
	case f != nil && (f.Class == channels.Uncertain || p.outcome == ""):
		p.outcome = string(f.Class)
	}
	if f != nil && p.detail == "" {
		p.detail = f.Error()
	}
}

// reportOf is what is shown of one recipient.
func reportOf(recipient string, state channels.State, f *channels.Fault) channels.Report {
	actions := map[channels.State]string{channels.StateQueued: actionDelayed, channels.StateSent: actionRelayed, channels.StateDelivered: actionDelivered,
		channels.StateRead: actionDisplayed, channels.StateFailed: actionFailed, channels.StateUnknown: actionUnknown}
	r := channels.Report{Recipient: recipient, Action: actions[state]}
	if f == nil {
		return r
	}
	if f.Class == channels.Uncertain {
		r.Action = actionUnknown
	}
	r.Code, r.Diagnostic = f.Code, f.Detail
	for word := range strings.FieldsSeq(f.Provider) { // "550 5.1.1"
		if strings.Count(word, ".") == 2 {
			r.Status = word
		}
	}
	return r
}

// partly writes what an attempt has brought: to the row, to the message, and what it tells.
func (l *Ledger) partly(ctx context.Context, t *turn, p partly) error {
	m, err := readMessage(ctx, t.tx, `WHERE m.id = $1`, string(p.row.Message))
	if err != nil {
		return err
	}
	shown, fault := m.State, m.Fault
	if p.moves(m.State) {
		shown, fault = p.state, p.fault
		if p.state == channels.StateSent {
			if fault, err = doubted(ctx, t, p.row); err != nil {
				return err
			}
		}
		if err := setDelivery(ctx, t.tx, m.ID, shown, fault); err != nil {
			return err
		}
	}
	if err := l.keepWaiting(ctx, t, p, shown); err != nil {
		return err
	}
	if shown == channels.StateFailed && m.State != shown {
		if err := t.unanswered(ctx, p.row); err != nil {
			return err
		}
	}
	return t.reported(ctx, p.now, m, DeliveryChange{State: shown, Fault: fault}, p.reports, providerActor(p.row.Account))
}

// moves reports whether the message goes from the state that it is shown in to what the attempt has brought for its first recipient. What
// was reported meanwhile stands.
func (p *partly) moves(shown channels.State) bool {
	waits := slices.Contains([]channels.State{channels.StateQueued, channels.StateSending, channels.StateUnknown}, shown)
	return p.state == channels.StateQueued && waits || p.state != "" && p.state != channels.StateQueued && shown.After(p.state)
}

// keepWaiting writes who is done, and lets the row wait for the others. Another attempt that has begun meanwhile goes on.
func (l *Ledger) keepWaiting(ctx context.Context, t *turn, p partly, shown channels.State) error {
	envelope, err := toJSON(p.after.Envelope)
	if err != nil {
		return err
	}
	fault, err := faultJSON(p.fault)
	if err != nil {
		return err
	}
	state, due, waits := shown, p.now.DueAt, len(p.after.Envelope.Pending()) > 0
	if waits {
		state, due = channels.StateQueued, p.retryAt
	}
	_, err = t.tx.ExecContext(ctx, `UPDATE outbox SET envelope = $2, updated_at = $3 WHERE id = $1`, p.row.ID, envelope, t.at.UnixMilli())
	if err != nil {
		return err
	}
	_, err = t.tx.ExecContext(ctx, `UPDATE outbox SET state = $3, due_at = $4, fault = $5, leased_by = '', leased_until = 0,
			external_id = CASE WHEN external_id = '' THEN $6 ELSE external_id END
		WHERE id = $1 AND attempts = $2 AND (state IN ('queued', 'sending', 'unknown') OR $7 = 1)`,
		p.row.ID, p.row.Attempts, string(state), due.UnixMilli(), fault, p.row.Envelope.Thread.MessageID, b2i(waits))
	return err
}

// reported adds what became of some recipients to a message and tells it, if something is new.
func (t *turn) reported(ctx context.Context, row Row, m stored, d DeliveryChange, news []channels.Report, by journal.Actor) error {
	all, changed := mergeReports(m.Details.Reports, news)
	if !changed && d.State == m.State {
		return nil
	}
	m.Details.Reports = all
	details, err := detailsJSON(m.Details)
	if err == nil {
		_, err = t.tx.ExecContext(ctx, `UPDATE message SET details = $2 WHERE id = $1`, string(m.ID), details)
	}
	if err != nil {
		return err
	}
	d.Message, d.Seq, d.Kind, d.Reports = row.Message, row.Envelope.Seq, row.Kind, all
	ch := Change{Delivery: &d}
	if d.Fault != nil {
		ch.Reason = d.Fault.Code
	}
	return t.tell(journal.Delivery, by, ch)
}

// mergeReports puts news over what was known of the same recipients. What is final is not taken back by less.
func mergeReports(known, news []channels.Report) (all []channels.Report, changed bool) {
	all = slices.Clone(known)
	for _, n := range news {
		i := slices.IndexFunc(all, func(r channels.Report) bool { return strings.EqualFold(r.Recipient, n.Recipient) })
		switch {
		case i < 0:
			all, changed = append(all, n), true
		case all[i] != n && follows(all[i].Action, n.Action):
			all[i], changed = n, true
		}
	}
	return all, changed
}

// follows reports whether news of a recipient may replace what was known of him, as channels.State.After does for a message.
func follows(known, next string) bool {
	states := map[string]channels.State{actionDelayed: channels.StateQueued, actionUnknown: channels.StateUnknown, actionRelayed: channels.StateSent,
		actionDelivered: channels.StateDelivered, actionDisplayed: channels.StateRead, actionFailed: channels.StateFailed}
	a, b := states[known], states[next]
	return a == "" || known == next || a == channels.StateUnknown && b == channels.StateQueued || a.After(b)
}

// leftOut settles a row whose message has been judged, and of which the rest is held or refused: the message stays as it is.
func (t *turn) leftOut(ctx context.Context, row Row, state channels.State, f *channels.Fault, v customer.Verdict) error {
	if state != channels.StateFailed {
		return nil
	}
	m, err := readMessage(ctx, t.tx, `WHERE m.id = $1`, string(row.Message))
	if err != nil {
		return err
	}
	if _, err = t.tx.ExecContext(ctx, `UPDATE outbox SET state = $2 WHERE id = $1`, row.ID, string(m.State)); err != nil {
		return err
	}
	var news []channels.Report
	for _, to := range row.Envelope.Pending() {
		news = append(news, reportOf(to, state, f))
	}
	return t.reported(ctx, row, m, DeliveryChange{State: m.State, Fault: m.Fault, Verdict: &v}, news, "system")
}
