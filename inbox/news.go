package inbox

import (
	"context"
	"database/sql"
	"slices"
	"strings"

	"sportello/channels"
	"sportello/inbox/db"
)

// News of outgoing messages that comes at the same time shares one transaction, if it is good news: the provider took it, it arrived, it
// was read. Everything else has consequences and goes by itself, like what is not found and what was parked.

// news is what is heard of an outbox row.
type news struct {
	row     string // its id
	state   channels.State
	to      string // whom it reached; "" is the one the row is for
	outside string // the provider's id; "" if it is not told
	attempt int    // the attempt that ended with it; 0: none
}

// good is the news of a receipt, if it may go together with others.
func good(r channels.Receipt) (news, bool) {
	fine := r.State == channels.StateSent || r.State == channels.StateDelivered || r.State == channels.StateRead
	return news{row: r.OutboxID, state: r.State, to: r.Recipient, outside: r.External}, fine && r.OutboxID != "" && r.Fault == nil
}

// hear takes good news. It reports whether it did: if not, the news must be taken by itself.
func (l *Ledger) hear(ctx context.Context, n news) (bool, error) {
	return l.news.pass(ctx, n, l.hearTogether)
}

// hearTogether takes a batch, all or nothing; what cannot be taken in a batch is left.
func (l *Ledger) hearTogether(batch []*ticket[news, bool], written func()) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	var h *hearing
	err := l.db.Tx(ctx, func(tx *sql.Tx) error {
		h = &hearing{l: l, tx: tx, heard: make([]bool, len(batch))}
		err := h.take(ctx, batch)
		if err == nil && l.db.Dialect == db.Postgres {
			written()
		}
		return err
	})
	for i, t := range batch {
		t.taken, t.err = err == nil && h.heard[i], nil
	}
	if err == nil {
		l.outbox.Ring() // what waited for these may go
	}
}

// hearing is one attempt to take a batch.
type hearing struct {
	l     *Ledger
	tx    *sql.Tx
	heard []bool // by the place in the batch
}

// leaving is a row as news changes it.
type leaving struct {
	id           string
	conversation ConversationID
	message      MessageID
	kind         channels.Kind
	account      channels.AccountID
	state        channels.State // of the row
	outside      string
	to           string
	seq          int64
	shown        channels.State // of the message
	parked       bool           // news came before the provider's id was known
	ended        int            // attempt that is over
	told, heard  bool           // the message's state changed; anything did
}

func (h *hearing) take(ctx context.Context, batch []*ticket[news, bool]) error {
	ids, outside := make([]string, len(batch)), map[string]string{}
	for i, t := range batch {
		ids[i] = t.in.row
		if t.in.outside != "" {
			outside[t.in.row] = t.in.outside
		}
	}
	slices.Sort(ids)
	ids = slices.Compact(ids)
	where, err := h.conversations(ctx, ids)
	if err != nil {
		return err
	}
	turns, err := h.l.turns(ctx, h.tx, where)
	if err != nil {
		return err
	}
	rows, err := h.rows(ctx, ids, outside)
	if err != nil {
		return err
	}
	for i, t := range batch {
		r := rows[t.in.row]
		if r == nil || turns[r.conversation] == nil || r.shown == channels.StateFailed || t.in.outside != "" && r.parked {
			continue
		}
		if err := turns[r.conversation].hear(r, t.in); err != nil {
			return err
		}
		h.heard[i] = true
	}
	return h.write(ctx, rows, turns)
}

// hear applies news to a row: what Settle and Sent do, for good news.
func (t *turn) hear(r *leaving, n news) error {
	if n.attempt > 0 {
		r.ended, r.heard = n.attempt, true
		if r.state == channels.StateQueued || r.state == channels.StateSending || r.state == channels.StateUnknown {
			r.state = channels.StateSent
		}
	} else if n.to != "" && !strings.EqualFold(n.to, r.to) {
		return nil // somebody in copy
	}
	if n.outside != "" && r.outside == "" {
		r.outside, r.heard = n.outside, true
	}
	if !r.shown.After(n.state) {
		return nil
	}
	r.state, r.shown, r.told, r.heard = n.state, n.state, true, true
	row := Row{Message: r.message, Kind: r.kind, Account: r.account, Envelope: channels.Outbound{Seq: r.seq}}
	return t.tellDelivery(row, n.state, nil, nil, providerActor(r.account))
}

