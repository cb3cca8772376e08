package staging

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"sportello/agentui/wire"
	"sportello/channels"
	"sportello/inbox"
)

// Sheet is the balance of one channel.
type Sheet struct {
	Said    int `json:"said"`    // by customers
	Stored  int `json:"stored"`  // of these, in the record
	Shown   int `json:"shown"`   // of these, on the screen of the agent whose conversation it is
	Written int `json:"written"` // replies that the gateway has confirmed
	Arrived int `json:"arrived"` // of these, at the customer's
	Unknown int `json:"unknown"` // of these, recorded as of unknown outcome
	Failed  int `json:"failed"`  // of these, recorded as failed with a reason
	Waiting int `json:"waiting"` // of these, to be tried again later, or on their way with a gateway that may have died
}

// Balance is what was said and written outside against what the record has and what arrived.
type Balance struct {
	Channels map[channels.Kind]*Sheet `json:"channels"`
	Problems []string                 `json:"problems"`
	Closed   int                      `json:"closed"` // how often a conversation was ended
	Rest     time.Duration            `json:"rest"`   // from the last word of a customer to this balance, in nanoseconds

	broken bool // a promise was broken before somebody's eyes, which no waiting mends
}

// OK reports whether everything is where it should be.
func (b *Balance) OK() bool { return len(b.Problems) == 0 }

func (b *Balance) problem(format string, args ...any) {
	b.Problems = append(b.Problems, fmt.Sprintf(format, args...))
}

// sheet is the sheet of a channel.
func (b *Balance) sheet(k channels.Kind) *Sheet {
	if b.Channels[k] == nil {
		b.Channels[k] = &Sheet{}
	}
	return b.Channels[k]
}

// longestWait is how far ahead the next try of a message may lie: one that lies further was set while a clock was an hour ahead.
const longestWait = 30 * time.Minute

// kept is a message as the record has it.
type kept struct {
	conversation inbox.ConversationID
	seq          int64
	direction    inbox.Direction
	kind         channels.Kind
	text         string
	state        channels.State
	fault        string
	waiting      bool // an outgoing one, or one of its conversation and channel before it, has its next try in the future
}

// held is a conversation as the record has it.
type held struct {
	kind     channels.Kind
	assignee inbox.AgentID
	seq      int64 // of its last event
}

// balance compares.
func (w *World) balance(ctx context.Context) (*Balance, error) {
	messages, err := w.messages(ctx)
	if err != nil {
		return nil, err
	}
	conversations, err := w.conversations(ctx)
	if err != nil {
		return nil, err
	}
	b := &Balance{Channels: map[channels.Kind]*Sheet{}}
	w.received(b, messages)
	w.shown(b, messages, conversations)
	w.written(b, messages)
	w.owned(ctx, b, conversations)
	if err := w.relayed(ctx, b); err != nil {
		return nil, err
	}
	w.book.mu.Lock()
	b.Closed = w.book.closed
	b.Problems = append(slices.Clone(w.book.wrong), b.Problems...)
	b.broken = len(w.book.wrong) > 0
	w.book.mu.Unlock()
	return b, nil
}

func (w *World) messages(ctx context.Context) (all []kept, err error) {
	query := fmt.Sprintf(`SELECT m.conversation_id, m.seq, m.direction, m.kind, m.body, m.state, m.fault, EXISTS (SELECT 1 FROM outbox o
		WHERE o.conversation_id = m.conversation_id AND o.kind = m.kind AND (o.state = 'queued' AND o.attempts > 0 AND o.due_at > %[1]d AND o.due_at < %[2]d
			OR o.state = 'sending' AND o.leased_until > %[1]d AND o.leased_until < %[2]d))
		FROM message m ORDER BY m.conversation_id, m.seq`, time.Now().UnixMilli(), time.Now().Add(longestWait).UnixMilli())
	err = w.rows(ctx, query, func(r *sql.Rows) error {
		var m kept
		if err := r.Scan(&m.conversation, &m.seq, &m.direction, &m.kind, &m.text, &m.state, &m.fault, &m.waiting); err != nil {
			return err
		}
		m.text = strings.TrimSpace(m.text)
		all = append(all, m)
		return nil
	})
	return all, err
}

func (w *World) conversations(ctx context.Context) (map[inbox.ConversationID]held, error) {
	all := map[inbox.ConversationID]held{}
	err := w.rows(ctx, `SELECT id, kind, assignee, last_seq FROM conversation WHERE state <> 'closed'`, func(r *sql.Rows) error {
		var id inbox.ConversationID
		var c held
		if err := r.Scan(&id, &c.kind, &c.assignee, &c.seq); err != nil {
			return err
		}
		all[id] = c
		return nil
	})
	return all, err
}

