package inbox

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"sportello/channels"
	"sportello/inbox/customer"
)

// CampaignStatus is what has become of a campaign. Every receiver is counted in one of Waiting, Sent, Refused, Failed, Bounced, Unknown
// and Canceled; Complaints and Unsubscribed say more of some of them.
type CampaignStatus struct {
	Campaign
	Receivers    int                   `json:"receivers"`
	Waiting      int                   `json:"waiting"`      // to leave, or leaving
	Held         map[customer.Code]int `json:"held"`         // of those: why, such as quiet hours
	Sent         int                   `json:"sent"`         // taken by the next mail server, and nothing bad was heard since
	Refused      map[customer.Code]int `json:"refused"`      // it was not allowed when it was to leave
	Failed       map[string]int        `json:"failed"`       // it could not be handed over, by channels.Fault.Code
	Bounced      map[string]int        `json:"bounced"`      // it was handed over and came back
	Unknown      int                   `json:"unknown"`      // may or may not have left
	Canceled     int                   `json:"canceled"`     // the campaign was stopped
	Complaints   int                   `json:"complaints"`   // receivers who called it spam
	Unsubscribed int                   `json:"unsubscribed"` // receivers who have left its list since it began
}

// CampaignStatus counts what has become of a campaign.
func (l *Ledger) CampaignStatus(ctx context.Context, name string) (CampaignStatus, error) {
	c, err := l.Campaign(ctx, name)
	if err != nil {
		return CampaignStatus{}, err
	}
	s := CampaignStatus{Campaign: c, Held: map[customer.Code]int{}, Refused: map[customer.Code]int{}, Failed: map[string]int{}, Bounced: map[string]int{}}
	all, err := list(ctx, l.db, scanMailed, `SELECT m.state, o.attempts, o.fault, o.verdict,
			EXISTS (SELECT 1 FROM attempt a WHERE a.outbox_id = o.id AND a.outcome = 'sent')
		FROM message m JOIN outbox o ON o.message_id = m.id WHERE m.author_id = $1`, c.author())
	if err == nil {
		err = l.db.QueryRowContext(ctx, `SELECT count(DISTINCT m.customer_id) FROM message m WHERE m.author_id = $1
			AND EXISTS (SELECT 1 FROM message r WHERE r.conversation_id = m.conversation_id AND r.direction = 'in' AND r.auto = $2)`,
			c.author(), string(channels.AutoComplaint)).Scan(&s.Complaints)
	}
	if err == nil {
		err = l.db.QueryRowContext(ctx, `SELECT count(DISTINCT m.customer_id) FROM message m JOIN consent w ON w.customer_id = m.customer_id
			WHERE m.author_id = $1 AND (w.list = $2 OR w.source_id = $2) AND w.verdict = 'withdrawn' AND w.at >= $3`,
			c.author(), c.List, c.CreatedAt.UnixMilli()).Scan(&s.Unsubscribed)
	}
	if err != nil {
		return CampaignStatus{}, fmt.Errorf("count campaign: %w", err)
	}
	for _, m := range all {
		s.count(m)
	}
	return s, nil
}

// mailed is what became of one mail of a campaign.
type mailed struct {
	state    channels.State
	attempts int
	fault    channels.Fault
	verdict  customer.Verdict
	left     bool // a server took it once
}

func scanMailed(row scanner) (m mailed, err error) {
	var fault, verdict string
	if err := row.Scan(&m.state, &m.attempts, &fault, &verdict, &m.left); err != nil {
		return m, err
	}
	for raw, into := range map[string]any{fault: &m.fault, verdict: &m.verdict} {
		if raw != "" && json.Unmarshal([]byte(raw), into) != nil {
			m.fault.Code = channels.CodeUnreadable
		}
	}
	return m, nil
}

