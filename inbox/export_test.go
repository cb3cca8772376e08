package inbox

import (
	"sync/atomic"

	"sportello/channels"
)

// AcceptBatch takes messages as one batch, as the gate does when they arrive together. Errors stand at the place of their message.
// batches counts the times at which the next batch was let go on.
func (l *Ledger) AcceptBatch(ins ...channels.Inbound) (all []channels.Accepted, errs []error, batches int64) {
	var let atomic.Int64
	tickets := make([]*arrival, len(ins))
	for i, in := range ins {
		tickets[i] = &arrival{in: clean(in), err: errUnsettled}
	}
	l.commit(tickets, func() { let.Add(1) })
	for _, t := range tickets {
		errs = append(errs, t.err)
		if t.err != nil {
			all = append(all, channels.Accepted{})
			continue
		}
		l.accepted(t.taken)
		all = append(all, t.taken.result)
	}
	return all, errs, let.Load()
}
