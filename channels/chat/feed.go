package chat

import (
	"sync"
	"time"

	"sportello/channels"
	"sportello/channels/socket"
)

// feed brings lines to one connection. Invariants:
//   - pos is the position up to which every line was sent; the browser learns it as "upto" and resumes from it.
//   - pos moves over what the record returned after it, or over a line that is known to be the next one (see follows), and over nothing
//     else: a lost push is a delay and never a gap, because the next look begins at pos and finds what was lost.
//   - a line may be sent twice (pushed late and found by position); browsers know lines by their id.
//   - frames go out in the order in which mu was held.
//
// Reading the record for every line is the dearest thing that this room does: a visitor's own message would be read back by each of his
// tabs. It is spared where nothing can be learned from it. Positions count all events of the conversation's journal, of which a visitor
// sees few, so that the next line is seldom at pos+1. Hence the record says with each message since which position there has been no
// other (channels.Accepted.Since, channels.Outbound.Since), and the push passes that on. If that is not after pos+1, then no message at
// all lies between pos and the line: none whose push was lost, none on its way, and none that still waits at the gate, since it would
// have its position already. Then the push is as good as the record. In any doubt (another conversation, a closed one that may have
// been reopened, a repeat whose first text counts, a message between) the record is read.
//
// The visitor's own message whose place is not known is not urgent to the connection that sent it, which has the acknowledgement: it
// waits for the next line of somebody else, which reads the record anyway, and for lookSoon at most. pos does not pass it before.
type feed struct {
	mu       sync.Mutex
	live     bool // the browser has resumed
	epoch    string
	open     bool
	pos      int64
	receipts []receipt   // agents' lines sent on this connection and not known to be read
	soon     *time.Timer // a look is due; nil for none
	own      string      // the id of the own line for which it is due; its echo asks for nothing

	in      sync.Mutex
	pushes  []Push
	working bool
	stopped bool
}

// receipt is what the browser's acknowledgements will settle.
type receipt struct {
	seq       int64
	outbox    string
	delivered bool
}

// The bounds of a feed. What falls out of receipts stays "sent" until the browser resumes; too many pushes end the connection.
const (
	receiptLimit  = 500
	pushLimit     = 1000
	linesPerPart  = 40
	receiptWindow = 200 // positions before the browser's own in which receipts are looked for at a resume
)

func (f *feed) resumed() bool { f.mu.Lock(); defer f.mu.Unlock(); return f.live }

func (f *feed) isOpen() bool { f.mu.Lock(); defer f.mu.Unlock(); return f.live && f.open }

func (f *feed) conversation() string { f.mu.Lock(); defer f.mu.Unlock(); return f.epoch }

// begun notes the first conversation of a visitor who had none, so that its beginning is not taken for a reset.
func (f *feed) begun(epoch string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.epoch == "" {
		f.epoch, f.open = epoch, true
	}
}

// close makes the feed deaf. A goroutine that is at work ends by itself.
func (f *feed) close() {
	f.in.Lock()
	f.stopped, f.pushes = true, nil
	f.in.Unlock()
}

// resume starts the feed at the browser's position, or anew. Lines between read and seq are not sent again, but their receipts
// are wanted: the browser has them and has not said that they were seen.
func (ss *session) resume(in inFrame) {
	f := &ss.feed
	f.mu.Lock()
	defer f.mu.Unlock()
	seq, read := max(in.Seq, 0), max(in.Read, 0)
	f.live, f.epoch, f.pos, f.receipts = false, in.Epoch, seq, nil
	from := seq
	if read < seq && seq-read <= receiptWindow {
		from = read
	}
	if _, ok := f.fetch(ss, from); ok {
		f.live = true
		return
	}
	ss.conn.Close(socket.Internal) // the browser comes again
}

// look asks the record for lines whose push was lost.
func (f *feed) look(ss *session) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.live {
		f.fetch(ss, f.pos)
	}
}

