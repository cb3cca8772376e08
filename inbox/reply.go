package inbox

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"sportello/channels"
	"sportello/inbox/customer"
	"sportello/inbox/db"
	"sportello/inbox/journal"
)

// Reply takes an agent's reply: the message, its row in the outbox with the envelope frozen (REQ-OUT1), and the event, in one
// transaction. The same ClientID of the same agent a second time returns the first message. If he has not seen something that
// matters, nothing is taken and the error is a *Held. HTML must have been sanitised.
func (l *Ledger) Reply(ctx context.Context, cmd ReplyCmd) (Message, error) {
	cmd.Text, cmd.HTML = storable(cmd.Text), storable(cmd.HTML)
	if mayGoTogether(cmd) {
		o, err := l.acts.Pass(ctx, act{reply: &cmd}, l.together)
		if o.reply != nil || err != nil {
			return deref(o.reply).Message, err
		}
	}
	m, err := l.written(ctx, cmd.Conversation, cmd.Agent, cmd.ClientID, func(t *turn) (stored, error) {
		if err := l.mayReply(ctx, t, cmd); err != nil {
			return stored{}, err
		}
		return l.reply(ctx, t, cmd, nil)
	})
	if err != nil {
		return Message{}, fmt.Errorf("reply in conversation %s: %w", cmd.Conversation, err)
	}
	return m, nil
}

// Note takes an internal note. Any agent may write one, also in a closed conversation. The same ClientID of the same agent a second
// time returns the first note.
func (l *Ledger) Note(ctx context.Context, cmd NoteCmd) (Message, error) {
	cmd.Text = storable(cmd.Text)
	m, err := l.written(ctx, cmd.Conversation, cmd.Agent, cmd.ClientID, func(t *turn) (stored, error) {
		if strings.TrimSpace(cmd.Text) == "" && len(cmd.Parts) == 0 {
			return stored{}, ErrEmpty
		}
		return t.say(journal.Noted, ActorOf(cmd.Agent), stored{Message: Message{
			Direction: Note, ClientID: cmd.ClientID, Text: cmd.Text, Parts: cmd.Parts,
			Author: Author{Kind: "agent", ID: string(cmd.Agent), Name: cmd.AgentName},
		}})
	})
	if err != nil {
		return Message{}, fmt.Errorf("note in conversation %s: %w", cmd.Conversation, err)
	}
	return m, nil
}

// written runs a verb that writes a message, once for each client id of its author.
func (l *Ledger) written(ctx context.Context, id ConversationID, agent AgentID, client string, write func(*turn) (stored, error)) (Message, error) {
	var m stored
	verb := func(t *turn) (err error) {
		m, err = byClient(ctx, t.tx, agent, client)
		if err == nil || !errors.Is(err, ErrNotFound) {
			return err
		}
		m, err = write(t)
		return err
	}
	_, err := l.change(ctx, id, verb)
	if db.IsUnique(err) { // the same client id at the same time in another conversation
		m, err = byClient(ctx, l.db, agent, client)
	}
	return m.Message, err
}

func byClient(ctx context.Context, q db.Querier, agent AgentID, client string) (stored, error) {
	if client == "" {
		return stored{}, ErrNotFound
	}
	return readMessage(ctx, q, `WHERE m.author_id = $1 AND m.client_id = $2`, string(agent), client)
}

func (l *Ledger) mayReply(ctx context.Context, t *turn, cmd ReplyCmd) error {
	if strings.TrimSpace(cmd.Text) == "" && len(cmd.Parts) == 0 {
		return ErrEmpty
	}
	if t.c.State == Closed {
		return t.c.ended()
	}
	if t.c.Assignee != cmd.Agent && !cmd.AsManager {
		return Refused{Code: "not_yours", Agent: t.c.Assignee}
	}
	if err := l.mayReceive(ctx, t, cmd); err != nil {
		return err
	}
	if cmd.Force {
		return nil
	}
	return unseen(ctx, t, cmd)
}

