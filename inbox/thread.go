package inbox

// To which conversation does a message belong? The invariants:
//
//   - A match needs proof (REQ-TH2): our own signed reply token, or a reference to a mail of the conversation, or its number in the
//     subject, from somebody who takes part in it. Without proof the message begins a conversation of its own, which names the other as
//     its Previous.
//   - Empty and malformed ids match nothing (REQ-TH1); ids are compared byte by byte.
//   - A number in a subject can be guessed: it counts only when nothing else was found, and never from an address that fails DMARC. That
//     somebody writes from the domain of one who takes part is not enough: half the world shares a few domains.
//   - A bounce and a complaint match only by a Message-ID of ours, which nobody knows but the recipients' servers.

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"sportello/channels"
	"sportello/inbox/customer"
)

// mostRefs is how many ids of one message are looked up.
const mostRefs = 50

// match is a conversation that a message refers to.
type match struct {
	Conversation
	proved bool   // the message may enter it
	rule   string // channels.Details.Matched
}

// threadOf finds the conversation that a message refers to by token, by reference or by number, nil when there is none.
func (l *Ledger) threadOf(ctx context.Context, tx *sql.Tx, in channels.Inbound) (*match, error) {
	var related *match
	for _, find := range []func(context.Context, *sql.Tx, channels.Inbound) (*match, error){l.named, l.referenced, l.numbered} {
		m, err := find(ctx, tx, in)
		if err != nil || m != nil && m.proved {
			return m, err
		}
		if related == nil {
			related = m
		}
	}
	return related, nil
}

// named looks up reply tokens. One that has expired is worth as much as a reference.
func (l *Ledger) named(ctx context.Context, tx *sql.Tx, in channels.Inbound) (*match, error) {
	for _, token := range append([]string{in.Thread.Token}, in.Thread.OtherTokens...) {
		id, ok := readToken(l.cfg.TokenKey, replyToken, token)
		if !ok {
			continue
		}
		v, err := readConversation(ctx, tx, `WHERE v.id = $1`, string(id))
		if errors.Is(err, ErrNotFound) {
			continue
		}
		m := &match{Conversation: v, proved: true, rule: "token"}
		if err == nil && l.expired(v) {
			m.proved, err = takesPart(ctx, tx, v, in.From)
		}
		return m, err
	}
	return nil, nil
}

// expired reports whether the reply tokens of a conversation have lost their power: we wrote nothing in it for so long.
func (l *Ledger) expired(v Conversation) bool {
	last := v.CreatedAt
	if v.LastOutAt.After(last) {
		last = v.LastOutAt
	}
	return l.cfg.TokenExpires > 0 && l.clock().Sub(last) > l.cfg.TokenExpires
}

// numbered looks up the number in the subject of a mail (E-22).
func (l *Ledger) numbered(ctx context.Context, tx *sql.Tx, in channels.Inbound) (*match, error) {
	number, ok := readTag(in.Thread.Tag)
	if !ok || in.Kind != channels.Email || aboutOurs(in.Auto) {
		return nil, nil
	}
	v, err := readConversation(ctx, tx, `WHERE v.number = $1`, number)
	if errors.Is(err, ErrNotFound) {
		return nil, nil
	}
	m := &match{Conversation: v, rule: "subject"}
	if forged := in.Details.Trust != nil && in.Details.Trust.DMARC == "fail"; err == nil && !forged {
		m.proved, err = takesPart(ctx, tx, v, in.From)
	}
	return m, err
}

// referenced looks up In-Reply-To, then References from last to first (E-20). The first id with a conversation that the sender may
// enter wins; failing that, the first with any conversation is what the message is related to.
func (l *Ledger) referenced(ctx context.Context, tx *sql.Tx, in channels.Inbound) (*match, error) {
	ids := references(in.Thread)
	if len(ids) == 0 {
		return nil, nil
	}
	found, err := mailRefs(ctx, tx, ids)
	if err != nil {
		return nil, err
	}
	var related *match
	for _, id := range ids {
		for _, f := range found[id] {
			v, err := readConversation(ctx, tx, `WHERE v.id = $1`, string(f.conversation))
			if err != nil {
				return nil, err
			}
			m := &match{Conversation: v, rule: "references"}
			if slices.Contains(in.Thread.InReplyTo, id) {
				m.rule = "in_reply_to"
			}
			if aboutOurs(in.Auto) {
				m.proved = f.ours
			} else if m.proved, err = takesPart(ctx, tx, v, in.From); err != nil {
				return nil, err
			}
			if m.proved {
				return m, nil
			}
			if related == nil {
				related = m
			}
		}
	}
	return related, nil
}

