package inbox

// A mail that somebody passes on begins, if an agent wishes, a conversation with the one who wrote it (E-25). The invariants:
//
//   - It is begun once for each mail, whoever asks and however often: its first message bears an id made of that mail's.
//   - Nothing vouches for the original, and nothing is sent or acknowledged by itself: whoever passes it on may have written it.
//   - Each of the two conversations names the other: the new one by Previous, the old one by the event.

import (
	"context"
	"database/sql"
	"fmt"

	"sportello/channels"
	"sportello/inbox/db"
	"sportello/inbox/journal"
)

// BranchCmd begins a conversation with the sender of a mail that is passed on.
type BranchCmd struct {
	Message  MessageID        // that passes it on
	Original channels.Inbound // as it was read, with sender
	Agent    AgentID
}

// Branch begins a conversation whose first message is a mail that was passed on. The second time it returns the same conversation as it
// is by then. A sender who is ourselves, or nobody, is ErrRecipient.
func (l *Ledger) Branch(ctx context.Context, cmd BranchCmd) (Conversation, error) {
	in := clean(cmd.Original)
	in.External, in.Proof, in.Auto, in.Outgoing, in.Claims = "original:"+string(cmd.Message), channels.ProofNone, channels.AutoNone, false, nil
	var c Conversation
	branch := func() error {
		return l.db.Tx(ctx, func(tx *sql.Tx) (err error) {
			if err := l.book.Lock(ctx, tx, in); err != nil {
				return err
			}
			c, err = l.branch(ctx, tx, cmd, in)
			return err
		})
	}
	err := branch()
	if db.IsUnique(err) { // somebody else did so at the same time
		err = branch()
	}
	if err != nil {
		return Conversation{}, fmt.Errorf("begin conversation from message %s: %w", cmd.Message, err)
	}
	return c, nil
}

func (l *Ledger) branch(ctx context.Context, tx *sql.Tx, cmd BranchCmd, in channels.Inbound) (Conversation, error) {
	from, err := readMessage(ctx, tx, `WHERE m.id = $1`, string(cmd.Message))
	if err != nil {
		return Conversation{}, err
	}
	if from.Kind != channels.Email || from.Direction != In {
		return Conversation{}, ErrState
	}
	in.Account, in.Kind = from.Account, from.Kind
	if in.From.IsZero() || l.isOwn(in.From) {
		return Conversation{}, ErrRecipient
	}
	old, err := l.turn(ctx, tx, from.Conversation)
	if err != nil {
		return Conversation{}, err
	}
	known, err := duplicate(ctx, tx, in)
	if err != nil {
		return Conversation{}, err
	}
	if known != nil {
		return readConversation(ctx, tx, `WHERE v.id = $1`, known.Conversation)
	}
	who, err := l.book.Resolve(ctx, tx, in)
	if err != nil {
		return Conversation{}, err
	}
	begun, err := l.openTurn(ctx, tx, in, &match{Conversation: old.c}, who.Customer)
	if err != nil {
		return Conversation{}, err
	}
	if err := begun.receive(&acceptance{in: in}); err != nil {
		return Conversation{}, err
	}
	if err := old.tell(journal.Branched, ActorOf(cmd.Agent), Change{Related: &Related{ID: begun.c.ID, Number: begun.c.Number, Of: from.ID}}); err != nil {
		return Conversation{}, err
	}
	return begun.c, flush(ctx, begun, old)
}
