package inbox

// The gate in. The invariants:
//
//   - One transaction takes a message: customer, conversation, message and events are all there or none is.
//   - A delivery is taken once: (account, external id) is unique, and the sender is locked before it is looked up.
//   - A machine's message (E-30) neither reopens a conversation nor makes it wait for an answer.

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"sportello/channels"
	"sportello/inbox/customer"
	"sportello/inbox/journal"
)

// Accept takes one message into the record. When it returns without error, the message is committed. The same delivery a second time
// changes nothing and returns the ids of the first, with Duplicate.
//
// Messages that arrive together share one commit. The error of a caller whose context has ended does not say that the message was not
// taken: he may be the last to know.
func (l *Ledger) Accept(ctx context.Context, in channels.Inbound) (channels.Accepted, error) {
	in = clean(in)
	err := acceptable(in)
	var a *acceptance
	if err == nil {
		a, err = l.arrivals.Pass(ctx, in, l.commit)
	}
	if err != nil {
		return channels.Accepted{}, fmt.Errorf("accept %s/%s: %w", in.Account, in.External, err)
	}
	l.accepted(a)
	return a.result, nil
}

func acceptable(in channels.Inbound) error {
	if in.Account == "" || in.External == "" || in.Kind == "" {
		return errors.New("a message needs an account, a channel and the provider's id")
	}
	return nil
}

// acceptance is one message on its way into the record.
type acceptance struct {
	in     channels.Inbound
	result channels.Accepted
	wrote  bool   // the record changed
	freed  bool   // outbox rows became due
	leaves string // the mailing list that it ends
}

// accepted tells others, after the commit.
func (l *Ledger) accepted(a *acceptance) {
	if a.freed {
		l.outbox.Ring()
	}
}

// accept takes one message within a transaction that has locked its sender. Nobody is told: the caller calls accepted after the commit.
func (l *Ledger) accept(ctx context.Context, tx *sql.Tx, a *acceptance) error {
	in := a.in
	if known, err := duplicate(ctx, tx, in); err != nil || known != nil {
		a.result = deref(known)
		return err
	}
	if in.Outgoing {
		return l.takeOutgoing(ctx, tx, a)
	}
	thread, list, err := l.leavingOf(ctx, tx, in)
	if err == nil && thread == nil {
		thread, err = l.threadOf(ctx, tx, in)
	}
	if err != nil {
		return err
	}
	if list != "" && in.Auto == channels.AutoNone {
		in.Auto = channels.AutoOptOut
		a.in.Auto, a.leaves = in.Auto, list
	}
	if thread != nil && thread.proved {
		a.in.Details.Matched = thread.rule
	}
	who, err := l.sender(ctx, tx, in, thread)
	if err != nil {
		return err
	}
	if who.Absorbed != "" {
		if err := l.follow(ctx, tx, who.Absorbed, who.Customer); err != nil {
			return err
		}
	}
	if thread == nil && in.Kind != channels.Email {
		if thread, err = current(ctx, tx, who.Customer.ID, in); err != nil {
			return err
		}
	}
	t, err := l.placeOf(ctx, tx, in, thread, who.Customer)
	if err != nil {
		return err
	}
	variant, err := isVariant(ctx, tx, in)
	if err != nil {
		return err
	}
	a.markVariant(variant)
	a.wrote = true
	return l.take(ctx, t, a)
}

// deref is what p points to, or nothing.
func deref[T any](p *T) (v T) {
	if p != nil {
		v = *p
	}
	return v
}

// duplicate is the answer of the first time, nil when this is it.
func duplicate(ctx context.Context, tx *sql.Tx, in channels.Inbound) (*channels.Accepted, error) {
	a := channels.Accepted{Duplicate: true}
	err := tx.QueryRowContext(ctx, `SELECT conversation_id, id, seq FROM message WHERE account_id = $1 AND external_id = $2`,
		string(in.Account), in.External).Scan(&a.Conversation, &a.Message, &a.Seq)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	return &a, err
}

// isVariant reports whether the Message-ID of a mail is another mail's already. The same mail in another mailbox of ours is not another.
func isVariant(ctx context.Context, tx *sql.Tx, in channels.Inbound) (bool, error) {
	id := in.Thread.MessageID
	if in.Kind != channels.Email || !wellFormed(id) {
		return false, nil
	}
	var n int
	err := tx.QueryRowContext(ctx, `SELECT count(*) FROM mail_ref r JOIN message m ON m.id = r.message_id
		WHERE r.ref = $1 AND COALESCE(m.external_id, '') <> $2`, id, in.External).Scan(&n)
	return n > 0, err
}

// markVariant says of a mail that it is a variant of another (E-16). Both are kept: the copy of a mailing list has a footer, and somebody
// may have taken the id on purpose.
func (a *acceptance) markVariant(is bool) {
	if is && !slices.Contains(a.in.Details.Warnings, "variant") {
		a.in.Details.Warnings = append(slices.Clip(a.in.Details.Warnings), "variant")
	}
}

