package dispatch

import (
	"cmp"
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"

	"sportello/channels"
	"sportello/inbox"
	"sportello/inbox/live"
)

// Invariants of the loop:
//   - Only Run touches lanes, held, renewed and flying; workers hand their row back through done.
//   - A row is in the lanes or with a worker at most once, and is begun only while its lease runs; Begin makes it last for the
//     attempt. The lease itself is short: a program that dies with rows in its lanes holds their conversations up for no longer.
//     It may be leased once more before it is handed back: its worker has put it off, or its lease lapsed while it waited in its
//     lane. The new lease is kept and used in its turn.
//   - Bulk never holds up an answer: little of it is in the lanes, which is not counted as stock, and it has half of the workers at most,
//     of an account and of all. So an answer finds room in its lane, goes to its front, and finds a worker.
//   - An account has at most perAccount workers and laneLength rows waiting. What is over that is let go: it comes again when its
//     lease lapses, and meanwhile the rows behind it can be leased. So no slow account holds the others.

const (
	poll       = time.Second // in case a wake-up was lost, or the clock makes a row due
	leaseFor   = 6 * time.Second
	leaseBatch = 64
	laneLength = 256
	perAccount = 4
	bulkLength = 32 // of bulk in all lanes, from which on no more is leased
)

// Config says how the dispatcher behaves. The zero value of every field but Node is usable.
type Config struct {
	Node    string                                  // this program's name among the others, for leases
	Workers int                                     // attempts at once; 0 is 16
	Grace   time.Duration                           // attempts under way may finish when the program stops; 0 is 20 s
	Pace    map[channels.AccountID]time.Duration    // least time between two attempts of an account (M-16); absent is none
	Shared  map[channels.AccountID]string           // accounts that a provider counts as one, by its name: their pace is one (E-51)
	Down    func() map[channels.AccountID]time.Time // accounts whose provider is down, since when; nil is none
	Zone    string                                  // IANA zone of the house, for quiet hours of customers whose zone is not known
}

// Dispatcher sends what waits in the outbox.
type Dispatcher struct {
	outbox  *inbox.Outbox
	ledger  *inbox.Ledger
	live    *live.Inbox
	senders map[channels.AccountID]channels.Sender
	cfg     Config
	now     func() time.Time
	log     *slog.Logger

	lanes   map[channels.AccountID]*lane
	tempos  map[string]*tempo // by Shared, or the account
	held    map[string]bool   // ids of the rows in lanes and with workers
	renewed map[string]leased // of those, the ones that have been leased once more
	flying  int
	bulk    int // of flying
	done    chan flown
}

// lane is what waits for one account.
type lane struct {
	rows   []leased // in the order in which they leave: what is bulk comes last
	flying int
	bulk   int // of flying
	tempo  *tempo
}

// tempo is the pace of an account, or of those that share one.
type tempo struct{ next time.Time } // not before

type leased struct {
	inbox.Row
	until time.Time // when the lease lapses, by the clock of timers
}

type flown struct {
	row inbox.Row
	err error
}

// New makes the dispatcher of this node. senders has one for each account; the map is not to be changed afterwards.
func New(outbox *inbox.Outbox, ledger *inbox.Ledger, in *live.Inbox, senders map[channels.AccountID]channels.Sender, cfg Config,
	now func() time.Time, log *slog.Logger) *Dispatcher {
	if cfg.Workers == 0 {
		cfg.Workers = 16
	}
	if cfg.Grace == 0 {
		cfg.Grace = 20 * time.Second
	}
	return &Dispatcher{outbox: outbox, ledger: ledger, live: in, senders: senders, cfg: cfg, now: now, log: log,
		lanes: map[channels.AccountID]*lane{}, tempos: map[string]*tempo{}, held: map[string]bool{}, renewed: map[string]leased{}, done: make(chan flown)}
}