// unseen holds a reply whose author has not seen what a colleague wrote, or, for a mail, what the customer wrote since.
func unseen(ctx context.Context, t *turn, cmd ReplyCmd) error {
	all, err := messages(ctx, t.tx, `WHERE m.conversation_id = $1 AND m.seq > $2 AND (
			(m.author_kind = 'agent' AND m.author_id <> $3) OR (m.direction = 'in' AND m.auto = '' AND $4 = 1))
		ORDER BY m.seq LIMIT 50`, string(t.c.ID), cmd.SeenSeq, string(cmd.Agent), b2i(cmd.Kind == channels.Email))
	if err != nil || len(all) == 0 {
		return err
	}
	reason := "customer_wrote"
	if slices.ContainsFunc(all, func(m Message) bool { return m.Direction != In }) {
		reason = "colleague_wrote"
	}
	return &Held{Reason: reason, Messages: all}
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

// reply writes the message and its outbox row. With express the row is begun already.
func (l *Ledger) reply(ctx context.Context, t *turn, cmd ReplyCmd, express *Express) (stored, error) {
	to := customer.Option{Kind: cmd.Kind, Account: cmd.Account, Address: cmd.main().Value}
	m := stored{peer: to.Address, Message: Message{
		Direction: Out, Kind: cmd.Kind, Account: cmd.Account, ClientID: cmd.ClientID, State: channels.StateQueued,
		Author: Author{Kind: "agent", ID: string(cmd.Agent), Name: cmd.AgentName}, Text: cmd.Text, HTML: cmd.HTML, Parts: cmd.Parts,
	}}
	if express != nil {
		m.State = channels.StateSending
	}
	row, err := newID()
	if err != nil {
		return stored{}, err
	}
	env, err := l.compose(ctx, t.tx, t.c, m.Message, row, to)
	if err != nil {
		return stored{}, err
	}
	if cmd.Kind == channels.Email {
		l.address(&env, t.c, cmd)
	}
	t.c.LastOutAt, t.c.WaitingSince = t.at, time.Time{}
	env.Since = t.c.LastMessageSeq + 1
	out := Row{ID: row, Class: ClassReply, Pinned: cmd.Pinned, Envelope: env, DueAt: l.leaves(cmd.Kind, t.at), Verdict: cmd.Verdict}
	if express != nil {
		out = express.begin(out, t.at)
	}
	return t.post(ActorOf(cmd.Agent), m, out)
}

// post says a message that leaves, and puts its row into the outbox. Of the row, what the message and the conversation tell need not be
// filled in; the message is given whom its envelope names.
func (t *turn) post(actor journal.Actor, m stored, row Row) (stored, error) {
	env := row.Envelope
	m.From, m.To, m.Cc, m.Subject, m.Details.Bcc = env.From, env.To, env.Cc, env.Subject, env.Bcc
	m, err := t.say(journal.Replied, actor, m)
	if err != nil {
		return stored{}, err
	}
	env.Message, env.Seq, env.At = string(m.ID), m.Seq, m.At
	if env.Kind == channels.Email {
		t.refs = append(t.refs, ref{id: env.Thread.MessageID, conversation: t.c.ID, message: m.ID, ours: true})
	}
	row.Message, row.Conversation, row.Customer, row.Kind, row.Account = m.ID, t.c.ID, t.c.Customer, m.Kind, m.Account
	row.Purpose, row.Envelope, row.State, row.CreatedAt = cmp.Or(row.Purpose, customer.Service), env, m.State, t.at
	t.rows = append(t.rows, row)
	return m, nil
}

// conversationRefs are the ids of the mails of conversations, oldest first, with the customer's last one by itself.
func conversationRefs(ctx context.Context, tx *sql.Tx, ids []ConversationID) (all []string, lastIn string, err error) {
	places, args := marks(ids)
	refs, err := list(ctx, tx, func(row scanner) (r ref, err error) { return r, row.Scan(&r.id, &r.ours) },
		`SELECT r.ref, r.ours FROM mail_ref r JOIN message m ON m.id = r.message_id WHERE r.conversation_id IN (`+places+`)
			AND m.state <> 'canceled' ORDER BY m.at, m.seq`, args...)
	for _, r := range refs {
		if !slices.Contains(all, r.id) {
			all = append(all, r.id)
		}
		if !r.ours {
			lastIn = r.id
		}
	}
	return all, lastIn, err
}