// sender finds or makes the customer who wrote. Whoever answers in the thread of another customer, and is not known himself, is a
// third party there (E-23): no customer is made of him.
func (l *Ledger) sender(ctx context.Context, tx *sql.Tx, in channels.Inbound, thread *match) (customer.Resolved, error) {
	if thread == nil || !thread.proved {
		return l.book.Resolve(ctx, tx, in)
	}
	var his int
	err := tx.QueryRowContext(ctx, `SELECT count(*) FROM identity WHERE customer_id = $1 AND kind = $2 AND value = $3`,
		string(thread.Customer), string(in.From.Kind), in.From.Value).Scan(&his)
	if err != nil {
		return customer.Resolved{}, err
	}
	if his > 0 && !aboutOurs(in.Auto) {
		owner, err := l.book.Owner(ctx, tx, in.From)
		if err != nil {
			return customer.Resolved{}, err
		}
		if owner == thread.Customer || owner == "" {
			return l.book.Resolve(ctx, tx, in)
		}
	}
	return customer.Resolved{Customer: customer.Customer{ID: thread.Customer}}, nil
}

// follow gives the conversations of an anonymous customer to the one he turned out to be.
func (l *Ledger) follow(ctx context.Context, tx *sql.Tx, from customer.ID, to customer.Customer) error {
	ids, err := list(ctx, tx, scanText, `SELECT id FROM conversation WHERE customer_id = $1 ORDER BY id`, string(from))
	if err != nil {
		return err
	}
	for _, table := range []string{"message", "outbox"} {
		if _, err := tx.ExecContext(ctx, `UPDATE `+table+` SET customer_id = $2 WHERE customer_id = $1`, string(from), string(to.ID)); err != nil {
			return err
		}
	}
	for _, id := range ids {
		t, err := l.turn(ctx, tx, ConversationID(id))
		if err != nil {
			return err
		}
		t.c.Customer, t.c.CustomerName, t.c.CustomerTier, t.c.Locale = to.ID, to.Name, to.Tier, to.Locale
		if to.Name != "" {
			t.c.CustomerContact = ""
		}
		err = t.tell(journal.Linked, customerActor(to.ID), Change{Reason: "recognised"})
		if err == nil {
			err = flush(ctx, t)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func customerActor(id customer.ID) journal.Actor { return journal.Actor("customer:" + string(id)) }

// placeOf opens the turn of the conversation that a message goes to: where the matched one goes on, reopened if need be, or a new one.
func (l *Ledger) placeOf(ctx context.Context, tx *sql.Tx, in channels.Inbound, thread *match, who customer.Customer) (*turn, error) {
	if thread == nil || !thread.proved {
		return l.openTurn(ctx, tx, in, thread, who)
	}
	t, err := l.living(ctx, tx, thread.Conversation)
	if err != nil || t.c.State != Closed || in.Auto != channels.AutoNone {
		return t, err
	}
	if t.at.Sub(t.c.ClosedAt) > l.cfg.ReopenWithin {
		who, err := l.nameOf(ctx, tx, t.c.Customer)
		if err != nil {
			return nil, err
		}
		return l.openTurn(ctx, tx, in, &match{Conversation: t.c}, who)
	}
	t.reopen()
	return t, t.tell(journal.Reopened, customerActor(t.c.Customer), Change{From: t.c.Sticky, Reason: "customer_wrote"})
}

func (l *Ledger) nameOf(ctx context.Context, tx *sql.Tx, id customer.ID) (customer.Customer, error) {
	var c customer.Customer
	err := tx.QueryRowContext(ctx, `SELECT id, name, tier, locale FROM customer WHERE id = $1`, string(id)).
		Scan(&c.ID, &c.Name, &c.Tier, &c.Locale)
	return c, err
}

// reopen puts a closed conversation back to where it waited before. Its routing clock starts anew, whenever it is placed.
func (t *turn) reopen() {
	t.c.State, t.c.ClosedAt, t.c.Disposition, t.c.QueuedAt = Waiting, time.Time{}, "", t.at
	if t.c.Queue == "" {
		t.c.State = New
	}
}

// openTurn begins a conversation. One that no person needs to look at is closed from the start.
func (l *Ledger) openTurn(ctx context.Context, tx *sql.Tx, in channels.Inbound, related *match, who customer.Customer) (*turn, error) {
	number, err := takeNumbers(ctx, tx, 1)
	if err != nil {
		return nil, err
	}
	return l.begin(tx, in, related, who, number)
}

func (l *Ledger) begin(tx *sql.Tx, in channels.Inbound, related *match, who customer.Customer, number int64) (*turn, error) {
	id, err := newID()
	if err != nil {
		return nil, err
	}
	t := &turn{l: l, tx: tx, at: l.clock()}
	t.c = Conversation{
		ID: ConversationID(id), Number: number, Customer: who.ID, CustomerName: who.Name, CustomerTier: who.Tier, Locale: who.Locale,
		Kind: in.Kind, Account: in.Account, Subject: in.Subject, State: New, Priority: 50, CreatedAt: t.at,
	}
	if who.Name == "" && in.Kind != channels.Chat {
		t.c.CustomerContact = in.From.Value
	}
	if related != nil {
		t.c.Previous = related.ID
	}
	return t, t.tell(journal.Opened, customerActor(who.ID), Change{})
}

// take writes the message into its conversation.
func (l *Ledger) take(ctx context.Context, t *turn, a *acceptance) error {
	if err := t.receive(a); err != nil {
		return err
	}
	if t.before.ID == "" && needsNobody(a.in.Auto) {
		t.close(string(a.in.Auto))
		if err := t.tell(journal.Closed, "system", Change{Reason: "automatic", Disposition: t.c.Disposition}); err != nil {
			return err
		}
	}
	if t.before.ID == "" {
		if err := l.placeNew(ctx, t.tx, t); err != nil {
			return err
		}
	}
	if err := flush(ctx, t); err != nil {
		return err
	}
	if err := l.keyword(ctx, t, a); err != nil {
		return err
	}
	if err := l.complained(ctx, t, a); err != nil {
		return err
	}
	return l.acknowledge(ctx, t, a)
}

// receive adds the message to its conversation.
func (t *turn) receive(a *acceptance) error {
	in := a.in
	if in.Auto == channels.AutoNone {
		t.c.LastKind, t.c.LastFrom, t.c.LastInAt = in.Kind, in.From.Value, t.at
		if t.c.WaitingSince.IsZero() {
			t.c.WaitingSince = t.at
		}
	}
	since := t.c.LastMessageSeq + 1
	m, err := t.say(journal.Received, receivedActor(t, in), inboundMessage(t, in))
	if err != nil {
		return err
	}
	if in.Kind == channels.Email && wellFormed(in.Thread.MessageID) {
		t.refs = append(t.refs, ref{id: in.Thread.MessageID, conversation: t.c.ID, message: m.ID})
	}
	a.result = channels.Accepted{Conversation: string(t.c.ID), Message: string(m.ID), Seq: m.Seq, Since: since}
	return nil
}

// needsNobody reports whether a message that belongs to no conversation is kept to be found, but not given to anybody.
func needsNobody(a channels.Auto) bool {
	switch a {
	case channels.AutoBounce, channels.AutoComplaint, channels.AutoReceipt, channels.AutoOptOut, channels.AutoOptIn, channels.AutoHelpRequest:
		return true
	}
	return false
}

// aboutOurs reports whether a message is what a mail server says of mail of ours: it belongs where that mail is, whoever it comes from.
func aboutOurs(a channels.Auto) bool { return a == channels.AutoBounce || a == channels.AutoComplaint }

func receivedActor(t *turn, in channels.Inbound) journal.Actor {
	if aboutOurs(in.Auto) {
		return "system"
	}
	return customerActor(t.c.Customer)
}

func inboundMessage(t *turn, in channels.Inbound) stored {
	author := Author{Kind: "customer", ID: string(t.c.Customer), Name: in.From.Name}
	if author.Name == "" {
		author.Name = t.c.CustomerName
	}
	if aboutOurs(in.Auto) {
		author = Author{Kind: "system", Name: in.From.Name}
	}
	return stored{
		external: in.External, peer: in.From.Value,
		Message: Message{
			Direction: In, Kind: in.Kind, Account: in.Account, Author: author, From: in.From, To: in.To, Cc: in.Cc, Subject: in.Subject,
			Text: in.Text, HTML: in.HTML, Parts: in.Parts, Raw: in.Raw, Proof: in.Proof, Auto: in.Auto, Flaw: in.Flaw, Details: in.Details, SentAt: in.SentAt,
		},
	}
}

// keyword applies what STOP and START mean (M-17, M-19): a row of the consent ledger for this address and this account of ours.
// Rows of the outbox that wait for this customer are taken from whoever holds them and asked about anew at once, so that nothing
// leaves that was allowed a moment ago. START allows what a contract needs; marketing needs its own consent again.
func (l *Ledger) keyword(ctx context.Context, t *turn, a *acceptance) error {
	in := a.in
	if a.leaves != "" {
		return l.unsubscribe(ctx, t, a)
	}
	if in.Auto != channels.AutoOptOut && in.Auto != channels.AutoOptIn {
		return nil
	}
	c := customer.Consent{
		Kind: in.Kind, Address: in.From.Value, Account: in.Account, Granted: in.Auto == channels.AutoOptIn, Source: "message",
		SourceID: a.result.Message, Wording: in.Text, Actor: string(customerActor(t.c.Customer)), At: t.at,
	}
	if c.Granted {
		c.Purpose = customer.Service
	}
	if err := l.book.Consent(ctx, t.tx, t.c.Customer, c); err != nil {
		return err
	}
	return l.askAgain(ctx, t.tx, t.c.Customer, a)
}

func (l *Ledger) askAgain(ctx context.Context, tx *sql.Tx, id customer.ID, a *acceptance) error {
	_, err := tx.ExecContext(ctx, `UPDATE outbox SET due_at = CASE WHEN due_at > $2 THEN $2 ELSE due_at END, leased_by = '', leased_until = 0
		WHERE customer_id = $1 AND state = 'queued'`, string(id), l.clock().UnixMilli())
	a.freed = true
	return err
}