// Run sends until ctx ends, then lets attempts under way finish within the grace time and returns nil. Run may be called once.
func (d *Dispatcher) Run(ctx context.Context) error {
	work, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	var aside sync.WaitGroup
	aside.Go(func() { d.inquire(ctx) })
	express := d.outbox.Express(d.cfg.Node, deadlineOf(channels.Chat))
	for range d.cfg.Workers {
		aside.Go(func() { d.expedite(ctx, work, express, &aside) })
	}
	timer := time.NewTimer(0)
	defer timer.Stop()
	var recovered time.Time
	for ctx.Err() == nil {
		changed := d.outbox.Changed()
		if time.Since(recovered) > 3*time.Second {
			d.recover(ctx)
			recovered = time.Now()
		}
		d.lease(ctx)
		d.start(work)
		timer.Reset(d.pause(ctx))
		d.wait(ctx, work, changed, timer.C)
	}
	give := time.AfterFunc(d.cfg.Grace, stop)
	defer give.Stop()
	for d.flying > 0 {
		d.land(<-d.done)
	}
	aside.Wait()
	return nil
}

// expedite makes the attempts of rows that were begun when they were written. Reach was asked about them a moment before, and nothing of
// their customers has changed since (inbox.Express). Their outcomes are written down aside.
func (d *Dispatcher) expedite(ctx, work context.Context, express *inbox.Express, aside *sync.WaitGroup) {
	for {
		row, ok := express.Next(ctx, work)
		if !ok {
			return
		}
		sent, failure := d.attempt(work, row)
		if failure == nil {
			express.Left(row.Conversation)
		}
		aside.Go(func() {
			if err := d.conclude(work, row, sent, failure); err != nil {
				d.log.Error("message not handled, it comes again", "message", row.Message, "error", err)
			}
			if failure != nil {
				express.Left(row.Conversation)
			}
		})
	}
}

// wait returns when something is to be leased; until then it keeps the workers busy. While enough is in stock, news only waits: each
// outcome that is written down rings too, and leasing after each would cost more than it brings.
func (d *Dispatcher) wait(ctx, work context.Context, changed <-chan struct{}, timer <-chan time.Time) {
	news := false
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer:
			return
		case <-changed:
			news, changed = true, nil
		case f := <-d.done:
			d.land(f)
			d.start(work)
		}
		if news && !d.stocked() {
			return
		}
	}
}

// stocked reports whether the workers have enough to do without leasing more. What waits for a slow account does not count, nor does
// bulk.
func (d *Dispatcher) stocked() bool {
	ready := 0
	for _, l := range d.lanes {
		if l.flying < perAccount {
			ready += l.urgent()
		}
	}
	return d.flying >= d.cfg.Workers || ready >= leaseBatch/2
}

// recover puts right what a program that died left behind.
func (d *Dispatcher) recover(ctx context.Context) {
	n, err := d.outbox.Recover(ctx)
	if err != nil && ctx.Err() == nil {
		d.log.Error("attempts of a lost program were not recovered", "error", err)
	}
	if n > 0 {
		d.log.Warn("attempts of a lost program recovered", "rows", n)
	}
}

// lease takes due rows into the lanes.
func (d *Dispatcher) lease(ctx context.Context) {
	for d.roomy() {
		until := time.Now().Add(leaseFor)
		take := d.outbox.Lease
		if d.bulkStocked() {
			take = d.outbox.LeaseUrgent
		}
		rows, err := take(ctx, d.cfg.Node, leaseBatch, leaseFor)
		if err != nil {
			if ctx.Err() == nil {
				d.log.Error("the outbox could not be read", "error", err)
			}
			return
		}
		let := d.sort(rows, until)
		if let > 0 {
			d.log.Warn("an account is slow: some of its messages wait", "rows", let)
		}
		if len(rows) < leaseBatch || let > 0 {
			return
		}
	}
}

// roomy reports whether more rows should be leased: nothing much waits, or only for accounts that are slow.
func (d *Dispatcher) roomy() bool {
	waiting := 0
	for _, l := range d.lanes {
		if l.flying < perAccount || len(l.rows) < laneLength-leaseBatch {
			waiting += l.urgent()
		}
	}
	return waiting < laneLength
}

// urgent counts what waits in a lane and is not bulk.
func (l *lane) urgent() int {
	n := slices.IndexFunc(l.rows, func(r leased) bool { return r.Class == inbox.ClassBulk })
	if n < 0 {
		return len(l.rows)
	}
	return n
}

// bulkStocked reports whether enough bulk waits in the lanes.
func (d *Dispatcher) bulkStocked() bool {
	n := 0
	for _, l := range d.lanes {
		n += len(l.rows) - l.urgent()
	}
	return n >= bulkLength
}

