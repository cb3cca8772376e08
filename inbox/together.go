package inbox

import (
	"context"
	"database/sql"
	"slices"
	"strings"
	"time"

	"sportello/channels"
	"sportello/inbox/customer"
	"sportello/inbox/db"
	"sportello/inbox/gate"
)

// What is done in conversations at the same time shares one transaction, if nothing is special about it: replies (here) and good news of
// what has left (news.go). They share a gate too, because they lock the same conversations: what is heard of one reply comes when the next
// is written. A reply that is special (a repeat, news that its author has not seen, an address that is not the customer's, a conversation
// that is not his) is told so by the ways of a reply that goes by itself, which has the answer for each.

// act is a reply or a piece of news; one of both is there.
type act struct {
	reply *ReplyCmd
	news  *news
}

// outcome is what became of an act: nothing of it, if it must go by itself.
type outcome struct {
	reply *stored
	heard bool
}

// mayGoTogether leaves out replies that need to read more: mails with their references and recipients.
func mayGoTogether(cmd ReplyCmd) bool {
	return cmd.Kind != channels.Email && cmd.ClientID != "" && cmd.Address != "" && strings.TrimSpace(cmd.Text) != ""
}

// together takes what it can of a batch, all or nothing. It is the acts' way through their gate.
func (l *Ledger) together(batch []*gate.Ticket[act, outcome], written func()) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	var r *round
	err := l.db.Tx(ctx, func(tx *sql.Tx) error {
		r.dismiss()
		r = &round{l: l, tx: tx, express: l.express.Load(), out: make([]outcome, len(batch)), replied: map[ConversationID]bool{}}
		return r.take(ctx, batch, written)
	})
	for i, t := range batch {
		t.Out, t.Err = outcome{}, nil
		if err == nil {
			t.Out = r.out[i]
		}
	}
	if err != nil {
		r.dismiss()
		return
	}
	r.handOver()
	if r.news.frees() {
		l.outbox.Ring()
	}
	for _, t := range r.turns {
		l.tell(t)
	}
}

// round is one attempt to take a batch.
type round struct {
	l       *Ledger
	tx      *sql.Tx
	express *Express
	turns   map[ConversationID]*turn
	replied map[ConversationID]bool
	news    hearing
	out     []outcome // by the place in the batch
}

func (r *round) take(ctx context.Context, batch []*gate.Ticket[act, outcome], written func()) error {
	var at []int // the places of the replies
	var cmds []ReplyCmd
	for i, t := range batch {
		if t.In.reply != nil {
			at, cmds = append(at, i), append(cmds, *t.In.reply)
		} else {
			r.news.ask(t.In.news)
		}
	}
	where, err := r.news.conversations(ctx, r.l, r.tx)
	if err != nil {
		return err
	}
	for _, cmd := range cmds {
		where = append(where, cmd.Conversation)
	}
	r.turns = make(map[ConversationID]*turn, len(where))
	facts := make([]replyFact, len(cmds))
	err = r.l.db.Together(ctx, r.tx, r.l.locking(r.tx, r.turns, where), r.facts(cmds, facts), r.news.read(r.l))
	if err != nil {
		return err
	}
	for i, t := range batch {
		if t.In.news == nil {
			continue
		}
		if r.out[i].heard, err = r.news.hear(r.turns, *t.In.news); err != nil {
			return err
		}
	}
	for n, cmd := range cmds {
		if r.out[at[n]].reply, err = r.reply(ctx, cmd, facts[n]); err != nil {
			return err
		}
	}
	if r.l.db.Dialect == db.Postgres { // the only writer of SQLite gains nothing from a second one that waits
		written()
	}
	return r.flush(ctx)
}

// reply writes a plain reply, one in each conversation.
func (r *round) reply(ctx context.Context, cmd ReplyCmd, f replyFact) (*stored, error) {
	t := r.turns[cmd.Conversation]
	if t == nil || r.replied[cmd.Conversation] || !f.known || f.repeat || f.news && !cmd.Force || t.c.State == Closed ||
		t.c.Assignee != cmd.Agent && !cmd.AsManager {
		return nil, nil
	}
	express := r.express
	if express != nil && (f.before || !mayBeginAtOnce(cmd, f.customer, t.at) || !express.admit(t.c.ID)) {
		express = nil
	}
	m, err := r.l.reply(ctx, t, cmd, express)
	if err != nil {
		if express != nil {
			express.forgo(t.c.ID)
		}
		return nil, err
	}
	r.replied[cmd.Conversation] = true
	return &m, nil
}

// verdictHolds is how long ago Reach may have been asked.
const verdictHolds = 5 * time.Second

