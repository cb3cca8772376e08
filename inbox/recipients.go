package inbox

// Who gets a mail. The invariants:
//
//   - The recipients are frozen when the reply is written; nothing that happens later adds one (REQ-OUT1).
//   - Nobody gets a mail of a conversation that he was never on, unless its author has confirmed that very address (REQ-OUT2).
//   - An address of our own never gets one: it would come back as a customer's.

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"sportello/channels"
	"sportello/inbox/customer"
)

// mostRecipients bounds To, Cc and Bcc together.
const mostRecipients = 50

// NewRecipients says that a reply was not taken because it names people who were never on its conversation. Sending it again with
// their addresses in Confirmed takes it.
type NewRecipients struct{ Addresses []string }

// Error names no address: it is logged.
func (n *NewRecipients) Error() string {
	return fmt.Sprintf("inbox: %d recipients were never on this conversation", len(n.Addresses))
}

// Forbidden says that a reply was not taken because some of its recipients must not be written to, and why.
type Forbidden struct{ Codes map[string]customer.Code }

// Error names no address: it is logged.
func (f *Forbidden) Error() string {
	return fmt.Sprintf("inbox: %d recipients must not be written to", len(f.Codes))
}

// main is the recipient by whom delivery is judged.
func (c ReplyCmd) main() channels.Address {
	if c.Kind == channels.Email && len(c.To) > 0 {
		return c.To[0]
	}
	return channels.Address{Kind: c.Kind, Value: c.Address}
}

// recipients are all who get it, each once.
func (c ReplyCmd) recipients() []channels.Address {
	if c.Kind != channels.Email {
		return []channels.Address{c.main()}
	}
	all := []channels.Address{c.main()}
	for _, a := range slices.Concat(c.To, c.Cc, c.Bcc) {
		if !slices.ContainsFunc(all, func(b channels.Address) bool { return a.Value == b.Value }) {
			all = append(all, a)
		}
	}
	return all
}

// mayReceive checks the recipients of a reply.
func (l *Ledger) mayReceive(ctx context.Context, t *turn, cmd ReplyCmd) error {
	all := cmd.recipients()
	if len(all) > mostRecipients {
		return ErrRecipient
	}
	for _, a := range all {
		if a.IsZero() || a.Kind != cmd.Kind || a.Kind == channels.Email && l.isOwn(a) {
			return ErrRecipient
		}
	}
	strangers, err := l.strangers(ctx, t, cmd.Kind, all)
	if err != nil {
		return err
	}
	if len(strangers) > 0 && len(cmd.To)+len(cmd.Cc)+len(cmd.Bcc) == 0 {
		return ErrRecipient // nobody chose this address: no confirmation would make it right
	}
	strangers = slices.DeleteFunc(strangers, func(a string) bool { return slices.Contains(cmd.Confirmed, a) })
	if len(strangers) > 0 {
		return &NewRecipients{Addresses: strangers}
	}
	if len(all) == 1 && len(cmd.To) == 0 {
		return nil // Reach has just been asked about it
	}
	codes, err := l.book.Objections(ctx, t.tx, cmd.Kind, cmd.Account, customer.Service, "", all)
	if err == nil && len(codes) > 0 {
		err = &Forbidden{Codes: codes}
	}
	return err
}

// isOwn reports whether an address is one of our accounts'.
func (l *Ledger) isOwn(a channels.Address) bool {
	return slices.ContainsFunc(l.cfg.Accounts, func(own Account) bool {
		return own.Kind == a.Kind && own.Address != "" && sameMailbox(a.Value, own.Address)
	})
}

// sameMailbox compares an address with one of ours, whatever stands after a plus.
func sameMailbox(a, own string) bool {
	local, domain, _ := strings.Cut(strings.ToLower(a), "@")
	local, _, _ = strings.Cut(local, "+")
	ownLocal, ownDomain, _ := strings.Cut(strings.ToLower(own), "@")
	ownLocal, _, _ = strings.Cut(ownLocal, "+")
	return local == ownLocal && domain == ownDomain
}

// strangers are those of the recipients who are no address of the customer's and wrote, received or were named in no message of this
// conversation.
func (l *Ledger) strangers(ctx context.Context, t *turn, k channels.Kind, all []channels.Address) ([]string, error) {
	known, err := l.participants(ctx, t, k)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, a := range all {
		if !known[a.Value] {
			out = append(out, a.Value)
		}
	}
	return out, nil
}

// participants are the addresses of one channel that a reply may go to without a question.
func (l *Ledger) participants(ctx context.Context, t *turn, k channels.Kind) (map[string]bool, error) {
	own, err := list(ctx, t.tx, scanText, `SELECT value FROM identity WHERE customer_id = $1 AND kind = $2`, string(t.c.Customer), string(k))
	if err != nil {
		return nil, err
	}
	known := map[string]bool{}
	for _, a := range own {
		known[a] = true
	}
	ids, err := familyOf(ctx, t.tx, t.c.ID)
	if err != nil {
		return nil, err
	}
	all, err := mentioned(ctx, t.tx, ids, k)
	for _, m := range all {
		known[m.peer] = true
		for _, a := range slices.Concat(m.To, m.Cc, m.Details.ReplyTo, m.Details.Bcc) {
			known[a.Value] = true
		}
	}
	return known, err
}

