package socket

import "strconv"

// Reason says why a connection ended. Reasons from 4000 to 4999 go over the wire as the close code (RFC 6455 section 7.4.2) with
// their name as the close text; clients act on the code. Values are a contract with every client and never change meaning.
type Reason int

// The reasons. A client reconnects after every one except Replaced, Unauthorized, Protocol and Ended.
const (
	Open  Reason = 0    // not ended
	Peer  Reason = 1000 // local only: the peer closed
	Lost  Reason = 1006 // local only: the network broke, or a write missed its deadline
	Large Reason = 1009 // local only: a frame far over the limit; answered 1009 before it was read

	Drain        Reason = 4001 // this server stops: reconnect with jitter, another node answers
	Replaced     Reason = 4002 // another connection took the place of this one: do not reconnect
	SlowReader   Reason = 4003 // the send queue was full: reconnect and resume
	TooLarge     Reason = 4004 // a message over the limit: do not send it again
	Protocol     Reason = 4005 // not what was agreed: binary, malformed or out of order
	Unauthorized Reason = 4006 // no or no longer valid identity: obtain a new token first
	Silent       Reason = 4007 // a ping or heartbeat stayed unanswered: reconnect and resume
	Limited      Reason = 4008 // too many connections or messages: reconnect slowly
	Internal     Reason = 4009 // our fault: reconnect
	Ended        Reason = 4010 // the session was ended on purpose: logout, sign-out
)

// String returns the stable name of the reason, as it stands in logs, metrics and the close frame.
func (r Reason) String() string {
	switch r {
	case Open:
		return "open"
	case Peer:
		return "peer"
	case Lost:
		return "lost"
	case Large, TooLarge:
		return "too_large"
	case Drain:
		return "drain"
	case Replaced:
		return "replaced"
	case SlowReader:
		return "slow_reader"
	case Protocol:
		return "protocol"
	case Unauthorized:
		return "unauthorized"
	case Silent:
		return "silent"
	case Limited:
		return "limited"
	case Internal:
		return "internal"
	case Ended:
		return "ended"
	}
	return "code_" + strconv.Itoa(int(r))
}

// onWire reports whether a close frame with this code may be sent.
func (r Reason) onWire() bool { return r >= 4000 && r <= 4999 }

// keepsQueue reports whether what was queued before the close is still written. A peer that does not read is not waited for.
func (r Reason) keepsQueue() bool { return r.onWire() && r != SlowReader && r != Silent }
