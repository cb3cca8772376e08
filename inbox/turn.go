package inbox

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"sportello/channels"
	"sportello/inbox/db"
	"sportello/inbox/journal"
)

// turn is one change of one conversation inside a transaction. A verb changes c, tells what happened, and flush writes it all: the
// conversation only if it still stands where it was read, then the new rows, then the events. A turn that tells nothing writes
// nothing.
type turn struct {
	l        *Ledger
	tx       *sql.Tx
	at       time.Time
	before   Conversation // the zero Conversation when c is new
	c        Conversation
	head     string // of its hash chain; "" is not known
	messages []stored
	refs     []ref
	rows     []Row
	events   []journal.Event
}

// change runs one verb on a conversation: one transaction, and afterwards those who follow the journal are told.
func (l *Ledger) change(ctx context.Context, id ConversationID, verb func(t *turn) error) (Conversation, error) {
	var t *turn
	err := l.db.Tx(ctx, func(tx *sql.Tx) (err error) {
		if t, err = l.turn(ctx, tx, id); err != nil {
			return err
		}
		if err := verb(t); err != nil {
			return err
		}
		return finish(ctx, t)
	})
	if err != nil {
		return Conversation{}, err
	}
	l.tell(t)
	return t.c, nil
}

// tell wakes those who follow, after the commit.
func (l *Ledger) tell(turns ...*turn) {
	for _, t := range turns {
		if slices.ContainsFunc(t.rows, func(r Row) bool { return r.State == channels.StateQueued }) {
			l.outbox.Ring()
		}
	}
}

// turn locks and reads a conversation.
func (l *Ledger) turn(ctx context.Context, tx *sql.Tx, id ConversationID) (*turn, error) {
	turns, err := l.turns(ctx, tx, []ConversationID{id})
	if err == nil && turns[id] == nil {
		err = ErrNotFound
	}
	return turns[id], err
}

// turns locks and reads conversations. What is not there is left out.
func (l *Ledger) turns(ctx context.Context, tx *sql.Tx, ids []ConversationID) (map[ConversationID]*turn, error) {
	turns := make(map[ConversationID]*turn, len(ids))
	if err := l.db.Together(ctx, tx, l.locking(tx, turns, ids)); err != nil {
		return nil, fmt.Errorf("lock conversations: %w", err)
	}
	return turns, nil
}

// locking is the statement of turns: when it has been run, into is filled. What is asked behind them in the same round trip is seen
// with the conversations locked. Rows are locked in the order of their ids.
func (l *Ledger) locking(tx *sql.Tx, into map[ConversationID]*turn, ids []ConversationID) db.Statement {
	order := slices.Compact(slices.Sorted(slices.Values(ids)))
	if len(order) == 0 {
		return db.Statement{}
	}
	at := l.clock()
	return lockConversations(l.db, order, func(v Conversation, head string) { into[v.ID] = l.turnOf(tx, v, head, at) })
}

// turnOf is a turn of a conversation that is locked.
func (l *Ledger) turnOf(tx *sql.Tx, v Conversation, head string, at time.Time) *turn {
	return &turn{l: l, tx: tx, at: at, before: v, c: v, head: head}
}

// clock is now as the record keeps it.
func (l *Ledger) clock() time.Time { return l.now().UTC().Truncate(time.Millisecond) }

func (t *turn) stream() journal.Stream { return journal.ConversationStream(string(t.c.ID)) }

// tell appends an event that carries the conversation as it is now.
func (t *turn) tell(typ journal.Type, actor journal.Actor, ch Change) error {
	t.c.LastSeq++
	ch.Conversation = t.c
	if ch.Message != nil && typ != journal.Corrected {
		ch.Message.Seq = t.c.LastSeq
	}
	e, err := journal.Of(t.stream(), t.c.LastSeq, string(t.c.Customer), typ, actor, t.at, ch)
	if err != nil {
		return err
	}
	t.events = append(t.events, e)
	return nil
}

