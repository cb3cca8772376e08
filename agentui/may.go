package agentui

import (
	"sportello/inbox"
	"sportello/router/roster"
)

// verb is what somebody wants to do with a conversation, or with the house.
type verb string

// The verbs.
const (
	verbRead     verb = "read"     // see it, with the customer's whole history
	verbNote     verb = "note"     // leave a note for colleagues
	verbTake     verb = "take"     // pull it from its queue
	verbReply    verb = "reply"    // write to the customer
	verbTransfer verb = "transfer" // pass it on
	verbClose    verb = "close"
	verbReopen   verb = "reopen"
	verbRules    verb = "rules"   // see and publish routing rules
	verbRelease  verb = "release" // allow automatic messages to an address again
	verbRetry    verb = "retry"   // have messages that are held back tried again
)

// manages reports whether somebody sees and does everything.
func manages(me roster.Agent) bool {
	return me.Role == roster.RoleManager || me.Role == roster.RoleAdmin
}

// may is the policy, a pure function: every department sees the history of every customer, so whoever works here may read, search and
// leave notes; a conversation is answered and moved by its assignee; it is taken by an agent of its queue; managers may do all.
func may(me roster.Agent, v verb, c inbox.Conversation) bool {
	if manages(me) {
		return true
	}
	switch v {
	case verbRead, verbNote:
		return true
	case verbReply, verbClose:
		return c.Assignee != "" && c.Assignee == me.ID
	case verbTransfer:
		return c.Assignee == me.ID || c.Assignee == "" && me.Serves(c.Queue)
	case verbTake:
		return c.Queue != "" && me.Serves(c.Queue)
	case verbReopen:
		return c.Sticky == me.ID || c.Queue != "" && me.Serves(c.Queue)
	}
	return false
}

// allow is may as an error.
func allow(me roster.Agent, v verb, c inbox.Conversation) error {
	if may(me, v, c) {
		return nil
	}
	if c.MergedInto != "" {
		return inbox.Refused{Code: "merged", Into: c.MergedInto} // whoever had it goes on there
	}
	if v == verbReply || v == verbClose || v == verbTransfer {
		return inbox.Refused{Code: "not_yours", Agent: c.Assignee}
	}
	return errForbidden
}
