package inbox

import (
	"context"
	"database/sql"
	"slices"
	"strings"

	"sportello/channels"
	"sportello/inbox/customer"
	"sportello/inbox/db"
)

// Replies that are written at the same time share one transaction, if nothing is special about them. What is special (a repeat, news
// that its author has not seen, an address that is not the customer's, a conversation that is not his) is told by the ways of
// a reply that goes by itself, which has the answer for each.

// mayGoTogether leaves out replies that need to read more: mails with their references and recipients.
func mayGoTogether(cmd ReplyCmd) bool {
	return cmd.Kind != channels.Email && cmd.ClientID != "" && cmd.Address != "" && strings.TrimSpace(cmd.Text) != ""
}

// replyTogether writes the plain replies of a batch. The others are left without an outcome, and all of them when it fails.
func (l *Ledger) replyTogether(batch []*ticket[ReplyCmd, *stored], written func()) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	var w *replies
	err := l.db.Tx(ctx, func(tx *sql.Tx) error {
		w.dismiss()
		w = &replies{l: l, tx: tx, express: l.express.Load(), taken: make([]*stored, len(batch))}
		err := w.write(ctx, batch)
		if err == nil && l.db.Dialect == db.Postgres {
			written()
		}
		return err
	})
	for _, t := range batch {
		t.taken, t.err = nil, nil
	}
	if err != nil {
		w.dismiss()
		return
	}
	for i, t := range batch {
		t.taken = w.taken[i]
	}
	w.handOver()
	l.tell(w.turns...)
}

// replies is one attempt to write a batch.
type replies struct {
	l       *Ledger
	tx      *sql.Tx
	express *Express
	turns   []*turn
	taken   []*stored // by the place in the batch; nil for what is not plain
}

func (w *replies) write(ctx context.Context, batch []*ticket[ReplyCmd, *stored]) error {
	ids, cmds := make([]ConversationID, len(batch)), make([]ReplyCmd, len(batch))
	for i, t := range batch {
		ids[i], cmds[i] = t.in.Conversation, t.in
	}
	turns, err := w.l.turns(ctx, w.tx, ids)
	if err != nil {
		return err
	}
	holder := ""
	if w.express != nil {
		holder = w.express.holder
	}
	facts, err := replyFacts(ctx, w.l.db, w.tx, cmds, holder)
	if err != nil {
		return err
	}
	for i, cmd := range cmds {
		t, f := turns[cmd.Conversation], facts[i]
		if t == nil || len(t.events) > 0 || !f.known || f.repeat || f.news && !cmd.Force || t.c.State == Closed ||
			t.c.Assignee != cmd.Agent && !cmd.AsManager {
			continue
		}
		express := w.express
		if express != nil && (cmd.Kind != channels.Chat || f.before || f.customer != cmd.Verdict.Seq || !express.admit(t.c.ID)) {
			express = nil
		}
		m, err := w.l.reply(ctx, t, cmd, express)
		if err != nil {
			if express != nil {
				express.forgo(t.c.ID)
			}
			return err
		}
		w.turns, w.taken[i] = append(w.turns, t), &m
	}
	return w.flush(ctx)
}

// flush writes the turns, and the attempts of the rows that are begun.
func (w *replies) flush(ctx context.Context) error {
	if err := flush(ctx, w.turns...); err != nil {
		return err
	}
	var begun []Row
	var contacts []customer.Contact
	for r := range w.begun {
		begun, contacts = append(begun, r), append(contacts, r.contacts()...)
	}
	if len(begun) == 0 {
		return nil
	}
	with, args := w.l.db.With("w", db.Texts("outbox_id", begun, func(r Row) string { return r.ID }),
		db.Ints("at", begun, func(r Row) int64 { return r.CreatedAt.UnixMilli() }))
	return w.l.db.Together(ctx, w.tx, w.l.book.Contacted(begun[0].CreatedAt, contacts...),
		db.Do(`WITH `+with+` INSERT INTO attempt (outbox_id, n, started_at) SELECT outbox_id, 1, at FROM w`, args...))
}

// begun yields the rows that go to the dispatcher.
func (w *replies) begun(yield func(Row) bool) {
	for _, t := range w.turns {
		for _, r := range t.rows {
			if r.State == channels.StateSending && !yield(r) {
				return
			}
		}
	}
}

func (w *replies) handOver() {
	for r := range w.begun {
		w.express.take(r)
	}
}

// dismiss gives the room back that was reserved for rows which were not written. It is called on nil too.
func (w *replies) dismiss() {
	if w == nil {
		return
	}
	for r := range w.begun {
		w.express.forgo(r.Conversation)
	}
}

// replyFact is what a reply depends on.
type replyFact struct {
	repeat   bool  // its client id is known
	known    bool  // the address is the customer's
	news     bool  // its author has not seen what a colleague wrote
	before   bool  // an earlier message to this channel has not left, as far as the dispatcher of this process does not know better
	customer int64 // customer.Customer.Seq
}

// replyFacts reads, with the conversations locked, what each reply depends on. There is no EXISTS in it: of one PostgreSQL may make a hash
// of the whole table.
func replyFacts(ctx context.Context, d *db.DB, tx *sql.Tx, cmds []ReplyCmd, holder string) ([]replyFact, error) {
	n := make([]int, len(cmds))
	for i := range n {
		n[i] = i
	}
	with, args := d.With("w",
		db.Ints("n", n, func(i int) int { return i }),
		db.Texts("conversation", n, func(i int) ConversationID { return cmds[i].Conversation }),
		db.Texts("agent", n, func(i int) AgentID { return cmds[i].Agent }),
		db.Texts("client", n, func(i int) string { return cmds[i].ClientID }),
		db.Texts("kind", n, func(i int) channels.Kind { return cmds[i].Kind }),
		db.Texts("value", n, func(i int) string { return cmds[i].Address }),
		db.Ints("seen", n, func(i int) int64 { return cmds[i].SeenSeq }),
		db.Texts("holder", n, func(int) string { return holder }))
	facts := make([]replyFact, len(cmds))
	_, err := list(ctx, tx, func(row scanner) (struct{}, error) {
		var i int
		var f replyFact
		err := row.Scan(&i, &f.repeat, &f.known, &f.news, &f.before, &f.customer)
		if err == nil {
			facts[i] = f
		}
		return struct{}{}, err
	}, `WITH `+with+` SELECT w.n,
			(SELECT m.id FROM message m WHERE m.author_id = w.agent AND m.client_id = w.client) IS NOT NULL,
			(SELECT i.id FROM identity i WHERE i.customer_id = v.customer_id AND i.kind = w.kind AND i.value = w.value) IS NOT NULL,
			(SELECT m.id FROM message m WHERE m.conversation_id = w.conversation AND m.seq > w.seen
				AND m.author_kind = 'agent' AND m.author_id <> w.agent LIMIT 1) IS NOT NULL,
			(SELECT o.id FROM outbox o WHERE o.conversation_id = w.conversation AND o.kind = w.kind AND o.state IN ('queued', 'sending')
				AND NOT (o.state = 'sending' AND o.leased_by = w.holder) LIMIT 1) IS NOT NULL,
			c.last_seq
		FROM w JOIN conversation v ON v.id = w.conversation JOIN customer c ON c.id = v.customer_id`, args...)
	if err != nil {
		return nil, err
	}
	for i, cmd := range cmds { // the same reply twice in one batch
		facts[i].repeat = facts[i].repeat || slices.ContainsFunc(cmds[:i], func(other ReplyCmd) bool {
			return other.Agent == cmd.Agent && other.ClientID == cmd.ClientID
		})
	}
	return facts, nil
}