// mayBeginAtOnce reports whether the verdict that a reply brings is as good as one asked for now: Reach has just chosen this very way, and
// nothing of the customer has changed since. A way that can only be used later, or that nobody asked about, is for the dispatcher to judge.
func mayBeginAtOnce(cmd ReplyCmd, customer int64, now time.Time) bool {
	o, ok := cmd.Verdict.Pick()
	return ok && cmd.Kind == channels.Chat && o.Usable && o.Kind == cmd.Kind && o.Account == cmd.Account && o.Address == cmd.Address &&
		cmd.Verdict.Seq == customer && now.Sub(cmd.Verdict.At) < verdictHolds
}

// flush writes everything with the attempts of the rows that are begun, and commits.
func (r *round) flush(ctx context.Context) error {
	turns := make([]*turn, 0, len(r.turns))
	for _, t := range r.turns {
		turns = append(turns, t)
	}
	var begun []Row
	var contacts []customer.Contact
	for row := range r.begun {
		begun, contacts = append(begun, row), append(contacts, row.contacts()...)
	}
	if len(begun) == 0 {
		return flushWith(ctx, r.news.statements(r.l), nil, true, turns...)
	}
	with, args := r.l.db.With("w", db.Texts("outbox_id", begun, func(r Row) string { return r.ID }),
		db.Ints("at", begun, func(r Row) int64 { return r.CreatedAt.UnixMilli() }))
	return flushWith(ctx, r.news.statements(r.l), []db.Statement{
		r.l.book.Contacted(begun[0].CreatedAt, contacts...),
		db.Do(`WITH `+with+` INSERT INTO attempt (outbox_id, n, started_at) SELECT outbox_id, 1, at FROM w`, args...),
	}, true, turns...)
}

// begun yields the rows that go to the dispatcher.
func (r *round) begun(yield func(Row) bool) {
	for _, t := range r.turns {
		for _, row := range t.rows {
			if row.State == channels.StateSending && !yield(row) {
				return
			}
		}
	}
}

func (r *round) handOver() {
	for row := range r.begun {
		r.express.take(row)
	}
}

// dismiss gives the room back that was reserved for rows which were not written. It is called on nil too.
func (r *round) dismiss() {
	if r == nil {
		return
	}
	for row := range r.begun {
		r.express.forgo(row.Conversation)
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

// facts asks what each reply depends on; it is to be run with the conversations locked. There is no EXISTS in it: of one PostgreSQL may
// make a hash of the whole table.
func (r *round) facts(cmds []ReplyCmd, into []replyFact) db.Statement {
	if len(cmds) == 0 {
		return db.Statement{}
	}
	holder := ""
	if r.express != nil {
		holder = r.express.holder
	}
	n := make([]int, len(cmds))
	for i := range n {
		n[i] = i
	}
	with, args := r.l.db.With("w",
		db.Ints("n", n, func(i int) int { return i }),
		db.Texts("conversation", n, func(i int) ConversationID { return cmds[i].Conversation }),
		db.Texts("agent", n, func(i int) AgentID { return cmds[i].Agent }),
		db.Texts("client", n, func(i int) string { return cmds[i].ClientID }),
		db.Texts("kind", n, func(i int) channels.Kind { return cmds[i].Kind }),
		db.Texts("value", n, func(i int) string { return cmds[i].Address }),
		db.Ints("seen", n, func(i int) int64 { return cmds[i].SeenSeq }),
		db.Texts("holder", n, func(int) string { return holder }))
	return db.Ask(func(row db.Row) error {
		var i int
		var f replyFact
		err := row.Scan(&i, &f.repeat, &f.known, &f.news, &f.before, &f.customer)
		if err != nil {
			return err
		}
		f.repeat = f.repeat || slices.ContainsFunc(cmds[:i], func(other ReplyCmd) bool { // the same reply twice in one batch
			return other.Agent == cmds[i].Agent && other.ClientID == cmds[i].ClientID
		})
		into[i] = f
		return nil
	}, `WITH `+with+` SELECT w.n,
			(SELECT m.id FROM message m WHERE m.author_id = w.agent AND m.client_id = w.client) IS NOT NULL,
			(SELECT i.id FROM identity i WHERE i.customer_id = v.customer_id AND i.kind = w.kind AND i.value = w.value) IS NOT NULL,
			(SELECT m.id FROM message m WHERE m.conversation_id = w.conversation AND m.seq > w.seen
				AND m.author_kind = 'agent' AND m.author_id <> w.agent LIMIT 1) IS NOT NULL,
			(SELECT o.id FROM outbox o WHERE o.conversation_id = w.conversation AND o.kind = w.kind AND o.state IN ('queued', 'sending')
				AND NOT (o.state = 'sending' AND o.leased_by = w.holder) LIMIT 1) IS NOT NULL,
			c.last_seq
		FROM w JOIN conversation v ON v.id = w.conversation JOIN customer c ON c.id = v.customer_id`, args...)
}
