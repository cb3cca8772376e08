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
	row          string         // its id
	conversation ConversationID // "" if it is not known
	state        channels.State
	to           string // whom it reached; "" is the one the row is for
	outside      string // the provider's id; "" if it is not told
	attempt      int    // the attempt that ended with it; 0: none
}

// good is the news of a receipt, if it may go together with others.
func good(r channels.Receipt) (news, bool) {
	fine := r.State == channels.StateSent || r.State == channels.StateDelivered || r.State == channels.StateRead
	return news{row: r.OutboxID, state: r.State, to: r.Recipient, outside: r.External}, fine && r.OutboxID != "" && r.Fault == nil
}

// hear takes good news. It reports whether it did: if not, the news must be taken by itself.
func (l *Ledger) hear(ctx context.Context, n news) (bool, error) {
	o, err := l.acts.Pass(ctx, act{news: &n}, l.together)
	return o.heard, err
}

// hearing is the news of one round.
type hearing struct {
	ids     []string          // of the rows that it speaks of
	where   []ConversationID  // of those of which it is known
	unknown []string          // the others
	outside map[string]string // by row
	rows    map[string]*leaving

	heard, told, ended []*leaving // what is to be written
}

// ask notes that a row will be needed.
func (h *hearing) ask(n *news) {
	h.ids = append(h.ids, n.row)
	if n.conversation != "" {
		h.where = append(h.where, n.conversation)
	} else {
		h.unknown = append(h.unknown, n.row)
	}
	if h.outside == nil {
		h.outside = map[string]string{}
	}
	if n.outside != "" {
		h.outside[n.row] = n.outside
	}
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
	waits        bool           // another row of its conversation and channel may wait until it has left
	ended        int            // attempt that is over
	told, heard  bool           // the message's state changed; anything did
}

// hear takes one piece of news. It reports whether it could.
func (h *hearing) hear(turns map[ConversationID]*turn, n news) (bool, error) {
	r := h.rows[n.row]
	if r == nil || turns[r.conversation] == nil || r.shown == channels.StateFailed || n.outside != "" && r.parked {
		return false, nil
	}
	return true, turns[r.conversation].hear(r, n)
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

// frees reports whether rows may go that waited for these to leave.
func (h *hearing) frees() bool {
	return slices.ContainsFunc(h.heard, func(r *leaving) bool { return r.waits })
}

// conversations are where the rows belong.
func (h *hearing) conversations(ctx context.Context, l *Ledger, tx *sql.Tx) ([]ConversationID, error) {
	slices.Sort(h.ids)
	h.ids = slices.Compact(h.ids)
	if len(h.unknown) == 0 {
		return h.where, nil
	}
	with, args := l.db.With("w", db.Texts("id", h.unknown, func(id string) string { return id }))
	found, err := list(ctx, tx, func(row scanner) (id ConversationID, err error) { return id, row.Scan(&id) },
		`WITH `+with+` SELECT o.conversation_id FROM w JOIN outbox o ON o.id = w.id`, args...)
	return append(found, h.where...), err
}

// read asks for the rows; it is to be run with their conversations locked.
func (h *hearing) read(l *Ledger) db.Statement {
	if len(h.ids) == 0 {
		return db.Statement{}
	}
	h.rows = make(map[string]*leaving, len(h.ids))
	with, args := l.db.With("w", db.Texts("id", h.ids, func(id string) string { return id }),
		db.Texts("outside", h.ids, func(id string) string { return h.outside[id] }))
	return db.Ask(func(row db.Row) error {
		var r leaving
		err := row.Scan(&r.id, &r.conversation, &r.message, &r.kind, &r.account, &r.state, &r.outside, &r.to, &r.seq, &r.shown, &r.parked, &r.waits)
		h.rows[r.id] = &r
		return err
	}, `WITH `+with+` SELECT o.id, o.conversation_id, o.message_id, o.kind, o.account_id, o.state, o.external_id, m.peer, m.seq, m.state,
			(SELECT p.id FROM parked_receipt p WHERE p.account_id = o.account_id AND p.external_id = w.outside LIMIT 1) IS NOT NULL,
			(SELECT q.id FROM outbox q WHERE q.conversation_id = o.conversation_id AND q.kind = o.kind AND q.state = 'queued' LIMIT 1) IS NOT NULL
		FROM w JOIN outbox o ON o.id = w.id JOIN message m ON m.id = o.message_id`, args...)
}

// statements write what was heard.
func (h *hearing) statements(l *Ledger) []db.Statement {
	for _, r := range h.rows {
		if r.heard {
			h.heard = append(h.heard, r)
		}
		if r.told {
			h.told = append(h.told, r)
		}
		if r.ended > 0 {
			h.ended = append(h.ended, r)
		}
	}
	return []db.Statement{h.rowsAs(l), h.messagesAs(l), h.attemptsAs(l)}
}

func (h *hearing) rowsAs(l *Ledger) db.Statement {
	rows := h.heard
	return set(l, rows, `UPDATE outbox SET state = w.state, external_id = w.outside, fault = '', leased_by = '', leased_until = 0,
		updated_at = w.at FROM w WHERE outbox.id = w.id`,
		db.Texts("id", rows, func(r *leaving) string { return r.id }),
		db.Texts("state", rows, func(r *leaving) channels.State { return r.state }),
		db.Texts("outside", rows, func(r *leaving) string { return r.outside }),
		db.Ints("at", rows, func(*leaving) int64 { return l.clock().UnixMilli() }))
}

func (h *hearing) messagesAs(l *Ledger) db.Statement {
	rows := h.told
	return set(l, rows, `UPDATE message SET state = w.state, fault = '' FROM w WHERE message.id = w.id`,
		db.Texts("id", rows, func(r *leaving) MessageID { return r.message }),
		db.Texts("state", rows, func(r *leaving) channels.State { return r.shown }))
}

func (h *hearing) attemptsAs(l *Ledger) db.Statement {
	rows := h.ended
	return set(l, rows, `UPDATE attempt SET ended_at = w.at, outcome = 'sent', detail = '' FROM w
		WHERE attempt.outbox_id = w.id AND attempt.n = w.n AND attempt.ended_at IS NULL`,
		db.Texts("id", rows, func(r *leaving) string { return r.id }),
		db.Ints("n", rows, func(r *leaving) int { return r.ended }),
		db.Ints("at", rows, func(*leaving) int64 { return l.clock().UnixMilli() }))
}

// set is a statement on the set w, if there is any.
func set(l *Ledger, rows []*leaving, query string, columns ...db.Column) db.Statement {
	if len(rows) == 0 {
		return db.Statement{}
	}
	with, args := l.db.With("w", columns...)
	return db.Do(`WITH `+with+` `+query, args...)
}
