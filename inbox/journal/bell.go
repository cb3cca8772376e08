package journal

import "sync"

// Bell tells any number of waiters that something changed. It never blocks, keeps nothing, and rings that come together count as
// one. The zero value is ready and safe for concurrent use. To miss nothing: take Changed, look at the state, then wait on it.
type Bell struct {
	mu sync.Mutex
	ch chan struct{}
}

// Changed returns a channel that is closed at the next Ring.
func (b *Bell) Changed() <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.ch == nil {
		b.ch = make(chan struct{})
	}
	return b.ch
}

// Ring wakes everyone who waits.
func (b *Bell) Ring() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.ch != nil {
		close(b.ch)
		b.ch = nil
	}
}
