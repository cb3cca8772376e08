package inbox

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"sportello/channels"
	"sportello/channels/chat"
)

var _ chat.Record = (*Ledger)(nil)

// The bounds of a Talk: a longer gap is answered with a snapshot of the newest lines.
const (
	mostLines    = 500
	snapshotSize = 200
	mostBrought  = 50
)

// Talk is what a chat visitor may see of his current conversation: what he wrote in the chat, and what was sent to him by chat or was
// meant for the chat and went another way. Never notes, never what he wrote on other channels, nothing that has not passed the gate.
// An epoch that is not the current conversation, or a gap that is too large, is answered with a snapshot. While a message waits at the
// gate, LastSeq stays before it, so that lines after it may be returned twice, and none is passed over.
//
// Where his conversation was merged into another, he talks in that one. A snapshot of it begins with the newest lines of what was merged
// into it, all at position 1, which no line of its own has.
func (l *Ledger) Talk(ctx context.Context, account channels.AccountID, visitor, epoch string, after int64) (chat.Talk, error) {
	talk, err := l.talk(ctx, account, visitor, epoch, after)
	if err != nil {
		return chat.Talk{}, fmt.Errorf("read talk: %w", err)
	}
	return talk, nil
}

func (l *Ledger) talk(ctx context.Context, account channels.AccountID, visitor, epoch string, after int64) (chat.Talk, error) {
	v, err := readConversation(ctx, l.db, `WHERE (SELECT m.id FROM message m
			WHERE m.conversation_id = v.id AND m.kind = $1 AND m.account_id = $2 AND m.peer = $3 LIMIT 1) IS NOT NULL
			AND v.customer_id = (SELECT i.customer_id FROM identity i WHERE i.kind = $1 AND i.value = $3 AND i.owner = 1)
		ORDER BY CASE WHEN v.state = 'closed' THEN 1 ELSE 0 END, v.created_at DESC, v.id DESC LIMIT 1`,
		string(channels.Chat), string(account), visitor)
	if errors.Is(err, ErrNotFound) {
		return chat.Talk{}, nil
	}
	if err != nil {
		return chat.Talk{}, err
	}
	if v.MergedInto != "" {
		if v, err = l.livingNow(ctx, v); err != nil {
			return chat.Talk{}, err
		}
	}
	talk := chat.Talk{Epoch: string(v.ID), Open: v.State != Closed, LastSeq: after}
	var lines []visible
	if epoch == talk.Epoch {
		lines, err = l.lines(ctx, v.ID, account, visitor, after, `ASC`, mostLines+1)
	}
	if err == nil && (epoch != talk.Epoch || len(lines) > mostLines) {
		talk.Reset, talk.LastSeq = true, 0
		lines, err = l.lines(ctx, v.ID, account, visitor, 0, `DESC`, snapshotSize)
		slices.Reverse(lines)
		if err == nil {
			talk.Lines, err = l.brought(ctx, v.ID, account, visitor)
			talk.LastSeq = int64(min(len(talk.Lines), 1))
		}
	}
	if err != nil {
		return chat.Talk{}, err
	}
	for _, m := range lines {
		talk.Lines = append(talk.Lines, m.line(visitor))
		upto := m.Seq
		if m.gate > 0 {
			upto = min(upto, m.gate-1)
		}
		talk.LastSeq = max(talk.LastSeq, upto)
	}
	return talk, nil
}

// livingNow reads the conversation in which a merged one goes on.
func (l *Ledger) livingNow(ctx context.Context, v Conversation) (Conversation, error) {
	id, err := endOf(ctx, l.db, v.MergedInto)
	if err != nil {
		return Conversation{}, err
	}
	return l.Conversation(ctx, id)
}

// brought are the newest lines of what was merged into a conversation, oldest first.
func (l *Ledger) brought(ctx context.Context, id ConversationID, account channels.AccountID, visitor string) ([]chat.Line, error) {
	family, err := familyOf(ctx, l.db, id)
	if err != nil {
		return nil, err
	}
	var all []chat.Line
	for _, member := range family[1:] {
		lines, err := l.lines(ctx, member, account, visitor, 0, `DESC`, mostBrought)
		if err != nil {
			return nil, err
		}
		for _, m := range slices.Backward(lines) {
			all = append(all, m.line(visitor))
		}
	}
	slices.SortStableFunc(all, func(a, b chat.Line) int { return a.At.Compare(b.At) })
	all = all[max(0, len(all)-mostBrought):]
	for i := range all {
		all[i].Seq = 1
	}
	return all, nil
}

// visible is a message with the outbox row that took it out. gate is the position of the first message that still waits at the
// gate, or 0: a reader's position must not pass it, or he would not be given that message later.
type visible struct {
	stored
	row  string
	gate int64
}

func (l *Ledger) lines(ctx context.Context, id ConversationID, account channels.AccountID, visitor string, after int64, order string,
	limit int,
) ([]visible, error) {
	return list(ctx, l.db, func(row scanner) (v visible, err error) {
		v.stored, err = scanMessage(withMore{row, []any{&v.row, &v.gate}})
		return v, err
	}, `SELECT `+messageColumns+`, COALESCE((SELECT o.id FROM outbox o WHERE o.message_id = m.id AND o.kind = $5), ''),
			COALESCE((SELECT MIN(q.seq) FROM message q WHERE q.conversation_id = $1 AND q.direction = 'out' AND q.state = 'queued'
				AND (q.kind = $5 OR q.asked_kind = $5)), 0)
		FROM message m WHERE m.conversation_id = $1 AND m.seq > $2 AND (
			(m.direction = 'in' AND m.kind = $5 AND m.account_id = $3 AND m.peer = $4)
			OR (m.direction = 'out' AND (m.kind = $5 OR m.asked_kind = $5) AND m.state IN ('sending', 'sent', 'delivered', 'read', 'unknown')))
		ORDER BY m.seq `+order+` LIMIT $6`, string(id), after, string(account), visitor, string(channels.Chat), limit)
}

// withMore scans further columns after those of a message.
type withMore struct {
	scanner
	more []any
}

// Scan scans into the columns of a message and the further ones.
func (w withMore) Scan(into ...any) error { return w.scanner.Scan(append(into, w.more...)...) }

func (v visible) line(visitor string) chat.Line {
	line := chat.Line{Seq: v.Seq, ID: string(v.ID), Text: v.Text, At: v.At, Parts: v.Parts, From: chat.FromVisitor}
	if v.Direction == In {
		line.ClientID = strings.TrimPrefix(v.external, visitor+":")
		return line
	}
	line.From, line.Outbox, line.Name, line.State = chat.FromAgent, v.row, v.Author.Name, v.State
	if v.Auto != channels.AutoNone || v.Author.Kind == "system" {
		line.From = chat.FromSystem
	}
	return line
}