// mentioned are the last messages of conversations by one channel, with nothing but whom they name.
func mentioned(ctx context.Context, tx *sql.Tx, ids []ConversationID, k channels.Kind) ([]stored, error) {
	places, args := marks(ids)
	return list(ctx, tx, func(row scanner) (m stored, err error) {
		var to, cc, details string
		if err := row.Scan(&m.peer, &to, &cc, &details); err != nil {
			return m, err
		}
		if details != "" {
			err = json.Unmarshal([]byte(details), &m.Details)
		}
		return m, errors.Join(err, json.Unmarshal([]byte(to), &m.To), json.Unmarshal([]byte(cc), &m.Cc))
	}, `SELECT m.peer, m.recipients, m.copies, m.details FROM message m WHERE m.conversation_id IN (`+places+`) AND m.kind = $`+strconv.Itoa(len(ids)+1)+`
		ORDER BY m.seq DESC LIMIT 200`, append(args, string(k))...)
}

// address puts the recipients and the subject that the author chose into an envelope.
func (l *Ledger) address(env *channels.Outbound, c Conversation, cmd ReplyCmd) {
	if len(cmd.To) > 0 {
		env.To = cmd.To
	}
	env.Cc, env.Bcc = cmd.Cc, cmd.Bcc
	if subject := strings.Join(strings.Fields(cmd.Subject), " "); subject != "" {
		env.Subject = l.tagged(subject, c)
	}
}

// Envelope is what a reply by mail would be frozen with if its author changed nothing.
type Envelope struct {
	To      []channels.Address
	Cc      []channels.Address // everybody else the customer wrote to: offered, not taken for granted
	Subject string
	Known   []string // addresses that need no confirmation
}

// Envelope says to whom a reply by mail would go: where the customer's last mail wants answers, with those he copied beside it.
// Addresses of ours are left out. A conversation without a mail has no recipients here.
func (l *Ledger) Envelope(ctx context.Context, id ConversationID, account channels.AccountID) (Envelope, error) {
	var e Envelope
	err := l.db.Tx(ctx, func(tx *sql.Tx) error {
		c, err := readConversation(ctx, tx, `WHERE v.id = $1`, string(id))
		if err != nil {
			return err
		}
		t := &turn{l: l, tx: tx, c: c}
		known, err := l.participants(ctx, t, channels.Email)
		if err != nil {
			return err
		}
		for a := range known {
			if !l.isOwn(channels.Address{Kind: channels.Email, Value: a}) && a != "" {
				e.Known = append(e.Known, a)
			}
		}
		slices.Sort(e.Known)
		if a, ok := l.Account(account); ok && a.Kind == channels.Email {
			e.Subject = l.subject(c, a)
		}
		ids, err := familyOf(ctx, tx, id)
		if err != nil {
			return err
		}
		places, args := marks(ids)
		last, err := readMessage(ctx, tx, `WHERE m.conversation_id IN (`+places+`) AND m.kind = 'email' AND m.direction = 'in' AND m.auto = ''
			ORDER BY m.at DESC, m.seq DESC LIMIT 1`, args...)
		if errors.Is(err, ErrNotFound) {
			return nil
		}
		e.To, e.Cc = l.replyAll(last.Message)
		return err
	})
	if err != nil {
		return Envelope{}, fmt.Errorf("envelope of conversation %s: %w", id, err)
	}
	return e, nil
}

// replyAll is to whom an answer to a mail goes, and who else it was sent to.
func (l *Ledger) replyAll(m Message) (to, cc []channels.Address) {
	to = m.Details.ReplyTo
	if len(to) == 0 {
		to = []channels.Address{m.From}
	}
	drop := func(a channels.Address) bool { return a.IsZero() || l.isOwn(a) }
	to = slices.DeleteFunc(slices.Clone(to), drop)
	for _, a := range slices.Concat(m.To, m.Cc) {
		same := func(b channels.Address) bool { return a.Value == b.Value }
		if !drop(a) && !slices.ContainsFunc(to, same) && !slices.ContainsFunc(cc, same) {
			cc = append(cc, a)
		}
	}
	return to, cc[:min(len(cc), mostRecipients-1)]
}

// Objections says which recipients of a row must not be written to now, for the dispatcher: consents change while a message waits. Who
// has it already is not asked about. Of a campaign that was stopped nobody is to get anything.
func (l *Ledger) Objections(ctx context.Context, row Row) (map[string]customer.Code, error) {
	all := slices.Concat(row.Envelope.To, row.Envelope.Cc, row.Envelope.Bcc)
	switch stopped, err := l.stopped(ctx, row); {
	case err != nil:
		return nil, err
	case !stopped.IsZero():
		return map[string]customer.Code{row.first(): customer.CodeStopped}, nil
	}
	if len(all) < 2 {
		return nil, nil // Reach has been asked about it
	}
	all = slices.DeleteFunc(all, func(a channels.Address) bool { return row.Envelope.IsDone(a.Value) })
	return l.book.Objections(ctx, l.db, row.Kind, row.Account, row.Purpose, row.Envelope.List, all)
}
