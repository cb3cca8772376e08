package inbox

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"sportello/channels"
	"sportello/inbox/customer"
	"sportello/inbox/journal"
)

// ReportKind is what a mail server did with mail of ours.
type ReportKind string

const (
	ReportRefused   ReportKind = "refused"   // gave somebody up while the mail was handed over (E-49): no mail says so
	ReportBounce    ReportKind = "bounce"    // reported that it did not arrive, or waits
	ReportComplaint ReportKind = "complaint" // reported that a recipient has called it spam
)

// ServerReport is what a mail server said of mail of ours: it did not arrive, waits, or was called spam. Known says that the mail it speaks
// of is ours and known: then the report stands in its conversation, and otherwise in a closed one of its own (E-35). Of ReportRefused,
// Message is our own mail, and Reached counts those of its recipients who have it.
type ServerReport struct {
	Message      MessageID          `json:"message"`
	Conversation ConversationID     `json:"conversation"`
	Number       int64              `json:"number"` // of the conversation
	Customer     customer.ID        `json:"customer"`
	CustomerName string             `json:"customer_name,omitempty"`
	Account      channels.AccountID `json:"account"`
	Kind         ReportKind         `json:"kind"`
	From         string             `json:"from,omitempty"`
	Subject      string             `json:"subject,omitempty"`
	Recipients   []channels.Report  `json:"recipients,omitempty"`
	Reached      int                `json:"reached,omitempty"`
	Known        bool               `json:"known"`
	At           time.Time          `json:"at"`
}

// ServerReports lists what mail servers said, newest first, paged by cursor: the one returned is for the next page and is zero when there
// is none. Only those of a kind are listed, unless it is "".
func (l *Ledger) ServerReports(ctx context.Context, kind ReportKind, before journal.Cursor, limit int) ([]ServerReport, journal.Cursor, error) {
	at, last := int64(1)<<62, ""
	if !before.IsZero() {
		at, last = before.At.UnixMilli(), before.ID
	}
	var all []ServerReport
	if kind != ReportRefused {
		sent, err := list(ctx, l.db, scanReport, `SELECT m.id, m.conversation_id, v.number, m.customer_id, c.name, m.account_id, m.auto, m.peer,
				m.subject, m.details, CASE WHEN v.state = 'closed' AND v.disposition = m.auto THEN 0 ELSE 1 END, m.at
			FROM message m JOIN conversation v ON v.id = m.conversation_id JOIN customer c ON c.id = m.customer_id
			WHERE m.auto IN ('bounce', 'complaint') AND (m.at < $1 OR (m.at = $1 AND m.id < $2)) AND ($4 = '' OR m.auto = $4)
			ORDER BY m.at DESC, m.id DESC LIMIT $3`, at, last, limit+1, string(kind))
		if err != nil {
			return nil, journal.Cursor{}, fmt.Errorf("list reports of mail servers: %w", err)
		}
		all = sent
	}
	if kind == "" || kind == ReportRefused {
		refused, err := list(ctx, l.db, scanRefused, `SELECT m.id, m.conversation_id, v.number, m.customer_id, c.name, m.account_id,
				m.subject, m.recipients, m.copies, m.details, m.state, m.fault, m.refused_at
			FROM message m JOIN conversation v ON v.id = m.conversation_id JOIN customer c ON c.id = m.customer_id
			WHERE m.refused_at IS NOT NULL AND (m.refused_at < $1 OR (m.refused_at = $1 AND m.id < $2))
			ORDER BY m.refused_at DESC, m.id DESC LIMIT $3`, at, last, limit+1)
		if err != nil {
			return nil, journal.Cursor{}, fmt.Errorf("list mail that was refused: %w", err)
		}
		all = append(all, refused...)
	}
	slices.SortFunc(all, func(a, b ServerReport) int { return cmp.Or(b.At.Compare(a.At), cmp.Compare(b.Message, a.Message)) })
	if len(all) <= limit {
		return all, journal.Cursor{}, nil
	}
	end := all[limit-1]
	return all[:limit], journal.Cursor{At: end.At, ID: string(end.Message)}, nil
}

func scanReport(row scanner) (ServerReport, error) {
	var r ServerReport
	var raw string
	var at int64
	err := row.Scan(&r.Message, &r.Conversation, &r.Number, &r.Customer, &r.CustomerName, &r.Account, &r.Kind, &r.From, &r.Subject, &raw, &r.Known, &at)
	if err != nil {
		return r, err
	}
	r.At = time.UnixMilli(at).UTC()
	var details channels.Details
	if raw != "" {
		err = json.Unmarshal([]byte(raw), &details)
	}
	r.Recipients = details.Reports
	return r, err
}

func scanRefused(row scanner) (ServerReport, error) {
	r := ServerReport{Kind: ReportRefused, Known: true}
	var m Message
	var to, cc, details, fault string
	var at int64
	err := row.Scan(&r.Message, &r.Conversation, &r.Number, &r.Customer, &r.CustomerName, &r.Account, &r.Subject, &to, &cc, &details, &m.State, &fault, &at)
	if err != nil {
		return r, err
	}
	r.At = time.UnixMilli(at).UTC()
	for _, f := range []struct {
		raw  string
		into any
	}{{to, &m.To}, {cc, &m.Cc}, {details, &m.Details}, {fault, &m.Fault}} {
		if f.raw == "" {
			continue
		}
		if err := json.Unmarshal([]byte(f.raw), f.into); err != nil {
			return r, err
		}
	}
	r.Recipients, r.Reached = lost(m)
	return r, nil
}

// lost tells those of a mail's recipients who do not have it, from those who have. Where they were not told apart, all shared one answer.
func lost(m Message) (without []channels.Report, reached int) {
	all := m.Details.Reports
	if len(all) == 0 && m.State == channels.StateFailed {
		for _, a := range slices.Concat(m.To, m.Cc, m.Details.Bcc) {
			all = append(all, reportOf(a.Value, m.State, m.Fault))
		}
	}
	for _, r := range all {
		switch r.Action {
		case actionRelayed, actionDelivered, actionDisplayed:
			reached++
		default:
			without = append(without, r)
		}
	}
	return without, reached
}

// refused writes down that a server has given somebody up while the mail of a row was handed over.
func refused(ctx context.Context, t *turn, row Row) error {
	if row.Kind != channels.Email {
		return nil
	}
	_, err := t.tx.ExecContext(ctx, `UPDATE message SET refused_at = $2 WHERE id = $1`, string(row.Message), t.at.UnixMilli())
	return err
}
