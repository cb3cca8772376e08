package inbox

import (
	"context"
	"fmt"
	"slices"
	"time"

	"sportello/channels"
	"sportello/inbox/journal"
)

// Reread is what a message says when it is read anew from its raw form. Who wrote it, to which conversation it belongs, whether a
// machine wrote it and who vouched for it were decided when it came, and stay.
type Reread struct {
	Subject string
	Text    string
	HTML    string
	Parts   []channels.Part
	Details channels.Details
	Flaw    string
}

// RawMail is a mail that came in and whose raw form is kept.
type RawMail struct {
	ID      MessageID
	Account channels.AccountID
	Raw     channels.BlobID
	Flaw    string
}

// RawMails lists the mails that came in since a time, in order of their ids, after one of them. With flawed only those that could not
// be read in full.
func (l *Ledger) RawMails(ctx context.Context, since time.Time, flawed bool, after MessageID, limit int) ([]RawMail, error) {
	from := int64(0)
	if !since.IsZero() {
		from = since.UnixMilli()
	}
	all, err := list(ctx, l.db, func(row scanner) (m RawMail, err error) {
		return m, row.Scan(&m.ID, &m.Account, &m.Raw, &m.Flaw)
	}, `SELECT id, account_id, raw, flaw FROM message WHERE direction = 'in' AND kind = $1 AND raw <> '' AND at >= $2 AND id > $3
			AND ($4 = 0 OR flaw <> '') ORDER BY id LIMIT $5`, string(channels.Email), from, string(after), b2i(flawed), limit)
	if err != nil {
		return nil, fmt.Errorf("list raw mails: %w", err)
	}
	return all, nil
}

// Reread writes what a message says when it is read anew, and reports whether that is something else than before. One event tells it,
// with the digest of the message as it is now, so that the record balances. It is no new message: nobody is notified, no clock starts,
// no rule is asked. With dry nothing is written.
func (l *Ledger) Reread(ctx context.Context, id MessageID, r Reread, dry bool) (changed bool, err error) {
	m, err := readMessage(ctx, l.db, `WHERE m.id = $1`, string(id))
	if err == nil && dry {
		_, changed, err = r.apply(m)
		return changed, err
	}
	if err == nil {
		_, err = l.change(ctx, m.Conversation, func(t *turn) error {
			m, err := readMessage(ctx, t.tx, `WHERE m.id = $1`, string(id))
			if err != nil {
				return err
			}
			m, changed, err = r.apply(m)
			if err != nil || !changed {
				return err
			}
			return t.correct(ctx, m)
		})
	}
	if err != nil {
		return false, fmt.Errorf("read message %s anew: %w", id, err)
	}
	return changed, nil
}

// apply returns the message as it is to be, and whether that differs.
func (r Reread) apply(m stored) (stored, bool, error) {
	in := clean(channels.Inbound{Subject: r.Subject, Text: r.Text, HTML: r.HTML, Parts: r.Parts, Flaw: r.Flaw})
	before, err := (Evidence{m.Message, m.external, m.peer}).Content()
	if err != nil {
		return m, false, err
	}
	old := m.Details
	m.Subject, m.Text, m.HTML, m.Parts, m.Flaw, m.Details = in.Subject, in.Text, in.HTML, in.Parts, in.Flaw, r.Details
	m.aboutHTML()
	m.Details.Trust, m.Details.Matched, m.Details.Robot = old.Trust, old.Matched, old.Robot
	for _, w := range old.Warnings {
		if !slices.Contains(m.Details.Warnings, w) {
			m.Details.Warnings = append(slices.Clip(m.Details.Warnings), w)
		}
	}
	after, err := (Evidence{m.Message, m.external, m.peer}).Content()
	return m, before != after, err
}

// correct writes a message that is there already, with the event that says so.
func (t *turn) correct(ctx context.Context, m stored) error {
	row, err := toStored(m)
	if err != nil {
		return err
	}
	_, err = t.tx.ExecContext(ctx, `UPDATE message SET subject = $2, body = $3, html = $4, parts = $5, details = $6, flaw = $7 WHERE id = $1`,
		string(m.ID), m.Subject, m.Text, m.HTML, row.parts, row.details, m.Flaw)
	if err != nil {
		return err
	}
	if m.Seq == t.c.LastMessageSeq {
		t.c.Preview = preview(m.Message)
	}
	if err := t.tell(journal.Corrected, "system", Change{Message: &m.Message, Reason: "reread"}); err != nil {
		return err
	}
	t.events[len(t.events)-1].Content, err = (Evidence{m.Message, m.external, m.peer}).Content()
	return err
}
