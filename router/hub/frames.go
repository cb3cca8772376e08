// Package hub holds the agents' websockets: it announces them to the live inbox, follows the feed once per gateway, gives each socket
// what its agent may see, and resumes a returning socket from its position.
//
// It never changes a conversation: commands come by HTTP (agentui). Its Run is started by cmd/gateway.
package hub

import (
	"strconv"

	"sportello/inbox"
	"sportello/inbox/live"
)

// The frames of an agent's websocket, JSON text, one object each, told apart by T. The server's come in the order of their position.
// All times in them are RFC 3339 in UTC. Every server frame carries the server's clock in At, milliseconds since 1970.

// The values of T.
const (
	// from the client
	FrameHello  = "hello"  // first frame: where the client stands (Hello)
	FrameAck    = "ack"    // the last position the client has applied (Ack); at least every 5 s, so that a half-open socket is found
	FrameTyping = "typing" // the agent types in a conversation (Typing)
	FrameView   = "view"   // the agent looks at a conversation, "" for none (View)

	// from the server
	FrameWelcome = "welcome" // answers hello (Welcome)
	FrameEntry   = "entry"   // one entry of the feed (EntryFrame)
	FramePing    = "ping"    // every 5 s, also as the clock; the client answers with ack
	FrameSignal  = "signal"  // typing and viewing of others, unnumbered, never replayed (Signal)
)

// Hello opens a connection. An empty Epoch, or one that cannot be served, is answered with Welcome.Reset.
type Hello struct {
	T      string `json:"t"`
	Epoch  string `json:"epoch"`
	Offset int64  `json:"offset"`
	Tab    string `json:"tab"` // a random id of the browser tab
}

// Ack says what the client has applied.
type Ack struct {
	T      string `json:"t"`
	Offset int64  `json:"offset"`
}

// Typing is sent at most every 3 s and counts for 6 s.
type Typing struct {
	T            string               `json:"t"`
	Conversation inbox.ConversationID `json:"conversation"`
	Note         bool                 `json:"note"` // in the note box: not shown to the customer
}

// View says which conversation is on the screen.
type View struct {
	T            string               `json:"t"`
	Conversation inbox.ConversationID `json:"conversation"`
}

// Welcome says that the feed follows from the position asked for, or, with Reset, that the client must load GET /api/work first and
// send a hello with the position found there.
type Welcome struct {
	T      string `json:"t"`
	At     int64  `json:"at"`
	Epoch  string `json:"epoch"`
	Offset int64  `json:"offset"` // the head of the feed
	Reset  bool   `json:"reset"`
}

// EntryFrame is one entry of the feed that this agent may see.
type EntryFrame struct {
	T     string     `json:"t"`
	At    int64      `json:"at"`
	Entry live.Entry `json:"entry"`
}

// Ping carries the head of what this socket has been sent, so that the client knows that it missed nothing.
type Ping struct {
	T      string `json:"t"`
	At     int64  `json:"at"`
	Offset int64  `json:"offset"`
}

// encode is what json.Marshal makes of it. Every socket is sent one every 5 s.
func (p Ping) encode() []byte {
	data := make([]byte, 0, 64)
	data = append(append(append(data, `{"t":"`...), p.T...), `","at":`...)
	data = append(strconv.AppendInt(data, p.At, 10), `,"offset":`...)
	return append(strconv.AppendInt(data, p.Offset, 10), '}')
}

// Signal is a passing sign of somebody else in a conversation that this agent may see.
type Signal struct {
	T            string               `json:"t"`
	At           int64                `json:"at"`
	Conversation inbox.ConversationID `json:"conversation"`
	What         string               `json:"what"` // typing, viewing, left
	Who          string               `json:"who"`  // "customer" or an agent's id
	Name         string               `json:"name"`
	Note         bool                 `json:"note,omitempty"`
}
