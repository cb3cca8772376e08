package agentui

import (
	"sync"
	"time"
)

// How long, and how many, results are remembered.
const (
	rememberFor  = 10 * time.Minute
	rememberMost = 20_000
)

// repeats answers a command that comes a second time, because its first answer was lost, with the first result. The ledger knows
// replies and notes by their client id for ever; this is for the verbs that it does not.
type repeats struct {
	now func() time.Time

	mu   sync.Mutex
	done map[string]*result
}

// result is what became of a command. Its fields are set before ready is closed.
type result struct {
	ready  chan struct{}
	at     time.Time
	answer any
	err    error
}

func newRepeats(now func() time.Time) *repeats { return &repeats{now: now, done: map[string]*result{}} }

// once runs do for the first call with a key, and gives its result to those that come meanwhile or later. A failure is forgotten: the
// client may try again, and insist where it was refused.
func (r *repeats) once(c *call, id string, do func() (any, error)) (any, error) {
	key := string(c.me.ID) + "\x00" + c.r.URL.Path + "\x00" + id
	mine, first := r.claim(key)
	if !first {
		select {
		case <-mine.ready:
			return mine.answer, mine.err
		case <-c.ctx.Done():
			return nil, c.ctx.Err()
		}
	}
	finished := false
	defer func() {
		if !finished { // a panic: nobody must wait for ever
			r.drop(key)
			mine.err = errForbidden
			close(mine.ready)
		}
	}()
	mine.answer, mine.err = do()
	mine.answer = complete(mine.answer) // now: nobody may change it once others have it
	finished = true
	if mine.err != nil {
		r.drop(key)
	}
	close(mine.ready)
	return mine.answer, mine.err
}

// claim returns the result of a key, and whether the caller is to bring it.
func (r *repeats) claim(key string) (*result, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if old, ok := r.done[key]; ok && r.now().Sub(old.at) < rememberFor {
		return old, false
	}
	if len(r.done) >= rememberMost {
		r.sweep()
	}
	mine := &result{ready: make(chan struct{}), at: r.now()}
	r.done[key] = mine
	return mine, true
}

// sweep forgets what is old, and everything if that is not enough.
func (r *repeats) sweep() {
	for key, res := range r.done {
		if r.now().Sub(res.at) >= rememberFor {
			delete(r.done, key)
		}
	}
	if len(r.done) >= rememberMost {
		clear(r.done)
	}
}

func (r *repeats) drop(key string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.done, key)
}
