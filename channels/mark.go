package channels

import (
	"context"
	"time"
)

// Mark is what somebody did to a message that came in, in a program of his own, of which the message itself says nothing.
type Mark struct {
	Account   AccountID
	MessageID string // of the message: RFC 5322
	What      MarkKind
	At        time.Time // when it was seen; when it was done is not known
}

// MarkKind says what was done.
type MarkKind string

// MarkAnswered is a message that somebody answered: the flag \Answered of RFC 3501 section 2.3.2.
const MarkAnswered MarkKind = "answered"

// Marks takes what was done elsewhere. It returns when the record has committed. The same mark a second time, and one of a message that
// is not in the record, change nothing.
type Marks interface {
	Mark(ctx context.Context, m Mark) error
}
