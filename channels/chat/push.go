package chat

import (
	"context"
	"encoding/json"
	"fmt"

	"sportello/channels"
)

// Push is what travels over the Bus to every connection of one visitor.
type Push struct {
	Kind  string `json:"kind"`            // PushLine, PushTyping, PushSeen or PushTalk
	Epoch string `json:"epoch,omitempty"` // the conversation
	Line  *Line  `json:"line,omitempty"`  // PushLine; one without ID says only that there is a line
	Since int64  `json:"since,omitempty"` // PushLine: since this position there is no other message before the line; 0 if not known
	Seq   int64  `json:"seq,omitempty"`   // PushSeen: an agent has seen everything up to here
	Name  string `json:"name,omitempty"`  // PushTyping: the agent's public name
}

// The kinds of push.
const (
	PushLine   = "line"   // a line was committed
	PushTyping = "typing" // an agent types; sent at most every three seconds, shown for six (C-09)
	PushSeen   = "seen"   // an agent has seen the visitor's messages (C-10)
	PushTalk   = "talk"   // the conversation was opened, closed or changed: look again
)

// Topic is the bus topic of one visitor.
func Topic(account channels.AccountID, visitor string) string {
	return "visitor:" + string(account) + ":" + visitor
}

// Publish sends a push to every connection of a visitor, on every node.
func Publish(ctx context.Context, bus Bus, account channels.AccountID, visitor string, p Push) error {
	b, err := json.Marshal(p)
	if err != nil {
		return fmt.Errorf("encode chat push: %w", err)
	}
	if err := bus.Publish(ctx, Topic(account, visitor), b); err != nil {
		return fmt.Errorf("publish chat push %s: %w", p.Kind, err)
	}
	return nil
}
