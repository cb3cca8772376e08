package inbox

import (
	"errors"
	"strings"
	"sync/atomic"

	"sportello/channels"
)

// AcceptBatch takes messages as one batch, as the gate does when they arrive together. Errors stand at the place of their message.
// batches counts the times at which the next batch was let go on.
func (l *Ledger) AcceptBatch(ins ...channels.Inbound) (all []channels.Accepted, errs []error, batches int64) {
	var let atomic.Int64
	tickets := make([]*arrival, len(ins))
	for i, in := range ins {
		tickets[i] = &arrival{In: clean(in), Err: errors.New("not settled")}
	}
	l.commit(tickets, func() { let.Add(1) })
	for _, t := range tickets {
		errs = append(errs, t.Err)
		if t.Err != nil {
			all = append(all, channels.Accepted{})
			continue
		}
		l.accepted(t.Out)
		all = append(all, t.Out.result)
	}
	return all, errs, let.Load()
}

// Tag is the tag of a conversation's number, without its brackets.
func Tag(number int64) string { return strings.Trim(tagOf(number), "[#]") }

// ReadTag is readTag.
func ReadTag(tag string) (int64, bool) { return readTag(tag) }
