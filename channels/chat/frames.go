package chat

import (
	"encoding/json"
	"time"

	"sportello/channels"
)

// The wire between browser and server: one JSON object per text message, its kind in "t". Unknown fields are ignored and unknown kinds
// answered with an error, so that old and new sides understand each other. Times are UTC milliseconds by the server's clock (C-11).
//
// The browser's order: hello, then identify if it has an identity token, then resume; after that anything.

// Frame kinds of the browser.
const (
	inHello    = "hello"    // who: token, lang
	inIdentify = "identify" // proof: jwt
	inResume   = "resume"   // where: epoch, seq, read
	inSend     = "send"     // a message: id, text
	inContact  = "contact"  // where to answer: email or phone, name
	inTyping   = "typing"
	inAck      = "ack"  // received up to seq
	inRead     = "read" // seen up to seq
	inBeat     = "beat" // the answer to a beat: seq
)

// inFrame is any frame of the browser. Which fields count depends on T.
type inFrame struct {
	T     string `json:"t"`
	Token string `json:"token,omitempty"`
	Lang  string `json:"lang,omitempty"`
	JWT   string `json:"jwt,omitempty"`
	Epoch string `json:"epoch,omitempty"`
	Seq   int64  `json:"seq,omitempty"`
	Read  int64  `json:"read,omitempty"`
	ID    string `json:"id,omitempty"`
	Text  string `json:"text,omitempty"`
	Email string `json:"email,omitempty"`
	Phone string `json:"phone,omitempty"`
	Name  string `json:"name,omitempty"`
}

// Frame kinds of the server.
const (
	outWelcome    = "welcome"    // hello is accepted
	outVisit      = "visit"      // keep this token instead; fresh: forget the old visitor's lines
	outIdentified = "identified" // the identity token is accepted; name
	outContact    = "contact"    // the declared contact is taken; id repeats what it was
	outLines      = "lines"      // lines after a position; upto is the new position
	outAck        = "ack"        // the message with this id is committed
	outError      = "error"      // code; id of the message it concerns; retry in ms, 0 for never
	outTyping     = "typing"     // an agent types; name
	outSeen       = "seen"       // an agent has seen everything up to seq
	outBeat       = "beat"       // answer with beat
)

// outFrame is any frame of the server. Which fields count depends on T.
type outFrame struct {
	T     string     `json:"t"`
	Time  int64      `json:"time"`
	Token string     `json:"token,omitempty"`
	Fresh bool       `json:"fresh,omitempty"`
	Epoch string     `json:"epoch,omitempty"`
	Open  bool       `json:"open,omitempty"`
	Reset bool       `json:"reset,omitempty"`
	Upto  int64      `json:"upto,omitempty"`
	Lines []wireLine `json:"lines,omitempty"`
	ID    string     `json:"id,omitempty"`
	Seq   int64      `json:"seq,omitempty"`
	Code  string     `json:"code,omitempty"`
	Retry int64      `json:"retry,omitempty"`
	Name  string     `json:"name,omitempty"`
}

// wireLine is a Line as the browser sees it.
type wireLine struct {
	Seq      int64          `json:"seq"`
	ID       string         `json:"id"`
	ClientID string         `json:"client,omitempty"`
	From     From           `json:"from"`
	Name     string         `json:"name,omitempty"`
	Text     string         `json:"text"`
	At       int64          `json:"at"`
	State    channels.State `json:"state,omitempty"`
	Parts    []wirePart     `json:"parts,omitempty"`
}

// wirePart names a file; how it is fetched is not the wire's business.
type wirePart struct {
	Name string `json:"name"`
	Type string `json:"type"`
	Size int64  `json:"size"`
}

// Error codes of the wire. The widget translates them.
const (
	codeBadFrame  = "bad_frame"      // not understood
	codeToken     = "token"          // the visitor token is not valid: begin a new visit
	codeIdentify  = "identify_first" // this visitor must identify himself first
	codeIdentity  = "identity"       // the identity token was refused
	codeSlowDown  = "slow_down"      // too many messages
	codeTooLong   = "too_long"
	codeEmpty     = "empty"
	codeContact   = "contact" // neither a mail address nor a phone number
	codeStore     = "store"   // could not be committed now: send again
	codeRefused   = "refused" // will never be taken
	codeTooMany   = "too_many"
	codeNotResume = "resume_first"
)

func wireOf(l Line) wireLine {
	w := wireLine{Seq: l.Seq, ID: l.ID, ClientID: l.ClientID, From: l.From, Name: l.Name, Text: l.Text, At: l.At.UnixMilli(), State: l.State}
	for _, p := range l.Parts {
		w.Parts = append(w.Parts, wirePart{p.Name, p.Type, p.Size})
	}
	return w
}

// encode is the frame as bytes, stamped with the time.
func (f outFrame) encode(now time.Time) []byte {
	f.Time = now.UnixMilli()
	b, err := json.Marshal(f)
	if err != nil {
		panic("chat: a frame cannot be encoded: " + err.Error()) // plain fields only; cannot happen
	}
	return b
}
