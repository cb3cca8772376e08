package agentui

import (
	"net/http"
	"slices"

	"sportello/agentui/wire"
	"sportello/channels"
	"sportello/inbox"
	"sportello/inbox/customer"
)

// mostText bounds what an agent writes, in bytes.
const mostText = 64 << 10

// reply writes to the customer by the channel that Reach chooses, or by the one that the agent chose.
func (s *Server) reply(c *call) (any, error) {
	var in wire.Reply
	if err := c.decode(&in); err != nil {
		return nil, err
	}
	if err := checkReply(in); err != nil {
		return nil, err
	}
	return s.repeats.once(c, in.ClientID, func() (any, error) {
		conv, who, err := s.known(c, verbReply)
		if err != nil {
			return nil, err
		}
		verdict, err := s.ask(c.ctx, conv, who, in.Kind)
		if err != nil {
			return nil, err
		}
		option, ok := choice(verdict, in.Kind)
		if !ok {
			return nil, &refusal{status: http.StatusUnprocessableEntity, code: "refused", body: wire.ReplyResult{Refused: &verdict}}
		}
		cmd := inbox.ReplyCmd{
			Conversation: conv.ID, Agent: c.me.ID, AgentName: c.me.PublicName, ClientID: in.ClientID, SeenSeq: in.SeenSeq, Text: in.Text,
			Kind: option.Kind, Account: option.Account, Address: option.Address, Pinned: in.Kind != "", Verdict: verdict,
			Force: in.Force, AsManager: manages(c.me),
		}
		if err := s.address(c, &cmd, in); err != nil {
			return nil, err
		}
		done, err := s.Ledger.Reply(c.ctx, cmd)
		if err != nil {
			return nil, err
		}
		return wire.ReplyResult{Done: &done, CancelUntil: s.Ledger.CancelUntil(done)}, nil
	})
}

func checkReply(in wire.Reply) error {
	if err := clientID(in.ClientID); err != nil {
		return err
	}
	if in.Kind != "" && !slices.Contains(channels.Kinds(), in.Kind) {
		return invalid("kind", "format")
	}
	if in.SeenSeq < 0 {
		return invalid("seen_seq", "range")
	}
	return text("text", in.Text, len(in.Files) == 0, mostText)
}

// choice is the channel a reply takes. One that cannot be used only now (quiet hours, the provider is down) will do when there is no
// other: the dispatcher holds the message until it can.
func choice(v customer.Verdict, pinned channels.Kind) (customer.Option, bool) {
	if o, ok := v.Pick(); ok {
		return o, true
	}
	for _, o := range v.Options {
		if (pinned == "" || o.Kind == pinned) && !o.Usable && o.Address != "" && len(o.Codes) > 0 &&
			(o.Codes[0] == customer.CodeQuietHours || o.Codes[0] == customer.CodeProviderDown) {
			return o, true
		}
	}
	return customer.Option{}, false
}

// note leaves a note for colleagues.
func (s *Server) note(c *call) (any, error) {
	var in wire.Note
	if err := c.decode(&in); err != nil {
		return nil, err
	}
	if err := clientID(in.ClientID); err != nil {
		return nil, err
	}
	if err := text("text", in.Text, true, mostText); err != nil {
		return nil, err
	}
	conv, err := s.permitted(c, verbNote)
	if err != nil {
		return nil, err
	}
	return s.Ledger.Note(c.ctx, inbox.NoteCmd{
		Conversation: conv.ID, Agent: c.me.ID, AgentName: c.me.Name, ClientID: in.ClientID, Text: in.Text,
	})
}