// fetch sends what the record has after pos; lines from "from" to pos only count for receipts. It returns the lines sent, and
// false if the record could not be asked. The caller holds mu.
func (f *feed) fetch(ss *session, from int64) ([]Line, bool) {
	ctx, done := within()
	defer done()
	if f.soon != nil { // this is the look that was due
		f.soon.Stop()
		f.soon = nil
	}
	talk, err := ss.srv.deps.Record.Talk(ctx, ss.acc.ID, ss.visitor, f.epoch, from)
	if err == nil && !talk.Reset && talk.Epoch == f.epoch && f.pos > talk.LastSeq {
		talk, err = ss.srv.deps.Record.Talk(ctx, ss.acc.ID, ss.visitor, "", 0) // a position that never was: begin anew
	}
	if err != nil {
		ss.log().Error("chat lines not read", "error", err)
		return nil, false
	}
	reset := talk.Reset || talk.Epoch != f.epoch || f.pos > talk.LastSeq
	if reset {
		f.epoch, f.pos, f.receipts = talk.Epoch, 0, nil
	}
	fresh := make([]Line, 0, len(talk.Lines))
	for _, l := range talk.Lines {
		f.note(l)
		if l.Seq > f.pos {
			fresh = append(fresh, l)
		}
	}
	changed := f.open != talk.Open
	f.open = talk.Open
	if reset || changed || !f.live || len(fresh) > 0 {
		f.send(ss, fresh, reset, max(talk.LastSeq, f.pos))
	}
	return fresh, true
}

// send sends lines in parts of bearable size and moves the position with each; lines of one position are in one part, so that none of
// them is passed over by who resumes after it. The caller holds mu.
func (f *feed) send(ss *session, lines []Line, reset bool, upto int64) {
	for first := true; first || len(lines) > 0; first = false {
		n := min(len(lines), linesPerPart)
		for n > 0 && n < len(lines) && lines[n].Seq == lines[n-1].Seq {
			n++
		}
		part := outFrame{T: outLines, Epoch: f.epoch, Open: f.open, Reset: reset && first, Upto: upto}
		for _, l := range lines[:n] {
			part.Lines = append(part.Lines, wireOf(l))
		}
		if lines = lines[n:]; len(lines) > 0 {
			part.Upto = part.Lines[n-1].Seq
		}
		f.pos = part.Upto
		ss.send(part)
	}
}

// note remembers that receipts are wanted for a line. The caller holds mu.
func (f *feed) note(l Line) {
	if l.Outbox == "" || l.From == FromVisitor || l.State == channels.StateRead {
		return
	}
	for _, r := range f.receipts {
		if r.outbox == l.Outbox {
			return
		}
	}
	if len(f.receipts) >= receiptLimit {
		f.receipts = f.receipts[1:]
	}
	f.receipts = append(f.receipts, receipt{l.Seq, l.Outbox, l.State == channels.StateDelivered})
}

// settle tells the record that lines up to seq were delivered or read. Receipts may repeat: the record keeps the furthest.
func (f *feed) settle(ss *session, seq int64, state channels.State) {
	for _, outbox := range f.reached(seq, state) {
		ctx, done := within()
		err := ss.srv.deps.Sink.Settle(ctx, channels.Receipt{
			Account: ss.acc.ID, Kind: channels.Chat, OutboxID: outbox, Recipient: ss.visitor, State: state, At: ss.srv.deps.Now(),
		})
		done()
		if err != nil {
			ss.log().Error("chat receipt not settled", "error", err)
		}
	}
}

// reached returns the outbox rows that a new position settles.
func (f *feed) reached(seq int64, state channels.State) []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	var rows []string
	kept := f.receipts[:0]
	for _, r := range f.receipts {
		if r.seq <= seq && (state == channels.StateRead || !r.delivered) {
			rows = append(rows, r.outbox)
			r.delivered = true
			if state == channels.StateRead {
				continue
			}
		}
		kept = append(kept, r)
	}
	f.receipts = kept
	if len(kept) == 0 {
		f.receipts = nil
	}
	return rows
}
