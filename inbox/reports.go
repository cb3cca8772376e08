package inbox

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"sportello/channels"
	"sportello/inbox/customer"
	"sportello/inbox/journal"
)

// ServerReport is what a mail server said of mail of ours: it did not arrive, waits, or was called spam. Known says that the mail it speaks
// of is ours and known: then the report stands in its conversation, and otherwise in a closed one of its own (E-35).
type ServerReport struct {
	Message      MessageID          `json:"message"`
	Conversation ConversationID     `json:"conversation"`
	Number       int64              `json:"number"` // of the conversation
	Customer     customer.ID        `json:"customer"`
	CustomerName string             `json:"customer_name,omitempty"`
	Account      channels.AccountID `json:"account"`
	Kind         channels.Auto      `json:"kind"` // bounce or complaint
	From         string             `json:"from,omitempty"`
	Subject      string             `json:"subject,omitempty"`
	Recipients   []channels.Report  `json:"recipients,omitempty"`
	Known        bool               `json:"known"`
	At           time.Time          `json:"at"`
}

// ServerReports lists what mail servers said, newest first, paged by cursor: the one returned is for the next page and is zero when there
// is none.
func (l *Ledger) ServerReports(ctx context.Context, before journal.Cursor, limit int) ([]ServerReport, journal.Cursor, error) {
	at, last := int64(1)<<62, ""
	if !before.IsZero() {
		at, last = before.At.UnixMilli(), before.ID
	}
	all, err := list(ctx, l.db, scanReport, `SELECT m.id, m.conversation_id, v.number, m.customer_id, c.name, m.account_id, m.auto, m.peer,
			m.subject, m.details, CASE WHEN v.state = 'closed' AND v.disposition = m.auto THEN 0 ELSE 1 END, m.at
		FROM message m JOIN conversation v ON v.id = m.conversation_id JOIN customer c ON c.id = m.customer_id
		WHERE m.auto IN ('bounce', 'complaint') AND (m.at < $1 OR (m.at = $1 AND m.id < $2))
		ORDER BY m.at DESC, m.id DESC LIMIT $3`, at, last, limit+1)
	if err != nil {
		return nil, journal.Cursor{}, fmt.Errorf("list reports of mail servers: %w", err)
	}
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
