package inbox

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"sportello/channels"
	"sportello/inbox/customer"
)

// mostReferences is how many ids a References field carries: the first and the last ones (E-26).
const mostReferences = 20

// compose freezes the envelope of a message for one channel. The row's id makes the Message-ID, so that every attempt has the same.
func (l *Ledger) compose(ctx context.Context, tx *sql.Tx, c Conversation, m Message, row string, to customer.Option) (channels.Outbound, error) {
	account, ok := l.Account(to.Account)
	if !ok || account.Kind != to.Kind {
		return channels.Outbound{}, ErrNoAccount
	}
	name := m.Author.Name
	if name == "" {
		name = account.Name
	}
	out := channels.Outbound{
		ID: row, Account: account.ID, Kind: account.Kind,
		From:    channels.Address{Kind: account.Kind, Value: account.Address, Name: name},
		To:      []channels.Address{{Kind: to.Kind, Value: to.Address, Name: c.CustomerName}},
		Subject: m.Subject, Text: m.Text, HTML: m.HTML, Parts: m.Parts, Auto: m.Auto, Locale: c.Locale,
		Conversation: string(c.ID), Message: string(m.ID), Seq: m.Seq, At: m.At,
	}
	if account.Kind != channels.Email {
		out.Subject, out.HTML = "", ""
		return out, nil
	}
	ids := []ConversationID{c.ID}
	var err error
	if m.Auto == channels.AutoNone { // else it answers what has just begun
		if ids, err = familyOf(ctx, tx, c.ID); err != nil {
			return channels.Outbound{}, err
		}
	}
	all, last, err := conversationRefs(ctx, tx, ids)
	if err != nil {
		return channels.Outbound{}, fmt.Errorf("read references: %w", err)
	}
	if m.Auto == channels.AutoNone || m.Subject == "" {
		out.Subject = l.subject(c, account)
	}
	out.Thread = channels.Thread{MessageID: row + "@" + account.Domain, Token: signToken(l.cfg.TokenKey, replyToken, c.ID)}
	if last != "" {
		out.Thread.InReplyTo = []string{last}
	}
	if len(all) > mostReferences {
		all = append(all[:1:1], all[len(all)-mostReferences+1:]...)
	}
	out.Thread.References = all
	return out, nil
}

// subject is the customer's own, kept as it is so that his program shows one thread; "Re: " is put before it once, and our number
// after it if that is wished. A conversation that began without a subject goes by the account's name.
func (l *Ledger) subject(c Conversation, account Account) string {
	s := strings.Join(strings.Fields(c.Subject), " ")
	switch {
	case s == "":
		s = account.Name
	case len(s) < 3 || !strings.EqualFold(s[:3], "re:"):
		s = "Re: " + s
	}
	return l.tagged(s, c)
}

// tagged puts our number after a subject once, if that is wished.
func (l *Ledger) tagged(s string, c Conversation) string {
	if tag := tagOf(c.Number); l.cfg.SubjectTag && !strings.Contains(s, tag) {
		s += " " + tag
	}
	return s
}
