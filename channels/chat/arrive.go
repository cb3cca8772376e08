package chat

import (
	"encoding/json"
	"slices"
	"time"

	"sportello/channels/socket"
)

// pushed is the bus's callback: it must not block, so it leaves the push for a goroutine that lives as long as there is work.
func (ss *session) pushed(payload []byte) {
	var p Push
	if err := json.Unmarshal(payload, &p); err != nil {
		ss.log().Error("chat push not understood", "error", err)
		return
	}
	ss.enqueue(p)
}

// enqueue leaves a push for the goroutine that brings it to the browser.
func (ss *session) enqueue(p Push) {
	f := &ss.feed
	f.in.Lock()
	defer f.in.Unlock()
	if f.stopped {
		return
	}
	if len(f.pushes) >= pushLimit {
		ss.conn.Close(socket.SlowReader)
		return
	}
	f.pushes = append(f.pushes, p)
	if !f.working {
		f.working = true
		ss.srv.work.Go(func() { f.drain(ss) })
	}
}

// drain works until no push is left.
func (f *feed) drain(ss *session) {
	for {
		f.in.Lock()
		if f.stopped || len(f.pushes) == 0 {
			f.pushes, f.working = nil, false
			f.in.Unlock()
			return
		}
		p := f.pushes[0]
		f.pushes = f.pushes[1:]
		f.in.Unlock()
		f.push(ss, p)
	}
}

// push brings one push to the browser.
func (f *feed) push(ss *session, p Push) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.live {
		return // resume will read it from the record
	}
	switch {
	case p.Kind == PushTyping && p.Epoch == f.epoch:
		ss.send(outFrame{T: outTyping, Name: p.Name})
	case p.Kind == PushSeen && p.Epoch == f.epoch:
		ss.send(outFrame{T: outSeen, Epoch: p.Epoch, Seq: p.Seq})
	case p.Kind == PushTalk:
		f.fetch(ss, f.pos)
	case p.Kind == PushLine && p.Line != nil:
		f.line(ss, p)
	}
}

// line shows a pushed line: from the push if it is the next one, else by asking the record what there is after the position, and by
// itself if the record cannot be asked now, or if it lies before the position: an agent's line that passed the gate after a later one. A
// visitor's line is never late.
func (f *feed) line(ss *session, p Push) {
	here := p.Epoch == f.epoch
	if f.follows(p) {
		f.show(ss, p)
		return
	}
	if here && p.Line.From == FromVisitor && (p.Line.Seq <= f.pos || (f.soon != nil && p.Line.ID == f.own)) {
		return
	}
	var sent []Line
	if !here || p.Line.Seq > f.pos {
		sent, _ = f.fetch(ss, f.pos)
	}
	same := func(l Line) bool { return l.ID == p.Line.ID }
	if p.Epoch != f.epoch || p.Line.ID == "" || slices.ContainsFunc(sent, same) {
		return
	}
	f.note(*p.Line)
	ss.send(outFrame{T: outLines, Epoch: f.epoch, Open: f.open, Upto: f.pos, Lines: []wireLine{wireOf(*p.Line)}})
}

// follows reports whether a pushed line is the next one after the position, with nothing between, so that the push can stand for the
// record. The caller holds mu.
func (f *feed) follows(p Push) bool {
	l := p.Line
	if !f.open || f.epoch == "" || p.Epoch != f.epoch || l.ID == "" || l.Seq <= f.pos {
		return false
	}
	return l.Seq == f.pos+1 || (p.Since > 0 && p.Since <= f.pos+1)
}

// show sends a line that follows. The caller holds mu.
func (f *feed) show(ss *session, p Push) {
	f.note(*p.Line)
	f.send(ss, []Line{*p.Line}, false, p.Line.Seq)
}

// wrote takes the connection's own message, which the record has just taken: shown at once if it is the next line, else soon.
func (f *feed) wrote(ss *session, p Push) {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case !f.live || p.Epoch != f.epoch || p.Line.ID == "" || p.Line.Seq <= f.pos: // there already, or left to the echo
	case f.follows(p):
		f.show(ss, p)
	default:
		f.own = p.Line.ID
		if f.soon == nil {
			f.soon = time.AfterFunc(lookSoon, func() { ss.enqueue(Push{Kind: PushTalk}) })
		}
	}
}
