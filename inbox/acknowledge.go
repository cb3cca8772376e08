package inbox

// What leaves by itself. The invariants:
//
//   - An acknowledgement is written in the transaction that takes the message it answers: never twice, never forgotten. It leaves by
//     the outbox as every message does.
//   - A conversation has at most one, and only the message that began it can bring it about (E-29).
//   - A machine gets none (E-27), nor does a sender who is not who he says he is.
//   - What an address was sent is counted in the record, over all gateways and accounts. Senders are locked, so the count of an address
//     is exact; that of a domain may be exceeded by what other transactions are about to commit.

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"sportello/channels"
	"sportello/inbox/customer"
	"sportello/inbox/db"
)

// Ack is how an account acknowledges the message that begins a conversation.
type Ack struct {
	Locale string             // language of customers whose own is not known or has no text
	Texts  map[string]AckText // by language: "it", "en"
}

// AckText is an acknowledgement in one language. In both fields {number} is the conversation's number, {name} the customer's name and
// {subject} what he wrote as the subject.
type AckText struct {
	Subject string // "" answers under the customer's own
	Text    string
}

// of is the text for a customer's language (BCP 47).
func (a Ack) of(locale string) (AckText, bool) {
	for _, l := range []string{locale, a.Locale} {
		language, _, _ := strings.Cut(strings.ToLower(l), "-")
		if text, ok := a.Texts[language]; ok && strings.TrimSpace(text.Text) != "" {
			return text, true
		}
	}
	return AckText{}, false
}

// acknowledge answers the message that began a conversation, if its account does so and nothing speaks against it. It opens a turn of
// its own: the message must be written before its Message-ID can be referred to.
func (l *Ledger) acknowledge(ctx context.Context, began *turn, a *acceptance) error {
	account, ok := l.Account(a.in.Account)
	if !ok || account.Ack == nil || began.before.ID != "" || !l.answerable(a.in) {
		return nil
	}
	text, ok := account.Ack.of(began.c.Locale)
	if !ok {
		return nil
	}
	t, err := l.turn(ctx, began.tx, began.c.ID)
	if err != nil {
		return err
	}
	reason, err := l.mustStop(ctx, t, a)
	if err != nil {
		return fmt.Errorf("count automatic messages: %w", err)
	}
	if reason != "" {
		err = t.stop(ctx, a.in.From.Value, reason)
	} else {
		err = l.answer(ctx, t, account, text, a.in)
		a.freed = true
	}
	if err == nil {
		err = flush(ctx, t)
	}
	if err == nil && reason == "" {
		err = t.count(ctx, a.in.From.Value)
	}
	if err != nil {
		return fmt.Errorf("acknowledge: %w", err)
	}
	return nil
}

// answerable reports whether a message may be answered by a machine at all.
func (l *Ledger) answerable(in channels.Inbound) bool {
	if in.Kind != channels.Email || in.Auto != channels.AutoNone || in.Details.Robot != "" || in.From.IsZero() || !strings.Contains(in.From.Value, "@") {
		return false
	}
	if in.Details.Trust != nil && in.Details.Trust.DMARC == "fail" {
		return false // whoever is named there did not write
	}
	for _, own := range l.cfg.Accounts {
		if own.Kind == channels.Email && strings.EqualFold(own.Address, in.From.Value) {
			return false
		}
	}
	return true
}

// answer writes the acknowledgement and its outbox row. It changes nothing of who waits for whom.
func (l *Ledger) answer(ctx context.Context, t *turn, account Account, text AckText, in channels.Inbound) error {
	fill := strings.NewReplacer("{number}", strconv.FormatInt(t.c.Number, 10), "{name}", t.c.CustomerName, "{subject}", t.c.Subject)
	m := stored{peer: in.From.Value, Message: Message{
		Direction: Out, Kind: account.Kind, Account: account.ID, State: channels.StateQueued, Auto: channels.AutoReply,
		Author: Author{Kind: "system", Name: account.Name}, Subject: fill.Replace(text.Subject), Text: fill.Replace(text.Text),
	}}
	row, err := newID()
	if err != nil {
		return err
	}
	env, err := l.compose(ctx, t.tx, t.c, m.Message, row, customer.Option{Kind: account.Kind, Account: account.ID, Address: in.From.Value})
	if err != nil {
		return err
	}
	_, err = t.post("system", m, Row{ID: row, Class: ClassAuto, Pinned: true, Envelope: env, DueAt: t.at})
	return err
}

// count notes the automatic message of this turn.
func (t *turn) count(ctx context.Context, address string) error {
	_, err := t.tx.ExecContext(ctx, `INSERT INTO automatic (message_id, conversation_id, address, domain, at) VALUES ($1, $2, $3, $4, $5)`,
		string(t.messages[0].ID), string(t.c.ID), address, domainOf(address), t.at.UnixMilli())
	return err
}

func domainOf(address string) string { return address[strings.LastIndexByte(address, '@')+1:] }

// mustStop asks the record whether a further automatic message to a sender is one too many, and why.
func (l *Ledger) mustStop(ctx context.Context, t *turn, a *acceptance) (string, error) {
	address := a.in.From.Value
	var stopped string
	err := t.tx.QueryRowContext(ctx, `SELECT reason FROM stopped WHERE address = $1 AND until > $2`, address, t.at.UnixMilli()).Scan(&stopped)
	if err == nil || !errors.Is(err, sql.ErrNoRows) {
		return stopped, err
	}
	var e exchange
	e.sent, err = list(ctx, t.tx, scanTime, `SELECT at FROM automatic WHERE address = $1 AND at > $2 ORDER BY at`,
		address, t.at.Add(-budgetWindow).UnixMilli())
	if err != nil {
		return "", err
	}
	err = t.tx.QueryRowContext(ctx, `SELECT count(*) FROM automatic WHERE domain = $1 AND at > $2`,
		domainOf(address), t.at.Add(-time.Hour).UnixMilli()).Scan(&e.toDomain)
	if err == nil && len(e.sent) > 0 {
		e.heard, err = heard(ctx, t, a)
	}
	return e.stop(l.cfg.PerDomain), err
}

// heard are the sender's messages of the last day, this one last.
func heard(ctx context.Context, t *turn, a *acceptance) ([]line, error) {
	all, err := list(ctx, t.tx, func(row scanner) (line, error) {
		var at int64
		var text string
		err := row.Scan(&at, &text)
		return line{at: time.UnixMilli(at).UTC(), text: text}, err
	}, `SELECT at, substr(body, 1, 8000) FROM message WHERE customer_id = $1 AND at > $2 AND direction = 'in' AND peer = $3 AND id <> $4
		ORDER BY at DESC LIMIT 20`, string(t.c.Customer), t.at.Add(-budgetWindow).UnixMilli(), a.in.From.Value, a.result.Message)
	slices.Reverse(all)
	return append(all, line{at: t.at, text: a.in.Text[:min(len(a.in.Text), 8000)]}), err
}

func scanTime(row scanner) (time.Time, error) {
	var ms sql.NullInt64
	err := row.Scan(&ms)
	return db.Time(ms), err
}
