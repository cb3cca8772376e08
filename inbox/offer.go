package inbox

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"sportello/inbox/db"
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

// Unmatched notes that nobody could be chosen for conversations, and why. It does nothing for those of which the reasons are the same as
// the last time, and for those that do not wait any more.
func (l *Ledger) Unmatched(ctx context.Context, all map[ConversationID]Decision) error {
	err := l.db.Tx(ctx, func(tx *sql.Tx) error {
		ids := slices.Sorted(maps.Keys(all))
		turns, last := make(map[ConversationID]*turn, len(ids)), make(map[ConversationID]pastChange, len(ids))
		lasting := lastOf(l.db, last, ids, journal.Unmatched, journal.Queued, journal.Offered, journal.Assigned, journal.Transferred, journal.Reopened)
		if err := l.db.Together(ctx, tx, l.locking(tx, turns, ids), lasting); err != nil {
			return err
		}
		var told []*turn
		for _, id := range ids {
			t, d := turns[id], all[id]
			if t == nil || t.c.State != Waiting && t.c.State != New ||
				last[id].Decision != nil && last[id].typ == journal.Unmatched && sameReasons(*last[id].Decision, d) {
				continue
			}
			if err := t.tell(journal.Unmatched, "system", Change{Decision: &d, Reason: d.Reason}); err != nil {
				return err
			}
			told = append(told, t)
		}
		return finish(ctx, told...)
	})
	if err != nil {
		return fmt.Errorf("note missing matches: %w", err)
	}
	return nil
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
	last := map[ConversationID]pastChange{}
	err := t.l.db.Together(ctx, t.tx, lastOf(t.l.db, last, []ConversationID{t.c.ID}, types...))
	return last[t.c.ID], err
}

// lastOf asks for the newest events of conversations that have one of these types, into a map.
func lastOf(d *db.DB, into map[ConversationID]pastChange, ids []ConversationID, types ...journal.Type) db.Statement {
	if len(ids) == 0 {
		return db.Statement{}
	}
	with, args := d.With("w", db.Texts("stream", ids, func(id ConversationID) journal.Stream { return journal.ConversationStream(string(id)) }))
	marks := make([]string, len(types))
	for i, typ := range types {
		args = append(args, string(typ))
		marks[i] = "$" + strconv.Itoa(len(args))
	}
	return db.Ask(func(row db.Row) error {
		var stream journal.Stream
		var p pastChange
		var data string
		if err := row.Scan(&stream, &p.typ, &data); err != nil {
			return err
		}
		if err := json.Unmarshal([]byte(data), &p.Change); err != nil {
			return fmt.Errorf("read last event: %w", err)
		}
		into[ConversationID(stream.Conversation())] = p
		return nil
	}, `WITH `+with+` SELECT w.stream, e.type, e.data FROM w JOIN event e ON e.stream = w.stream
		AND e.seq = (SELECT m.seq FROM event m WHERE m.stream = w.stream AND m.type IN (`+strings.Join(marks, ", ")+`) ORDER BY m.seq DESC LIMIT 1)`, args...)
}
