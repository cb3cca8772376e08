package agentui

import (
	"slices"

	"sportello/agentui/wire"
	"sportello/inbox"
	"sportello/router/roster"
)

// The words that a person may choose from.
var (
	dispositions = []string{"resolved", "no_answer", "spam", "duplicate", "other"}
	declines     = []string{"busy", "not_mine", "language", "break", "other"}
)

// take pulls a conversation from its queue.
func (s *Server) take(c *call) (any, error) {
	return s.command(c, func() (any, error) {
		conv, err := s.permitted(c, verbTake)
		if err != nil {
			return nil, err
		}
		if conv.Assignee == c.me.ID {
			return conv, nil
		}
		return s.Router.Take(c.ctx, conv.ID, c.me.ID)
	})
}

// reopen opens a closed conversation again.
func (s *Server) reopen(c *call) (any, error) {
	return s.command(c, func() (any, error) {
		conv, err := s.permitted(c, verbReopen)
		if err != nil {
			return nil, err
		}
		return s.Ledger.Reopen(c.ctx, inbox.ReopenCmd{Conversation: conv.ID, Actor: inbox.ActorOf(c.me.ID), Reason: "agent"})
	})
}

// acceptOffer takes an offered conversation.
func (s *Server) acceptOffer(c *call) (any, error) {
	return s.command(c, func() (any, error) { return s.Router.AcceptOffer(c.ctx, c.r.PathValue("id"), c.me.ID) })
}

// command is once for commands that carry nothing but their id.
func (s *Server) command(c *call, do func() (any, error)) (any, error) {
	var in wire.Command
	if err := c.decode(&in); err != nil {
		return nil, err
	}
	if err := clientID(in.ClientID); err != nil {
		return nil, err
	}
	return s.repeats.once(c, in.ClientID, do)
}

// declineOffer refuses an offered conversation.
func (s *Server) declineOffer(c *call) (any, error) {
	var in wire.Decline
	if err := c.decode(&in); err != nil {
		return nil, err
	}
	if err := clientID(in.ClientID); err != nil {
		return nil, err
	}
	if !slices.Contains(declines, in.Reason) {
		return nil, invalid("reason", "format")
	}
	return s.repeats.once(c, in.ClientID, func() (any, error) {
		return nil, s.Router.DeclineOffer(c.ctx, c.r.PathValue("id"), c.me.ID, in.Reason)
	})
}

// transfer passes a conversation on.
func (s *Server) transfer(c *call) (any, error) {
	var in wire.Transfer
	if err := c.decode(&in); err != nil {
		return nil, err
	}
	if err := clientID(in.ClientID); err != nil {
		return nil, err
	}
	if err := text("note", in.Note, false, mostText); err != nil {
		return nil, err
	}
	return s.repeats.once(c, in.ClientID, func() (any, error) {
		conv, err := s.permitted(c, verbTransfer)
		if err != nil {
			return nil, err
		}
		if err := s.checkTarget(c, in); err != nil {
			return nil, err
		}
		return s.Ledger.Transfer(c.ctx, inbox.TransferCmd{
			Conversation: conv.ID, Actor: inbox.ActorOf(c.me.ID), ActorName: c.me.Name, ToQueue: in.Queue, ToAgent: in.Agent,
			Note: in.Note, Reason: "transfer", AsManager: manages(c.me),
		})
	})
}

// checkTarget refuses to pass a conversation on to nobody.
func (s *Server) checkTarget(c *call, in wire.Transfer) error {
	if (in.Queue == "") == (in.Agent == "") {
		return invalid("queue", "required") // one of the two
	}
	if in.Agent != "" {
		to, err := s.Roster.Agent(c.ctx, in.Agent)
		if err == nil && !to.DisabledAt.IsZero() {
			err = roster.ErrUnknown
		}
		return err
	}
	queues, err := s.Roster.Queues(c.ctx)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(queues, func(q roster.Queue) bool { return q.ID == in.Queue }) {
		return invalid("queue", "unknown_queue")
	}
	return nil
}

// close ends a conversation.
func (s *Server) close(c *call) (any, error) {
	var in wire.Close
	if err := c.decode(&in); err != nil {
		return nil, err
	}
	if err := clientID(in.ClientID); err != nil {
		return nil, err
	}
	if !slices.Contains(dispositions, in.Disposition) {
		return nil, invalid("disposition", "format")
	}
	if err := text("note", in.Note, false, mostText); err != nil {
		return nil, err
	}
	return s.repeats.once(c, in.ClientID, func() (any, error) {
		conv, err := s.permitted(c, verbClose)
		if err != nil {
			return nil, err
		}
		return s.Ledger.Close(c.ctx, inbox.CloseCmd{
			Conversation: conv.ID, Actor: inbox.ActorOf(c.me.ID), ActorName: c.me.Name, Disposition: in.Disposition, Note: in.Note,
			AsManager: manages(c.me), SeenSeq: in.SeenSeq,
		})
	})
}
