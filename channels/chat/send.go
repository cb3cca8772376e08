package chat

import (
	"context"

	"sportello/channels"
)

var _ channels.Sender = (*Server)(nil)

// Send implements channels.Sender. A visitor who is connected to no node is a Temporary fault with CodeGone, so that the dispatcher can
// try again or take another channel. Otherwise the line is pushed to all his connections and is StateSent; the widget's own
// acknowledgements settle it as delivered and read. Sending twice shows one line: the widget knows it by its id.
func (s *Server) Send(ctx context.Context, out channels.Outbound) (channels.Sent, error) {
	if s.accounts[out.Account] == nil {
		return channels.Sent{}, &channels.Fault{Class: channels.Permanent, Code: channels.CodeConfig, Detail: "no such chat account"}
	}
	if len(out.To) != 1 || out.To[0].Kind != channels.Chat || len(out.To[0].Value) != 32 {
		return channels.Sent{}, &channels.Fault{Class: channels.Permanent, Code: channels.CodeBadAddress, Detail: "not a visitor"}
	}
	visitor := out.To[0].Value
	here, err := s.here(ctx, out.Account, visitor)
	if err != nil {
		return channels.Sent{}, &channels.Fault{Class: channels.Temporary, Code: channels.CodeNetwork, Detail: "presence is not known", Err: err}
	}
	if !here {
		return channels.Sent{}, &channels.Fault{Class: channels.Temporary, Code: channels.CodeGone, Detail: "the visitor is not connected"}
	}
	line := Line{
		Seq: out.Seq, ID: out.Message, Outbox: out.ID, From: FromAgent, Name: out.From.Name, Text: out.Text,
		At: out.At, State: channels.StateSent, Parts: out.Parts,
	}
	if out.Auto != channels.AutoNone {
		line.From = FromSystem
	}
	push := Push{Kind: PushLine, Epoch: out.Conversation, Line: &line, Since: out.Since}
	if err := Publish(ctx, s.deps.Bus, out.Account, visitor, push); err != nil {
		return channels.Sent{}, &channels.Fault{Class: channels.Temporary, Code: channels.CodeNetwork, Detail: "not pushed", Err: err}
	}
	return channels.Sent{External: out.Message, State: channels.StateSent}, nil
}

// here reports whether a visitor is connected to any node. Of those who are connected to this one nobody need be asked.
func (s *Server) here(ctx context.Context, account channels.AccountID, visitor string) (bool, error) {
	s.mu.Lock()
	own := s.perID[keyOf(account, visitor)] > 0
	s.mu.Unlock()
	if own {
		return true, nil
	}
	return s.deps.Presence.Present(ctx, account, visitor)
}
