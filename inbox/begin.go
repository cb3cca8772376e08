package inbox

import (
	"context"
	"database/sql"

	"sportello/channels"
	"sportello/inbox/customer"
	"sportello/inbox/db"
)

// Mails of a batch that begin conversations, and depend on nothing that came with them, are taken as a set.

// beginning is a mail that begins a conversation.
type beginning struct {
	*acceptance
	who     customer.Customer // the zero Customer when nobody knows the sender
	variant bool              // another mail bears its Message-ID
}

// mayBegin leaves out whatever looks for a conversation, and machines, whose messages have consequences.
func mayBegin(in channels.Inbound) bool {
	return in.Kind == channels.Email && in.Auto == channels.AutoNone && !in.Outgoing && !in.From.IsZero() && in.Thread.Token == "" && in.Thread.Tag == "" &&
		len(in.Thread.InReplyTo)+len(in.Thread.References)+len(in.Claims) == 0
}

// names are those by which another message can be the same as this one, belong to it or come from the same person.
func names(in channels.Inbound) []string {
	all := []string{"from " + in.From.Value, "delivery " + string(in.Account) + " " + in.External}
	for _, id := range append(references(in.Thread), in.Thread.MessageID) {
		if id != "" {
			all = append(all, "id "+id)
		}
	}
	for _, c := range in.Claims {
		all = append(all, "from "+c.Address.Value)
	}
	return all
}

// senders asks who wrote the mails that can be taken as a set. It leaves out those of whom more is to be said than that: that the delivery
// is known, that the address was declared by others, or that the mail tells the sender's name or language for the first time. Nothing is
// joined to the set: while a table is small PostgreSQL may plan to read all of it for each row, and keeps that plan.
func (b *batched) senders(found *[]beginning) db.Statement {
	asked := b.beginners()
	if len(asked) == 0 {
		return db.Statement{}
	}
	rows := make([]int, len(asked))
	for i := range rows {
		rows[i] = i
	}
	with, args := b.l.db.With("w",
		db.Ints("n", rows, func(i int) int { return i }),
		db.Texts("kind", rows, func(i int) channels.Kind { return asked[i].in.From.Kind }),
		db.Texts("value", rows, func(i int) string { return asked[i].in.From.Value }),
		db.Texts("account", rows, func(i int) channels.AccountID { return asked[i].in.Account }),
		db.Texts("external", rows, func(i int) string { return asked[i].in.External }),
		db.Texts("ref", rows, func(i int) string { return asked[i].in.Thread.MessageID }))
	*found = nil
	return db.Ask(func(row db.Row) error {
		var n int
		var taken, known bool
		var s beginning
		err := row.Scan(&n, &taken, &s.variant, &known, &s.who.ID, &s.who.Name, &s.who.Tier, &s.who.Locale)
		if s.acceptance = asked[n]; err == nil && !taken && known == (s.who.ID != "") && !s.introduces() {
			*found = append(*found, s)
		}
		return err
	}, `WITH `+with+`, known AS MATERIALIZED (SELECT w.n, w.kind, w.value, w.account, w.external, w.ref,
			(SELECT i.customer_id FROM identity i JOIN customer c ON c.id = i.customer_id
				WHERE i.kind = w.kind AND i.value = w.value AND i.owner = 1 AND c.merged_into IS NULL) AS customer_id FROM w)
		SELECT n, (SELECT m.id FROM message m WHERE m.account_id = known.account AND m.external_id = known.external) IS NOT NULL,
			(SELECT r.message_id FROM mail_ref r WHERE r.ref = known.ref AND
				COALESCE((SELECT m.external_id FROM message m WHERE m.id = r.message_id), '') <> known.external LIMIT 1) IS NOT NULL,
			(SELECT i.id FROM identity i WHERE i.kind = known.kind AND i.value = known.value LIMIT 1) IS NOT NULL,
			COALESCE(customer_id, ''), COALESCE((SELECT c.name FROM customer c WHERE c.id = customer_id), ''),
			COALESCE((SELECT c.tier FROM customer c WHERE c.id = customer_id), ''),
			COALESCE((SELECT c.locale FROM customer c WHERE c.id = customer_id), '')
		FROM known ORDER BY n`, args...)
}

// beginners are mails that may begin conversations, none of which has to do with a message before it.
func (b *batched) beginners() (asked []*acceptance) {
	seen := map[string]bool{}
	for _, a := range b.all {
		alone := mayBegin(a.in)
		for _, name := range names(a.in) {
			alone = alone && !seen[name]
			seen[name] = true
		}
		if alone {
			asked = append(asked, a)
		}
	}
	return asked
}

// introduces reports whether a mail tells a name or a language of a customer of whom none is known.
func (s beginning) introduces() bool {
	return s.who.ID != "" && (s.who.Name == "" && s.in.From.Name != "" || s.who.Locale == "" && s.in.Locale != "")
}

// takeBeginnings writes the mails with their customers and conversations, and then what answers them.
func (b *batched) takeBeginnings(ctx context.Context, all []beginning) error {
	if len(all) == 0 {
		return nil
	}
	made, seen, err := b.customers(all)
	if err != nil {
		return err
	}
	turns, err := b.open(ctx, all)
	if err != nil {
		return err
	}
	for i, s := range all {
		s.markVariant(s.variant)
		if err := turns[i].receive(s.acceptance); err != nil {
			return err
		}
		s.wrote = true
	}
	if err := b.l.placeNew(ctx, b.tx, turns...); err != nil {
		return err
	}
	turns[0].events = append(made.Events, turns[0].events...)
	if err := flushWith(ctx, append(made.Statements(), b.l.book.Seen(seen...)), nil, false, turns...); err != nil {
		return err
	}
	for i, s := range all {
		if err := b.l.acknowledge(ctx, turns[i], s.acceptance); err != nil {
			return err
		}
	}
	return nil
}

// customers makes those that are new, names them in all, and returns with them the sightings of the others.
func (b *batched) customers(all []beginning) (made customer.Beginning, seen []customer.Sighting, err error) {
	var strangers []channels.Inbound
	for _, s := range all {
		if s.who.ID == "" {
			strangers = append(strangers, s.in)
		} else {
			seen = append(seen, customer.Sighting{Customer: s.who.ID, In: s.in})
		}
	}
	if made, err = b.l.book.Begin(strangers); err != nil {
		return customer.Beginning{}, nil, err
	}
	n := 0
	for i := range all {
		if all[i].who.ID == "" {
			all[i].who = made.Customers[n]
			n++
		}
	}
	return made, seen, nil
}

// open begins the conversations.
func (b *batched) open(ctx context.Context, all []beginning) ([]*turn, error) {
	last, err := takeNumbers(ctx, b.tx, len(all))
	if err != nil {
		return nil, err
	}
	turns := make([]*turn, len(all))
	for i, s := range all {
		if turns[i], err = b.l.begin(b.tx, s.in, nil, s.who, last-int64(len(all)-1-i)); err != nil {
			return nil, err
		}
	}
	return turns, nil
}

// placeNew places conversations that have just begun, as far as the rules in force say where.
func (l *Ledger) placeNew(ctx context.Context, tx *sql.Tx, turns ...*turn) error {
	if l.cfg.Placer == nil {
		return nil
	}
	decide, err := l.cfg.Placer.Placing(ctx, tx)
	if err != nil {
		return err
	}
	for _, t := range turns {
		if t.c.State != New {
			continue
		}
		if cmd, ok := decide(t.c); ok {
			if err := t.place(cmd); err != nil {
				return err
			}
		}
	}
	return nil
}
