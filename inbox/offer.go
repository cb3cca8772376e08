package inbox

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"sportello/inbox/journal"
)

// Offers live in Redis. The journal keeps that they were made and how they ended, so that every assignment can be explained.

// Offered notes that a waiting conversation was offered to an agent. The same offer a second time does nothing.
func (l *Ledger) Offered(ctx context.Context, id ConversationID, d Decision) error {
	_, err := l.work(ctx, "note offer of", id, func(t *turn) error {
		if t.c.State != Waiting && t.c.State != New {
			return ErrState
		}
		last, err := t.last(ctx, journal.Offered, journal.OfferEnded, journal.Assigned)
		if err != nil || last.Decision != nil && d.Offer != "" && last.Decision.Offer == d.Offer {
			return err
		}
		return t.tell(journal.Offered, "system", Change{Decision: &d, Reason: d.Reason})
	})
	return err
}

// OfferEnded notes that an offer was declined, expired or lost. reason is a stable code, detail the agent's words. The same offer a
// second time does nothing.
func (l *Ledger) OfferEnded(ctx context.Context, id ConversationID, agent AgentID, offer, reason, detail string) error {
	_, err := l.work(ctx, "note end of offer of", id, func(t *turn) error {
		last, err := t.last(ctx, journal.OfferEnded, journal.Assigned)
		if err != nil || last.Decision != nil && offer != "" && last.Decision.Offer == offer {
			return err
		}
		d := Decision{Agent: agent, Offer: offer, Reason: reason, Queue: t.c.Queue}
		return t.tell(journal.OfferEnded, ActorOf(agent), Change{From: agent, Reason: reason, Detail: detail, Decision: &d})
	})
	return err
}

// Unmatched notes that nobody could be chosen, and why. It does nothing while the reasons are the same as the last time.
func (l *Ledger) Unmatched(ctx context.Context, id ConversationID, d Decision) error {
	_, err := l.work(ctx, "note missing match of", id, func(t *turn) error {
		if t.c.State != Waiting && t.c.State != New {
			return ErrState
		}
		last, err := t.last(ctx, journal.Unmatched, journal.Queued, journal.Offered, journal.Assigned, journal.Transferred, journal.Reopened)
		if err != nil || last.Decision != nil && last.typ == journal.Unmatched && sameReasons(*last.Decision, d) {
			return err
		}
		return t.tell(journal.Unmatched, "system", Change{Decision: &d, Reason: d.Reason})
	})
	return err
}

// sameReasons compares two decisions but for what only time changes.
func sameReasons(a, b Decision) bool {
	a.WaitSeconds, b.WaitSeconds, a.IdleSeconds, b.IdleSeconds = 0, 0, 0, 0
	normal := func(d Decision) (n Decision) { // as it reads after it was stored
		raw, err := json.Marshal(d)
		if err != nil || json.Unmarshal(raw, &n) != nil {
			return d
		}
		return n
	}
	return reflect.DeepEqual(normal(a), normal(b))
}

type pastChange struct {
	Change
	typ journal.Type
}

// last is the newest event of the conversation of one of these types; the zero value when there is none.
func (t *turn) last(ctx context.Context, types ...journal.Type) (pastChange, error) {
	args, marks := []any{string(journal.ConversationStream(string(t.c.ID)))}, make([]string, len(types))
	for i, typ := range types {
		args = append(args, string(typ))
		marks[i] = "$" + strconv.Itoa(len(args))
	}
	var p pastChange
	var data string
	err := t.tx.QueryRowContext(ctx, `SELECT type, data FROM event WHERE stream = $1 AND type IN (`+strings.Join(marks, ", ")+`)
		ORDER BY seq DESC LIMIT 1`, args...).Scan(&p.typ, &data)
	if errors.Is(err, sql.ErrNoRows) {
		return pastChange{}, nil
	}
	if err == nil {
		err = json.Unmarshal([]byte(data), &p.Change)
	}
	if err != nil {
		return pastChange{}, fmt.Errorf("read last event: %w", err)
	}
	return p, nil
}
