package inbox

import "fmt"

// Refused says that a verb cannot be done in the state the record is in. Nothing was changed. Code is stable; errors.Is compares
// codes only.
type Refused struct {
	Code  string
	Agent AgentID        // taken, not_yours: who has it
	Into  ConversationID // merged: where it goes on
}

// The refusals.
var (
	ErrNotFound  error = Refused{Code: "not_found"}      // no such conversation, message or row
	ErrClosed    error = Refused{Code: "closed"}         // the conversation is closed
	ErrNotYours  error = Refused{Code: "not_yours"}      // somebody else, or nobody, has the conversation
	ErrTaken     error = Refused{Code: "taken"}          // another agent has it already
	ErrState     error = Refused{Code: "state"}          // not possible from where it stands
	ErrNoAccount error = Refused{Code: "no_account"}     // no account of that id and channel is configured
	ErrRecipient error = Refused{Code: "recipient"}      // not an address of this customer or conversation (REQ-OUT2)
	ErrUnseen    error = Refused{Code: "customer_wrote"} // he would close over what he has not seen
	ErrTooLate   error = Refused{Code: "too_late"}       // it may have left already
	ErrEmpty     error = Refused{Code: "empty"}          // nothing to say: no text and no file
	ErrMerged    error = Refused{Code: "merged"}         // it was merged into another conversation, where it goes on
	ErrOthers    error = Refused{Code: "other_customer"} // the two conversations are not of the same customer
	ErrFinal     error = Refused{Code: "final"}          // it was merged too long ago
	ErrLeaseLost error = Refused{Code: "lease_lost"}     // the outbox row is not held any more, or is not to leave any more
)

// Error is the code.
func (r Refused) Error() string {
	if r.Agent != "" {
		return fmt.Sprintf("inbox: %s by %s", r.Code, r.Agent)
	}
	return "inbox: " + r.Code
}

// Is compares codes.
func (r Refused) Is(target error) bool {
	t, ok := target.(Refused)
	return ok && t.Code == r.Code
}

// Held says that a reply was not taken because its author has not seen something. Sending it again with Force takes it.
type Held struct {
	Reason   string    // colleague_wrote, customer_wrote
	Messages []Message // what he has not seen, oldest first
}

// Error is the reason.
func (h *Held) Error() string { return "inbox: held: " + h.Reason }