func (s *CampaignStatus) count(m mailed) {
	s.Receivers++
	switch m.state {
	case channels.StateQueued, channels.StateSending:
		s.Waiting++
		if m.verdict.Chosen < 0 && m.verdict.Code != "" && m.attempts == 0 {
			s.Held[m.verdict.Code]++
		}
	case channels.StateFailed:
		switch {
		case m.left:
			s.Bounced[m.fault.Code]++
		case m.verdict.Chosen < 0 && m.verdict.Code != "":
			s.Refused[m.verdict.Code]++
		default:
			s.Failed[m.fault.Code]++
		}
	case channels.StateUnknown:
		s.Unknown++
	case channels.StateCanceled:
		s.Canceled++
	default:
		s.Sent++
	}
}

// StopCampaign ends a campaign: from the commit of its first step nothing more of it begins to leave, and what waits is canceled. It
// returns how many mails that were; what is on its way is not called back. The second time there are none.
func (l *Ledger) StopCampaign(ctx context.Context, name string) (canceled int, err error) {
	c, err := l.Campaign(ctx, name)
	if err == nil {
		_, err = l.db.ExecContext(ctx, `UPDATE campaign SET stopped_at = $2 WHERE name = $1 AND stopped_at IS NULL`, name, l.clock().UnixMilli())
	}
	for more := true; err == nil && more; {
		var n int
		n, more, err = l.cancelSome(ctx, c)
		canceled += n
	}
	if err != nil {
		return canceled, fmt.Errorf("stop campaign: %w", err)
	}
	return canceled, nil
}

// mostCanceled bounds one transaction of StopCampaign.
const mostCanceled = 100

// cancelSome cancels some of the mails of a campaign that wait, and says how many, and whether there may be more.
func (l *Ledger) cancelSome(ctx context.Context, c Campaign) (n int, more bool, err error) {
	err = l.db.Tx(ctx, func(tx *sql.Tx) error {
		n, more = 0, false
		ids, err := list(ctx, tx, func(row scanner) (id ConversationID, err error) { return id, row.Scan(&id) },
			`SELECT o.conversation_id FROM outbox o JOIN message m ON m.id = o.message_id
			WHERE m.author_id = $1 AND o.state = 'queued' ORDER BY o.conversation_id LIMIT `+strconv.Itoa(mostCanceled), c.author())
		if err != nil || len(ids) == 0 {
			return err
		}
		turns, err := l.turns(ctx, tx, ids)
		if err != nil {
			return err
		}
		more = true
		told := make([]*turn, 0, len(turns))
		for _, id := range ids {
			done, err := l.cancelMail(ctx, turns[id], c)
			if err != nil {
				return err
			}
			told, n = append(told, turns[id]), n+done
		}
		return flush(ctx, told...)
	})
	return n, more, err
}

// cancelMail takes the mail of one conversation out of the outbox, from whoever holds it, unless it is being sent.
func (l *Ledger) cancelMail(ctx context.Context, t *turn, c Campaign) (int, error) {
	rows, err := list(ctx, t.tx, scanRow, `UPDATE outbox SET state = 'canceled', leased_by = '', leased_until = 0, updated_at = $3
		WHERE conversation_id = $1 AND state = 'queued' AND message_id IN (SELECT m.id FROM message m WHERE m.conversation_id = $1 AND m.author_id = $2)
		RETURNING `+rowColumns, string(t.c.ID), c.author(), t.at.UnixMilli())
	for _, row := range rows {
		if err == nil {
			err = setDelivery(ctx, t.tx, row.Message, channels.StateCanceled, nil)
		}
		if err == nil {
			err = t.tellDelivery(row, channels.StateCanceled, nil, nil, "system")
		}
	}
	return len(rows), err
}

// stopped says since when the campaign of a row is stopped; the zero time when it is not, or when the row is of none.
func (l *Ledger) stopped(ctx context.Context, row Row) (time.Time, error) {
	if row.Envelope.Campaign == "" {
		return time.Time{}, nil
	}
	c, err := l.Campaign(ctx, row.Envelope.Campaign)
	return c.StoppedAt, err
}
