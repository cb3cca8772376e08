// Package gate lets callers who come at the same time share their work.
//
// What arrives together at a Gate is done as one batch: one transaction and one flush to disk (group commit). A Lookup does the same for
// questions. The package knows nothing of records; it must start nothing and keep nothing. inbox and those who ask the record often make
// gates of their own. The invariants:
//
//   - Nobody waits for company: who comes alone is served at once. While a batch is being written, the next one gathers.
//   - Batches are taken in the order of arrival, and the next one is begun only when the one before is written, with the locks of its
//     senders held, and waits for the disk, or has ended. So the messages of one sender keep their order.
//   - The callers do the work: whoever stands first leads for those behind him. Nothing runs when nobody calls.
//   - A caller who gives up disturbs nobody. What is in a batch already is taken all the same, and comes again as a repeat.
package gate

import (
	"context"
	"errors"
	"slices"
	"sync"
)

const (
	MostBatch    = 64   // tickets in one batch
	mostQueue    = 1024 // callers at the gate; further ones wait outside until there is room
	mostUnderway = 2    // batches: one is written while the other waits for the disk
)

// Gate gathers what callers bring (In) into batches, and hands each what became of it (Out). Made by New.
type Gate[In, Out any] struct {
	room chan struct{}

	mu       sync.Mutex
	leading  bool // somebody has been appointed, and his batch is not written yet
	underway int  // batches taken and not settled
	waiting  []*Ticket[In, Out]
}

// Ticket is what one caller brought to the gate.
type Ticket[In, Out any] struct {
	In     In
	Out    Out
	Err    error     // errUnsettled until somebody settles it
	called chan bool // true: lead the next batch; false: it is settled
	leads  bool      // appointed; guarded by Gate.mu
}

// errUnsettled is the answer when a batch ended without one, because its leader panicked.
var errUnsettled = errors.New("the batch was not finished")

// New makes a gate.
func New[In, Out any]() *Gate[In, Out] {
	return &Gate[In, Out]{room: make(chan struct{}, mostQueue)}
}

// Pass takes one through the gate. commit settles every ticket of a batch; it calls written when the next batch may begin.
// Its context is not the caller's.
func (g *Gate[In, Out]) Pass(ctx context.Context, in In, commit func(batch []*Ticket[In, Out], written func())) (taken Out, err error) {
	select {
	case g.room <- struct{}{}:
		defer func() { <-g.room }()
	case <-ctx.Done():
		return taken, ctx.Err()
	}
	t := &Ticket[In, Out]{In: in, Err: errUnsettled, called: make(chan bool, 1)}
	g.join(t)
	select {
	case lead := <-t.called:
		if lead {
			g.lead(t, commit)
		}
		return t.Out, t.Err
	case <-ctx.Done():
		g.leave(t)
		return taken, ctx.Err()
	}
}

func (g *Gate[In, Out]) join(t *Ticket[In, Out]) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.waiting = append(g.waiting, t)
	g.appoint()
}

// appoint has the first of those who wait lead, if it is time. It is called with mu held.
func (g *Gate[In, Out]) appoint() {
	if g.leading || g.underway >= mostUnderway || len(g.waiting) == 0 {
		return
	}
	g.leading = true
	g.waiting[0].leads = true
	g.waiting[0].called <- true
}

// lead takes the front of the queue, where t stands, through commit.
func (g *Gate[In, Out]) lead(t *Ticket[In, Out], commit func([]*Ticket[In, Out], func())) {
	g.mu.Lock()
	n := min(len(g.waiting), MostBatch)
	batch := slices.Clone(g.waiting[:n])
	g.waiting = slices.Delete(g.waiting, 0, n)
	g.underway++
	g.mu.Unlock()
	follow := sync.OnceFunc(func() { g.step(0) })
	defer func() {
		follow()
		g.step(1)
		for _, other := range batch {
			if other != t {
				other.called <- false
			}
		}
	}()
	commit(batch, follow)
}

// step ends the leading, or with ended batches their being under way, and appoints who comes next.
func (g *Gate[In, Out]) step(ended int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if ended == 0 {
		g.leading = false
	}
	g.underway -= ended
	g.appoint()
}

// leave takes a ticket out of the queue, if no batch has it yet.
func (g *Gate[In, Out]) leave(t *Ticket[In, Out]) {
	g.mu.Lock()
	defer g.mu.Unlock()
	n := slices.Index(g.waiting, t)
	if n < 0 {
		return
	}
	g.waiting = slices.Delete(g.waiting, n, n+1)
	if t.leads { // appointed while he left
		g.leading = false
		g.appoint()
	}
}