// ready reports whether the first row of a lane may be given to a worker as far as their number goes.
func (d *Dispatcher) ready(l *lane) bool {
	if len(l.rows) == 0 || l.flying >= perAccount {
		return false
	}
	return l.rows[0].Class != inbox.ClassBulk || l.bulk < perAccount/2 && d.bulk < max(d.cfg.Workers/2, 1)
}

// sort puts leased rows into their lanes, in order, and says how many it let go.
func (d *Dispatcher) sort(rows []inbox.Row, until time.Time) (let int) {
	for _, row := range rows {
		if d.held[row.ID] {
			d.renewed[row.ID] = leased{row, until}
		} else if !d.keep(leased{row, until}) {
			let++
		}
	}
	for _, l := range d.lanes {
		l.order()
	}
	return let
}

// order sorts a lane: replies before automatic messages before bulk.
func (l *lane) order() {
	slices.SortStableFunc(l.rows, func(a, b leased) int {
		return cmp.Or(cmp.Compare(rank(a.Class), rank(b.Class)), a.DueAt.Compare(b.DueAt))
	})
}

// keep puts a row at the end of its lane, if there is room. The caller orders the lane.
func (d *Dispatcher) keep(row leased) bool {
	l := d.lanes[row.Account]
	if l == nil {
		name := cmp.Or(d.cfg.Shared[row.Account], string(row.Account))
		if d.tempos[name] == nil {
			d.tempos[name] = &tempo{}
		}
		l = &lane{tempo: d.tempos[name]}
		d.lanes[row.Account] = l
	}
	if len(l.rows) >= laneLength {
		return false
	}
	d.held[row.ID] = true
	l.rows = append(l.rows, row)
	return true
}

func rank(c inbox.Class) int {
	return slices.Index([]inbox.Class{inbox.ClassReply, inbox.ClassAuto, inbox.ClassBulk}, c)
}

// start gives rows to workers, each account in its turn, as long as there is room.
func (d *Dispatcher) start(work context.Context) {
	for moved := true; moved; {
		moved = false
		for account, l := range d.lanes {
			if d.flying >= d.cfg.Workers {
				return
			}
			if !d.ready(l) || time.Now().Before(l.tempo.next) {
				continue
			}
			moved = true
			row := l.rows[0]
			l.rows = l.rows[1:]
			if again, ok := d.renewed[row.ID]; ok { // it may have been redirected by another program
				delete(d.renewed, row.ID)
				if row = again; row.Account != account {
					delete(d.held, row.ID)
					if d.keep(row) {
						d.lanes[row.Account].order()
					}
					continue
				}
			}
			if time.Until(row.until) < time.Second {
				delete(d.held, row.ID) // too late to begin; it is leased anew
				continue
			}
			l.flying++
			d.flying++
			if row.Class == inbox.ClassBulk {
				l.bulk++
				d.bulk++
			}
			l.tempo.next = time.Now().Add(d.cfg.Pace[account])
			go func() { d.done <- flown{row.Row, d.handle(work, row.Row)} }()
		}
	}
}

// land takes a row back from its worker.
func (d *Dispatcher) land(f flown) {
	l := d.lanes[f.row.Account]
	d.flying--
	l.flying--
	if f.row.Class == inbox.ClassBulk {
		d.bulk--
		l.bulk--
	}
	delete(d.held, f.row.ID)
	if again, ok := d.renewed[f.row.ID]; ok {
		delete(d.renewed, f.row.ID)
		if d.keep(again) { // without room it comes when its lease lapses
			d.lanes[again.Account].order()
		}
	}
	if f.err != nil {
		d.log.Error("message not handled, it comes again", "message", f.row.Message, "error", f.err)
	}
}

// pause is how long to wait when nothing happens: until the next row is due or an account may go on, a second at most.
func (d *Dispatcher) pause(ctx context.Context) time.Duration {
	wait := poll
	if due, err := d.outbox.NextDue(ctx); err == nil && due.After(d.now()) { // what is due already has just been leased
		wait = min(wait, max(due.Sub(d.now()), 10*time.Millisecond))
	}
	for _, l := range d.lanes {
		if d.ready(l) {
			wait = min(wait, max(time.Until(l.tempo.next), time.Millisecond))
		}
	}
	return wait
}
