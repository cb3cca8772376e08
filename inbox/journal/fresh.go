package journal

import (
	"cmp"
	"slices"
	"sync"
)

// mostFresh bounds the events that wait in memory for the relay.
const mostFresh = 2048

// fresh are events that this process has committed, so that its relay need not read back what was just written. It is a shortcut and
// nothing more: what is lost with it waits in the record all the same.
type fresh struct {
	mu     sync.Mutex
	events []Event
	lost   bool
}

func (f *fresh) add(events []Event) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.events)+len(events) > mostFresh {
		f.events, f.lost = nil, true
		return
	}
	f.events = append(f.events, events...)
}

// Fresh takes the events that this process has committed since it was last called, each stream in order, and reports whether there were
// more than are kept: those are found by Pending. They are in Pending too, until Relayed names them. Events of transactions that have
// just committed may be told in another order than they were written; one before them may come with the next call.
func (j *Journal) Fresh() (events []Event, lost bool) {
	f := &j.fresh
	f.mu.Lock()
	events, lost = f.events, f.lost
	f.events, f.lost = nil, false
	f.mu.Unlock()
	slices.SortStableFunc(events, func(a, b Event) int {
		return cmp.Or(cmp.Compare(a.Stream, b.Stream), cmp.Compare(a.Seq, b.Seq))
	})
	return events, lost
}
