package inbox

import (
	"context"
	"strings"
	"sync"
	"time"

	"sportello/channels"
)

// A chat line to a visitor who is there need not wait until a dispatcher finds it. If the dispatcher of this process has room, and
// nothing has changed of the customer since Reach was asked, the reply's row is begun in the transaction that writes it: leased by that
// dispatcher, with its attempt written down, and handed over when it is committed. A row that is not handed on, because the process dies,
// is found by Recover like any other attempt that was cut off. What the visitor's browser answers at once is written down together with the
// outcome of the attempt.

// mostExpress bounds the rows on their way to the dispatcher.
const mostExpress = 256

// Express is the way of begun rows to the dispatcher of this process. Made by Outbox.Express.
type Express struct {
	holder string
	hold   time.Duration
	room   chan struct{} // one for each row between begin and its being received
	rows   chan Row
	closed chan struct{}
	close  sync.Once

	mu       sync.Mutex
	flying   map[ConversationID]bool // rows of it were begun and have not left: another must not overtake them
	landings map[string]*landing     // by row, from its being handed over until its outcome is known
}

// Express lets replies in chats begin at once, as rows of holder, each for as long as an attempt may take. There is one dispatcher in a
// process: the last to call it has the rows.
func (o *Outbox) Express(holder string, attempt time.Duration) *Express {
	e := &Express{
		holder: holder, hold: attempt + settleFor, room: make(chan struct{}, mostExpress), rows: make(chan Row, mostExpress),
		closed: make(chan struct{}), flying: map[ConversationID]bool{}, landings: map[string]*landing{},
	}
	o.ledger.express.Store(e)
	return e
}

// Next returns a begun row, to be sent once and settled (Sent, Failed). Left must be called when it has left, or when its failure is
// written down. It waits for one until ctx ends; from then on no more are begun, and it returns those that are on their way until there
// is none, or until work ends. It is safe for concurrent use.
func (e *Express) Next(ctx, work context.Context) (Row, bool) {
	var again <-chan time.Time
	for {
		select {
		case r := <-e.rows:
			<-e.room
			return r, true
		case <-work.Done():
			return Row{}, false
		case <-again:
		case <-ctx.Done():
			e.close.Do(func() { close(e.closed) })
			ctx = context.Background()
		}
		select {
		case <-e.closed:
			if len(e.room) == 0 {
				return Row{}, false
			}
			again = time.After(10 * time.Millisecond)
		default:
		}
	}
}

// Left lets the next row of a conversation begin.
func (e *Express) Left(id ConversationID) {
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.flying, id)
}

// forgo gives the room of a row back that is not written after all.
func (e *Express) forgo(id ConversationID) {
	e.Left(id)
	<-e.room
}

// admit reserves room for a row of a conversation.
func (e *Express) admit(id ConversationID) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	select {
	case <-e.closed:
		return false
	default:
	}
	if e.flying[id] {
		return false
	}
	select {
	case e.room <- struct{}{}:
		e.flying[id] = true
		return true
	default:
		return false
	}
}

// begin is what Outbox.Begin makes of a row.
func (e *Express) begin(r Row, now time.Time) Row {
	r.State, r.Attempts, r.Holder, r.LeasedUntil = channels.StateSending, 1, e.holder, now.Add(e.hold)
	return r
}

// take hands an admitted and committed row on. There is room for it.
func (e *Express) take(r Row) {
	r.Envelope.Attempt = r.Attempts
	e.mu.Lock()
	e.landings[r.ID] = &landing{to: r.Envelope.To[0].Value, heard: make(chan struct{}), over: make(chan struct{})}
	e.mu.Unlock()
	e.rows <- r
}

// echo is how long the outcome of an attempt waits for the visitor's browser to say that it has the line: most do so at once, and what
// would be two changes of the record is one. Meanwhile the line counts as an attempt under way, which it is.
const echo = 100 * time.Millisecond

// landing is a begun row of which the outcome is not written down yet.
type landing struct {
	to    string         // whom it goes to
	state channels.State // the furthest that was heard of it; "" is nothing
	heard chan struct{}  // closed when something was
	over  chan struct{}  // closed when it has been written down, or will not be together with the attempt
	taken bool           // it was; valid when it is over, like err
	err   error
}

// bring has news written down together with the attempt that it is of, if that is about to end, and waits until it is. It reports
// whether it was written.
func (e *Express) bring(ctx context.Context, n news) (bool, error) {
	if e == nil {
		return false, nil
	}
	e.mu.Lock()
	a := e.landings[n.row]
	if a == nil || !strings.EqualFold(a.to, n.to) {
		e.mu.Unlock()
		return false, nil
	}
	if a.state == "" {
		close(a.heard)
	}
	if a.state == "" || a.state.After(n.state) {
		a.state = n.state
	}
	e.mu.Unlock()
	select {
	case <-a.over:
		return a.taken, a.err
	case <-ctx.Done():
		return false, ctx.Err()
	}
}

// landed gives what was heard of a row, after waiting for it as long as wait. From then on news of it goes by itself. The landing is nil
// for a row that did not go by express; otherwise end must be called.
func (e *Express) landed(ctx context.Context, row string, wait time.Duration) *landing {
	if e == nil {
		return nil
	}
	e.mu.Lock()
	a := e.landings[row]
	e.mu.Unlock()
	if a == nil {
		return nil
	}
	if wait > 0 {
		timer := time.NewTimer(wait)
		defer timer.Stop()
		select {
		case <-a.heard:
		case <-timer.C:
		case <-ctx.Done():
		}
	}
	e.mu.Lock()
	delete(e.landings, row)
	e.mu.Unlock()
	return a
}

// end tells those who brought news what became of it.
func (a *landing) end(taken bool, err error) {
	if a != nil {
		a.taken, a.err = taken, err
		close(a.over)
	}
}
