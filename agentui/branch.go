package agentui

import (
	"context"

	"sportello/channels"
	"sportello/inbox"
)

// Original reads the mail that a message passes on, from its raw form. ok is false when there is none.
type Original func(ctx context.Context, m inbox.Message) (in channels.Inbound, ok bool, err error)

// branch begins a conversation with the sender of a mail that was passed on (E-25). Whoever may move the conversation may do so.
func (s *Server) branch(c *call) (any, error) {
	return s.command(c, func() (any, error) {
		m, err := s.message(c)
		if err != nil {
			return nil, err
		}
		conv, err := s.Ledger.Conversation(c.ctx, m.Conversation)
		if err != nil {
			return nil, err
		}
		if err := allow(c.me, verbTransfer, conv); err != nil {
			return nil, err
		}
		if m.Raw == "" || m.Details.Forward == nil || s.Original == nil {
			return nil, errNotFound
		}
		in, ok, err := s.Original(c.ctx, m)
		if err != nil {
			return nil, err
		}
		if !ok {
			return nil, errNotFound
		}
		return s.Ledger.Branch(c.ctx, inbox.BranchCmd{Message: m.ID, Original: in, Agent: c.me.ID})
	})
}
