package channels

import (
	"errors"
	"fmt"
	"time"
)

// Class says what is to be done about a failure.
type Class string

// The classes of failure.
const (
	Temporary Class = "temporary" // try again later; the class of every failure that nobody has classified
	Permanent Class = "permanent" // will never work for this message; the agent is told why
	Uncertain Class = "uncertain" // the message may have left: the connection broke after the body was handed over
)

// Fault codes are stable and are what the console translates. A provider's own code and words go to Provider and Detail.
const (
	CodeNetwork     = "network"      // could not reach the provider
	CodeProvider    = "provider"     // the provider answered with a failure of its own
	CodeThrottled   = "throttled"    // too fast; RetryAfter may say how long
	CodeAuth        = "auth"         // our credentials were refused
	CodeBadAddress  = "bad_address"  // no such mailbox or number
	CodeUnreachable = "unreachable"  // exists, but cannot be reached now
	CodeOptedOut    = "opted_out"    // the customer has forbidden it at the provider
	CodeBlocked     = "blocked"      // refused or filtered by the carrier or the receiving server
	CodeTooLarge    = "too_large"    // over a limit of size or length
	CodeContent     = "content"      // the content was refused
	CodeNotCapable  = "not_capable"  // the address cannot take this kind of message, such as SMS to a landline
	CodeConfig      = "config"       // our account is set up wrongly
	CodeTimeout     = "timeout"      // no answer in time
	CodeGone        = "gone"         // the visitor is not connected any more
	CodeMailboxFull = "mailbox_full" // 4.2.2 or 5.2.2
	CodeUnwanted    = "unwanted"     // the customer wishes such messages by another channel
	CodeStopped     = "stopped"      // we ourselves stopped it
	CodeUnreadable  = "unreadable"   // what our record holds of it is damaged
)

// Fault is the one rich error of the adapters.
type Fault struct {
	Class      Class         `json:"class"`
	Code       string        `json:"code"`               // one of the Code constants
	Provider   string        `json:"provider,omitempty"` // the provider's own code: "550 5.1.1", "21610"
	Detail     string        `json:"detail,omitempty"`   // the provider's words, one line, no secrets
	RetryAfter time.Duration `json:"retry_after,omitempty"`
	Suppress   bool          `json:"suppress,omitempty"` // the address must not be used again until it is verified anew
	Err        error         `json:"-"`
}

// Error returns code, provider code and detail in one line.
func (f *Fault) Error() string {
	s := string(f.Class) + " " + f.Code
	if f.Provider != "" {
		s += " (" + f.Provider + ")"
	}
	if f.Detail != "" {
		s += ": " + f.Detail
	}
	if f.Err != nil {
		s += fmt.Sprintf(": %v", f.Err)
	}
	return s
}

// Unwrap returns the error below.
func (f *Fault) Unwrap() error { return f.Err }

// AsFault returns the Fault in err, or a Temporary one that wraps err. It returns nil for a nil error.
func AsFault(err error) *Fault {
	if err == nil {
		return nil
	}
	var f *Fault
	if errors.As(err, &f) {
		return f
	}
	return &Fault{Class: Temporary, Code: CodeProvider, Err: err}
}
