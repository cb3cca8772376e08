package journal

import (
	"encoding/json"
	"fmt"
	"time"
)

// Of makes the event of one position of a stream. customer is the id of the customer in whose timeline it stands, or "". data is
// written as JSON.
func Of(s Stream, seq int64, customer string, typ Type, actor Actor, at time.Time, data any) (Event, error) {
	raw, err := json.Marshal(data)
	if err != nil {
		return Event{}, fmt.Errorf("event %s: %w", typ, err)
	}
	return Event{Stream: s, Seq: seq, Customer: customer, Type: typ, Actor: actor, At: at.UTC().Truncate(time.Millisecond), Data: raw, value: data}, nil
}