// say adds a message, with its event. It returns the message as it was written.
func (t *turn) say(typ journal.Type, actor journal.Actor, m stored) (stored, error) {
	id, err := newID()
	if err != nil {
		return stored{}, err
	}
	m.ID, m.Conversation, m.Customer, m.At = MessageID(id), t.c.ID, t.c.Customer, t.at
	m.aboutHTML()
	m.Seq = t.c.LastSeq + 1
	if m.Auto == "" || m.Direction == In && t.c.Preview == "" {
		t.c.LastMessageSeq = m.Seq
		if m.Direction != Note { // a preview is shown beside the customer's name, as if it had been said aloud
			t.c.Preview = preview(m.Message)
		}
	}
	if err := t.tell(typ, actor, Change{Message: &m.Message}); err != nil {
		return stored{}, err
	}
	if t.events[len(t.events)-1].Content, err = (Evidence{m.Message, m.external, m.peer}).Content(); err != nil {
		return stored{}, err
	}
	t.messages = append(t.messages, m)
	return m, nil
}

// flush writes turns of one transaction, each of another conversation. Those that told nothing are left out.
func flush(ctx context.Context, turns ...*turn) error {
	return flushWith(ctx, nil, nil, false, turns...)
}

// finish is flush as the last of the transaction, which is committed in the same round trip.
func finish(ctx context.Context, turns ...*turn) error {
	return flushWith(ctx, nil, nil, true, turns...)
}

// flushWith is flush, or finish, with further statements before and behind it.
func flushWith(ctx context.Context, first, last []db.Statement, finish bool, turns ...*turn) error {
	told := slices.DeleteFunc(slices.Clone(turns), func(t *turn) bool { return len(t.events) == 0 })
	if len(turns) == 0 {
		return nil
	}
	l, tx := turns[0].l, turns[0].tx
	write := l.db.Together
	if finish {
		write = l.db.Finish
	}
	all, err := written(ctx, l, tx, told)
	if err == nil {
		err = write(ctx, tx, slices.Concat(first, all, last)...)
	}
	if err != nil {
		return fmt.Errorf("write conversation %s: %w", turns[0].c.ID, err)
	}
	return nil
}

// written are the statements that write turns, in the order that references need.
func written(ctx context.Context, l *Ledger, tx *sql.Tx, turns []*turn) ([]db.Statement, error) {
	var begun, known []*turn
	var messages []stored
	var refs []ref
	var rows []Row
	var events []journal.Event
	heads := journal.Heads{}
	for _, t := range turns {
		if t.before.ID != "" {
			known = append(known, t)
			heads.Set(t.stream(), t.before.LastSeq, t.head)
		} else {
			begun = append(begun, t)
		}
		messages, refs, events = append(messages, t.messages...), append(refs, t.refs...), append(events, t.events...)
		rows = append(rows, t.rows...)
	}
	journaled, err0 := l.journal.Statements(ctx, tx, heads, events...)
	for _, t := range turns {
		t.head = heads[t.stream()].Hash
	}
	opened, err1 := insertConversations(l.db, begun)
	changed, err2 := updateConversations(l.db, known)
	said, err3 := insertMessages(l.db, messages)
	waiting, err4 := insertRows(l.db, rows)
	all := append([]db.Statement{opened, changed, said, insertRefs(l.db, refs), waiting}, journaled...)
	return all, errors.Join(err0, err1, err2, err3, err4)
}

// preview is the beginning of a message in one line.
func preview(m Message) string {
	const most = 140
	text := strings.Join(strings.Fields(m.Text), " ")
	if text == "" && len(m.Parts) > 0 {
		text = m.Parts[0].Name
	}
	if text == "" {
		text = m.Subject
	}
	runes := []rune(text)
	if len(runes) > most {
		return string(runes[:most-1]) + "…"
	}
	return text
}

func newID() (string, error) {
	id, err := uuid.NewV7()
	return id.String(), err
}