func (w *World) rows(ctx context.Context, query string, each func(*sql.Rows) error) error {
	ctx, cancel := context.WithTimeout(ctx, commandTime)
	defer cancel()
	rows, err := w.record.QueryContext(ctx, query)
	if err != nil {
		return err
	}
	defer rows.Close() //nolint:errcheck // Err tells
	for rows.Next() {
		if err := each(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// received: what customers said is in the record, each text once, and a visitor's texts in his order.
func (w *World) received(b *Balance, messages []kept) {
	w.book.mu.Lock()
	defer w.book.mu.Unlock()
	found, last := map[string]int{}, map[string]int{}
	for _, m := range messages {
		if m.direction != inbox.In {
			continue
		}
		s := w.book.said[m.text]
		if s == nil {
			b.problem("the record has a message that nobody said: %q", m.text)
			continue
		}
		if found[m.text]++; found[m.text] == 1 && s.kind == channels.Chat {
			if s.n < last[s.who] {
				b.problem("%q is after number %d", m.text, last[s.who])
			}
			last[s.who] = s.n
		}
	}
	for _, text := range slices.Sorted(maps.Keys(w.book.said)) {
		s := w.book.said[text]
		b.sheet(s.kind).Said++
		switch n := found[text]; {
		case n > 1:
			b.problem("%q was said once and is stored %d times", text, n)
		case n == 1:
			b.sheet(s.kind).Stored++
		case s.taken:
			b.problem("%q was confirmed and is not stored", text)
		}
		if !s.taken {
			b.problem("%q was not confirmed", text)
		}
	}
}

// shown: each open conversation has an agent, and his screen shows its messages, all, once, in order. What came by a closed one was on a
// screen before.
func (w *World) shown(b *Balance, messages []kept, conversations map[inbox.ConversationID]held) {
	byConversation := map[inbox.ConversationID][]kept{}
	for _, m := range messages {
		byConversation[m.conversation] = append(byConversation[m.conversation], m)
	}
	w.shownBefore(b, messages, conversations)
	for _, id := range slices.Sorted(maps.Keys(conversations)) {
		agent := w.agent(conversations[id].assignee)
		if agent == nil {
			b.problem("conversation %s has no agent although there is room", id)
			continue
		}
		var want []int64
		for _, m := range byConversation[id] {
			want = append(want, m.seq)
		}
		got, open := agent.shows(id)
		if !open {
			b.problem("conversation %s is not on the screen of %s", id, agent.email)
			continue
		}
		for _, m := range byConversation[id] {
			if m.direction == inbox.In && slices.Contains(got, m.seq) {
				b.sheet(m.kind).Shown++
			}
		}
		if !slices.Equal(got, want) {
			b.problem("conversation %s: %s is shown %s", id, agent.email, difference(got, want))
		}
	}
}

func (w *World) shownBefore(b *Balance, messages []kept, conversations map[inbox.ConversationID]held) {
	w.book.mu.Lock()
	defer w.book.mu.Unlock()
	for _, m := range messages {
		if _, open := conversations[m.conversation]; open || m.direction != inbox.In {
			continue
		}
		if !w.book.seen[place{m.conversation, m.seq}] {
			b.problem("%q is in a closed conversation and nobody has seen it", m.text)
			continue
		}
		b.sheet(m.kind).Shown++
	}
}

// difference says what is wrong with positions.
func difference(got, want []int64) string {
	var missing, more []int64
	for _, n := range want {
		if !slices.Contains(got, n) {
			missing = append(missing, n)
		}
	}
	for i, n := range got {
		if !slices.Contains(want, n) || slices.Contains(got[:i], n) {
			more = append(more, n)
		}
	}
	return fmt.Sprintf("%d messages of %d: without %v, and %v too often", len(got), len(want), missing, more)
}

func (w *World) agent(id inbox.AgentID) *agent {
	for _, a := range w.agents {
		if a.id == id {
			return a
		}
	}
	return nil
}

// written: replies are in the record once, and arrived once or are recorded as unknown or failed.
func (w *World) written(b *Balance, messages []kept) {
	replies := w.book.copyReplies()
	arrived := heard(w.Mail, replies)
	for _, m := range w.Provider.Sent() {
		arrived[m.Body]++
	}
	for _, v := range w.visitors {
		for text, n := range v.shown() {
			arrived[text] += n
		}
	}
	stored := map[string][]kept{}
	for _, m := range messages {
		if m.direction == inbox.Out {
			stored[m.text] = append(stored[m.text], m)
		}
	}
	for text := range arrived {
		if stored[text] == nil {
			b.problem("a customer got %q, which nobody wrote", text)
		}
	}
	for _, text := range slices.Sorted(maps.Keys(replies)) {
		r := replies[text]
		switch found := stored[text]; {
		case !r.taken:
			b.problem("reply %q was not confirmed", text)
		case len(found) != 1:
			b.problem("reply %q is stored %d times", text, len(found))
		default:
			b.sent(found[0], arrived[text])
		}
	}
}

// sent judges one reply that arrived n times.
func (b *Balance) sent(m kept, n int) {
	s := b.sheet(m.kind)
	s.Written++
	s.Arrived += min(n, 1)
	switch m.state {
	case channels.StateUnknown, channels.StateFailed:
		if m.state == channels.StateUnknown {
			s.Unknown++
		} else {
			s.Failed++
		}
		if n > 1 || m.fault == "" {
			b.problem("reply %q is %s for the reason %q and arrived %d times", m.text, m.state, m.fault, n)
		}
	case channels.StateSent, channels.StateDelivered, channels.StateRead:
		if n != 1 {
			b.problem("reply %q is %s and arrived %d times", m.text, m.state, n)
		}
	default:
		s.Waiting++
		if !m.waiting || n > 1 || m.kind == channels.Chat { // the visitor is there, and chat is tried again within seconds
			b.problem("reply %q is still %s and arrived %d times", m.text, m.state, n)
		}
	}
}

// owned: the consoles agree with the record about who has what, nobody has a conversation of somebody else's, and nobody too many.
func (w *World) owned(ctx context.Context, b *Balance, conversations map[inbox.ConversationID]held) {
	owner := map[inbox.ConversationID]inbox.AgentID{}
	for _, a := range w.agents {
		var work wire.Work
		if err := a.do(ctx, http.MethodGet, "/api/work", nil, &work); err != nil {
			b.problem("the work of %s cannot be seen: %v", a.email, err)
			continue
		}
		load := map[channels.Kind]int{}
		for _, c := range work.Mine {
			if other, taken := owner[c.ID]; taken {
				b.problem("conversation %s is of %s and of %s", c.ID, other, a.id)
			}
			if recorded := conversations[c.ID]; recorded.assignee != a.id {
				b.problem("conversation %s is of %s, says the live inbox, and of %q, says the record", c.ID, a.id, recorded.assignee)
			} else if recorded.seq != c.LastSeq {
				b.problem("conversation %s is at event %d, says the live inbox, and at %d, says the record", c.ID, c.LastSeq, recorded.seq)
			}
			owner[c.ID] = a.id
			load[c.Kind]++
		}
		for kind, n := range load {
			if n > w.opt.Room {
				b.problem("%s has %d conversations by %s and room for %d", a.email, n, kind, w.opt.Room)
			}
			if work.Me.Load[kind] != n {
				b.problem("%s has %d conversations by %s and is counted with %d", a.email, n, kind, work.Me.Load[kind])
			}
		}
	}
	for id, c := range conversations {
		if c.assignee != "" && owner[id] == "" {
			b.problem("conversation %s is of %s, says the record, and the live inbox does not know it", id, c.assignee)
		}
	}
}

// relayed: nothing waits to be copied, and no stream has a gap.
func (w *World) relayed(ctx context.Context, b *Balance) error {
	var waiting, gaps int
	err := w.rows(ctx, `SELECT (SELECT count(*) FROM relay), (SELECT count(*) FROM (SELECT stream FROM event GROUP BY stream HAVING count(*) <> max(seq)) AS g)`,
		func(r *sql.Rows) error { return r.Scan(&waiting, &gaps) })
	if waiting > 0 {
		b.problem("%d events are not in the live inbox", waiting)
	}
	if gaps > 0 {
		b.problem("%d streams have gaps", gaps)
	}
	return err
}

// Overloaded names the agents who have more conversations of a channel than room, as the record has it now.
func (w *World) Overloaded(ctx context.Context) (all []string, err error) {
	query := fmt.Sprintf(`SELECT assignee, kind FROM conversation WHERE state = 'assigned' GROUP BY assignee, kind HAVING count(*) > %d`, w.opt.Room)
	err = w.rows(ctx, query, func(r *sql.Rows) error {
		var agent, kind string
		if err := r.Scan(&agent, &kind); err != nil {
			return err
		}
		all = append(all, agent+" "+kind)
		return nil
	})
	return all, err
}

// Longest is the longest of some times; 0 of none.
func Longest(times []time.Duration) (d time.Duration) {
	for _, t := range times {
		d = max(d, t)
	}
	return d
}
