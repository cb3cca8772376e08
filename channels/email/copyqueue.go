package email

import (
	"context"
	"sync"
	"time"

	"sportello/channels"
)

const (
	copiesMost  = 1000        // that wait; a further one is not made
	copiesQuiet = time.Minute // between two words about such, and between two looks for a folder that there is not
)

// copies are the mails that wait to be copied.
type copies struct {
	mu      sync.Mutex
	waiting []*sentMail   // in the order in which they were sent
	news    chan struct{} // holds one
	nowhere time.Time     // until when there is no folder
	lost    int           // for want of room, since that was told
	told    time.Time
}

// sentMail is written out anew when it is copied, which yields the same mail, save for a DKIM signature.
type sentMail struct {
	out   channels.Outbound
	at    time.Time
	tries int
}

// add notes a mail. Without room it returns now and then how many were not noted since it did so last, otherwise 0.
func (q *copies) add(m *sentMail) (lost int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if m.at.Before(q.nowhere) {
		return 0
	}
	if len(q.waiting) >= copiesMost {
		if q.lost++; m.at.Sub(q.told) >= copiesQuiet {
			lost, q.lost, q.told = q.lost, 0, m.at
		}
		return lost
	}
	q.waiting = append(q.waiting, m)
	select {
	case q.news <- struct{}{}:
	default:
	}
	return 0
}

// next is the mail that has waited longest, or nil.
func (q *copies) next() *sentMail {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.waiting) == 0 {
		return nil
	}
	return q.waiting[0]
}

// done forgets the next mail.
func (q *copies) done() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.waiting[0] = nil
	q.waiting = q.waiting[1:]
}

// later puts the next mail behind all others.
func (q *copies) later() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.waiting = append(q.waiting[1:], q.waiting[0])
}

// clear forgets all, and what is sent until then.
func (q *copies) clear(until time.Time) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.waiting, q.nowhere = nil, until
}

// wait waits until there is a mail to be copied, and reports whether ctx is alive and gone not closed.
func (q *copies) wait(ctx context.Context, gone <-chan struct{}) bool {
	for q.next() == nil {
		select {
		case <-q.news:
		case <-gone:
			return false
		case <-ctx.Done():
			return false
		}
	}
	return ctx.Err() == nil
}

// soon waits for further mail as long as the connection lives.
func (q *copies) soon(ctx context.Context, c *conn, linger time.Duration) bool {
	ctx, cancel := context.WithTimeout(ctx, linger)
	defer cancel()
	return q.wait(ctx, c.client.Closed())
}