func (h *hearing) conversations(ctx context.Context, ids []string) ([]ConversationID, error) {
	with, args := h.l.db.With("w", db.Texts("id", ids, func(id string) string { return id }))
	return list(ctx, h.tx, func(row scanner) (id ConversationID, err error) { return id, row.Scan(&id) },
		`WITH `+with+` SELECT o.conversation_id FROM w JOIN outbox o ON o.id = w.id`, args...)
}

// rows reads the rows once their conversations are locked.
func (h *hearing) rows(ctx context.Context, ids []string, outside map[string]string) (map[string]*leaving, error) {
	with, args := h.l.db.With("w", db.Texts("id", ids, func(id string) string { return id }),
		db.Texts("outside", ids, func(id string) string { return outside[id] }))
	all, err := list(ctx, h.tx, func(row scanner) (*leaving, error) {
		var r leaving
		return &r, row.Scan(&r.id, &r.conversation, &r.message, &r.kind, &r.account, &r.state, &r.outside, &r.to, &r.seq, &r.shown, &r.parked)
	}, `WITH `+with+` SELECT o.id, o.conversation_id, o.message_id, o.kind, o.account_id, o.state, o.external_id, m.peer, m.seq, m.state,
			(SELECT p.id FROM parked_receipt p WHERE p.account_id = o.account_id AND p.external_id = w.outside LIMIT 1) IS NOT NULL
		FROM w JOIN outbox o ON o.id = w.id JOIN message m ON m.id = o.message_id`, args...)
	rows := make(map[string]*leaving, len(all))
	for _, r := range all {
		rows[r.id] = r
	}
	return rows, err
}

// write writes what was heard.
func (h *hearing) write(ctx context.Context, rows map[string]*leaving, turns map[ConversationID]*turn) error {
	var heard, told, ended []*leaving
	var changed []*turn
	for _, r := range rows {
		if r.heard {
			heard = append(heard, r)
		}
		if r.told {
			told = append(told, r)
		}
		if r.ended > 0 {
			ended = append(ended, r)
		}
	}
	for _, t := range turns {
		changed = append(changed, t)
	}
	return flushWith(ctx, []db.Statement{h.rowsAs(heard), h.messagesAs(told), h.attemptsAs(ended)}, changed...)
}

func (h *hearing) rowsAs(rows []*leaving) db.Statement {
	return h.set(rows, `UPDATE outbox SET state = w.state, external_id = w.outside, fault = '', leased_by = '', leased_until = 0,
		updated_at = w.at FROM w WHERE outbox.id = w.id`,
		db.Texts("id", rows, func(r *leaving) string { return r.id }),
		db.Texts("state", rows, func(r *leaving) channels.State { return r.state }),
		db.Texts("outside", rows, func(r *leaving) string { return r.outside }),
		db.Ints("at", rows, func(*leaving) int64 { return h.l.clock().UnixMilli() }))
}

func (h *hearing) messagesAs(rows []*leaving) db.Statement {
	return h.set(rows, `UPDATE message SET state = w.state, fault = '' FROM w WHERE message.id = w.id`,
		db.Texts("id", rows, func(r *leaving) MessageID { return r.message }),
		db.Texts("state", rows, func(r *leaving) channels.State { return r.shown }))
}

func (h *hearing) attemptsAs(rows []*leaving) db.Statement {
	return h.set(rows, `UPDATE attempt SET ended_at = w.at, outcome = 'sent', detail = '' FROM w
		WHERE attempt.outbox_id = w.id AND attempt.n = w.n AND attempt.ended_at IS NULL`,
		db.Texts("id", rows, func(r *leaving) string { return r.id }),
		db.Ints("n", rows, func(r *leaving) int { return r.ended }),
		db.Ints("at", rows, func(*leaving) int64 { return h.l.clock().UnixMilli() }))
}

// set is a statement on the set w, if there is any.
func (h *hearing) set(rows []*leaving, query string, columns ...db.Column) db.Statement {
	if len(rows) == 0 {
		return db.Statement{}
	}
	with, args := h.l.db.With("w", columns...)
	return db.Do(`WITH `+with+` `+query, args...)
}