// references lists the ids that a message refers to, the likeliest first, each once, none that is malformed.
func references(t channels.Thread) []string {
	ids := slices.Clone(t.InReplyTo)
	for _, id := range slices.Backward(t.References) {
		ids = append(ids, id)
	}
	seen := map[string]bool{}
	ids = slices.DeleteFunc(ids, func(id string) bool {
		drop := seen[id] || !wellFormed(id)
		seen[id] = true
		return drop
	})
	return ids[:min(len(ids), mostRefs)]
}

// wellFormed reports whether a Message-ID can name one message: something on both sides of an @, and no space in it.
func wellFormed(id string) bool {
	left, right, ok := strings.Cut(id, "@")
	return ok && left != "" && right != "" && len(id) <= 998 && !strings.Contains(right, "@") &&
		!strings.ContainsFunc(id, func(r rune) bool {
			return unicode.IsSpace(r) || unicode.IsControl(r) || r == '<' || r == '>' || r == unicode.ReplacementChar
		})
}

type foundRef struct {
	id           string
	conversation ConversationID
	ours         bool
}

// mailRefs looks ids up, the newest conversation of each first.
func mailRefs(ctx context.Context, tx *sql.Tx, ids []string) (map[string][]foundRef, error) {
	places, args := marks(ids)
	rows, err := list(ctx, tx, func(row scanner) (f foundRef, err error) { return f, row.Scan(&f.id, &f.conversation, &f.ours) },
		`SELECT ref, conversation_id, ours FROM mail_ref WHERE ref IN (`+places+`) ORDER BY conversation_id DESC`, args...)
	if err != nil {
		return nil, fmt.Errorf("look up references: %w", err)
	}
	found := map[string][]foundRef{}
	for _, f := range rows {
		found[f.id] = append(found[f.id], f)
	}
	return found, nil
}

// takesPart reports whether an address is the customer's own, or wrote, received or was copied in the conversation.
func takesPart(ctx context.Context, tx *sql.Tx, v Conversation, a channels.Address) (bool, error) {
	if a.IsZero() {
		return false, nil
	}
	var n int
	err := tx.QueryRowContext(ctx, `SELECT count(*) FROM identity WHERE customer_id = $1 AND kind = $2 AND value = $3 AND owner = 1`,
		string(v.Customer), string(a.Kind), a.Value).Scan(&n)
	if err != nil || n > 0 {
		return n > 0, err
	}
	all, err := mentioned(ctx, tx, []ConversationID{v.ID}, a.Kind)
	for _, m := range all {
		if m.peer == a.Value || slices.ContainsFunc(slices.Concat(m.To, m.Cc), func(p channels.Address) bool { return p.Value == a.Value }) {
			return true, nil
		}
	}
	return false, err
}

// current is the conversation that a channel without references goes on with: the customer's latest in which this address and this
// account of ours took part, an open one before a closed one.
func current(ctx context.Context, tx *sql.Tx, id customer.ID, in channels.Inbound) (*match, error) {
	v, err := readConversation(ctx, tx, `WHERE v.customer_id = $1 AND (SELECT m.id FROM message m
			WHERE m.conversation_id = v.id AND m.kind = $2 AND m.account_id = $3 AND m.peer = $4 LIMIT 1) IS NOT NULL
		ORDER BY CASE WHEN v.state = 'closed' THEN 1 ELSE 0 END, v.created_at DESC, v.id DESC LIMIT 1`,
		string(id), string(in.Kind), string(in.Account), in.From.Value)
	if errors.Is(err, ErrNotFound) {
		return nil, nil
	}
	return &match{Conversation: v, proved: true}, err
}
