package inbox

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"time"

	"sportello/channels"
	"sportello/inbox/customer"
	"sportello/inbox/db"
	"sportello/inbox/gate"
)

// patience is how long a batch may take. It is ours: no caller's context ends the work for the others.
const patience = 30 * time.Second

// arrival is a message at the gate.
type arrival = gate.Ticket[channels.Inbound, *acceptance]

// commit takes a batch into the record. If it fails as a whole, each message is tried by itself, so that one that cannot be taken
// fails alone.
func (l *Ledger) commit(batch []*arrival, written func()) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	all, err := l.acceptTogether(ctx, batch, written)
	for i, t := range batch {
		switch {
		case err == nil:
			t.Out, t.Err = all[i], nil
		case len(batch) == 1 && !db.IsUnique(err):
			t.Err = err
		default:
			t.Out, t.Err = l.acceptAlone(ctx, t.In)
		}
	}
}

func (l *Ledger) acceptTogether(ctx context.Context, batch []*arrival, written func()) (all []*acceptance, err error) {
	err = l.db.Tx(ctx, func(tx *sql.Tx) error {
		b := &batched{l: l, tx: tx, all: make([]*acceptance, len(batch))}
		for i, t := range batch {
			b.all[i] = &acceptance{in: t.In}
		}
		all = b.all
		return b.accept(ctx, written)
	})
	return all, err
}

// acceptAlone takes one message in a transaction of its own. When another transaction took the same delivery from another sender
// meanwhile, it is known now.
func (l *Ledger) acceptAlone(ctx context.Context, in channels.Inbound) (a *acceptance, err error) {
	for range 2 {
		err = l.db.Tx(ctx, func(tx *sql.Tx) (err error) {
			if err := l.book.Lock(ctx, tx, in); err != nil {
				return err
			}
			a = &acceptance{in: in}
			return l.accept(ctx, tx, a)
		})
		if !db.IsUnique(err) {
			break
		}
	}
	return a, err
}

// batched is one attempt to take a batch.
//
// Most messages go on in an open conversation of a known customer and tell nothing new of him: those are plain, and taken as a set. So
// are mails that begin conversations (begin.go). The others are taken one after the other behind them. A sender of whom one message is
// not plain has none that is plain after it, so that his messages keep their order.
type batched struct {
	l   *Ledger
	tx  *sql.Tx
	all []*acceptance
}

func (b *batched) accept(ctx context.Context, written func()) error {
	plain, begin, err := b.sort(ctx)
	if err == nil && len(plain) == len(b.all) {
		b.next(written)
		return b.takePlain(ctx, plain, true)
	}
	if err == nil {
		err = b.takePlain(ctx, plain, false)
	}
	if err == nil {
		err = b.takeBeginnings(ctx, begin)
	}
	for _, a := range b.all {
		if err == nil && !a.wrote {
			err = b.l.accept(ctx, b.tx, a)
		}
	}
	if err == nil {
		b.next(written)
	}
	return err
}

// next lets the next batch begin. The only writer of SQLite gains nothing from a second one that waits.
func (b *batched) next(written func()) {
	if b.l.db.Dialect == db.Postgres {
		written()
	}
}

// plainMessage is a message with the conversation it goes on in.
type plainMessage struct {
	*acceptance
	turn *turn
}

// sort locks all senders with their open conversations and finds the messages that can be taken as sets.
func (b *batched) sort(ctx context.Context) (plain []plainMessage, begin []beginning, err error) {
	var asked []*acceptance
	ins := make([]channels.Inbound, len(b.all))
	for i, a := range b.all {
		ins[i] = a.in
		if mayBePlain(a.in) {
			asked = append(asked, a)
		}
	}
	at, where, turns := b.l.clock(), make(map[*acceptance]*turn, len(asked)), make(map[ConversationID]*turn, len(asked))
	open := lockOpen(b.l.db, asked, func(a *acceptance, v Conversation, head string) {
		if turns[v.ID] == nil {
			turns[v.ID] = b.l.turnOf(b.tx, v, head, at)
		}
		where[a] = turns[v.ID]
	})
	if err := b.l.db.Together(ctx, b.tx, b.l.book.Locking(ins...), open, b.senders(&begin)); err != nil {
		return nil, nil, fmt.Errorf("lock senders and their conversations: %w", err)
	}
	return b.plain(where), begin, nil
}

// plain are the messages that go on in conversations, which are locked.
func (b *batched) plain(where map[*acceptance]*turn) []plainMessage {
	var plain []plainMessage
	barred, seen := map[channels.Address]bool{}, map[[2]string]bool{}
	for _, a := range b.all {
		delivery := [2]string{string(a.in.Account), a.in.External}
		sender := channels.Address{Kind: a.in.Kind, Value: a.in.From.Value}
		t := where[a]
		if t == nil || barred[sender] || seen[delivery] || t.c.State == Closed || tellsMore(a.in, t.c) {
			barred[sender] = true
			continue
		}
		seen[delivery] = true
		plain = append(plain, plainMessage{a, t})
	}
	return plain
}

// mayBePlain leaves out what has to be looked at by itself: machines and keywords, references, and further addresses of the sender.
func mayBePlain(in channels.Inbound) bool {
	noted := slices.ContainsFunc(in.Claims, func(c channels.Claim) bool { return !c.Address.IsZero() && c.Proof >= channels.ProofDeclared })
	return in.Kind != channels.Email && in.Auto == channels.AutoNone && !in.From.IsZero() && !noted && in.Thread.Token == "" &&
		len(in.Thread.InReplyTo)+len(in.Thread.References) == 0
}

// tellsMore reports whether a message tells a name or a language of a customer of whom none is known.
func tellsMore(in channels.Inbound, c Conversation) bool {
	named := in.From.Name != "" || slices.ContainsFunc(in.Claims, func(c channels.Claim) bool { return c.Address.Name != "" })
	return c.CustomerName == "" && named || c.Locale == "" && in.Locale != ""
}

// takePlain writes the plain messages, and commits if they are all there are.
func (b *batched) takePlain(ctx context.Context, plain []plainMessage, all bool) error {
	if len(plain) == 0 {
		return nil
	}
	var turns []*turn
	seen := make([]customer.Sighting, len(plain))
	for i, p := range plain {
		if len(p.turn.events) == 0 {
			turns = append(turns, p.turn)
		}
		if err := p.turn.receive(p.acceptance); err != nil {
			return err
		}
		seen[i] = customer.Sighting{Customer: p.turn.c.Customer, In: p.in}
		p.wrote = true
	}
	return flushWith(ctx, []db.Statement{b.l.book.Seen(seen...)}, nil, all, turns...)
}
