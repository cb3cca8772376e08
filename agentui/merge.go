package agentui

import (
	"sportello/agentui/wire"
	"sportello/inbox"
)

// merge has a conversation go on in another one of the same customer (E-24). Whoever may move it may do so.
func (s *Server) merge(c *call) (any, error) {
	var in wire.Merge
	if err := c.decode(&in); err != nil {
		return nil, err
	}
	if err := clientID(in.ClientID); err != nil {
		return nil, err
	}
	into, err := pathID(string(in.Into))
	if err != nil {
		return nil, invalid("into", "format")
	}
	return s.repeats.once(c, in.ClientID, func() (any, error) {
		conv, err := s.permitted(c, verbTransfer)
		if err != nil {
			return nil, err
		}
		return s.Ledger.Merge(c.ctx, inbox.MergeCmd{
			Conversation: conv.ID, Into: inbox.ConversationID(into), Agent: c.me.ID, AsManager: manages(c.me),
		})
	})
}

// split undoes a merge. Whoever might open the conversation again, and whoever has the one where it goes on, may do so.
func (s *Server) split(c *call) (any, error) {
	return s.command(c, func() (any, error) {
		conv, err := s.conversation(c)
		if err != nil {
			return nil, err
		}
		if !may(c.me, verbReopen, conv) {
			if conv.MergedInto == "" {
				return nil, errForbidden
			}
			into, err := s.Ledger.Conversation(c.ctx, conv.MergedInto)
			if err != nil {
				return nil, err
			}
			if err := allow(c.me, verbTransfer, into); err != nil {
				return nil, err
			}
		}
		return s.Ledger.Split(c.ctx, inbox.SplitCmd{Conversation: conv.ID, Agent: c.me.ID})
	})
}
