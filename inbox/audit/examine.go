package audit

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"sportello/channels"
	"sportello/inbox"
	"sportello/inbox/journal"
)

// examine looks at one stream with all that belongs to it. It reads nothing further.
func (x *examination) examine(s *stream) {
	missing := x.gaps(s)
	x.links(s)
	x.counts(s)
	x.sealed(s, missing)
	if s.name.Conversation() == "" {
		return
	}
	told := x.telling(s)
	x.messages(s, told)
	x.outbox(s, told)
}

// gaps names the numbers without an event, up to the last one that the stream counts.
func (x *examination) gaps(s *stream) (missing map[int64]bool) {
	missing = map[int64]bool{}
	gap := func(from, through int64) {
		if from > through {
			return
		}
		for n := from; n <= through; n++ {
			missing[n] = true
		}
		f := Finding{Code: EventMissing, Stream: s.name, Seq: from, Detail: fmt.Sprintf("event %d is missing", from)}
		if through > from {
			f.Through, f.Detail = through, fmt.Sprintf("events %d to %d are missing", from, through)
		}
		x.found(f)
	}
	next := int64(1)
	for _, e := range s.events {
		gap(next, e.Seq-1)
		next = e.Seq + 1
	}
	gap(next, s.last)
	return missing
}

// links names the events that are not what was written. An event is proved by its own hash and the one before it, so one whose
// predecessor is missing is proved only by the seals.
func (x *examination) links(s *stream) {
	before, chained := event{}, false
	for _, e := range s.events {
		follows := e.Seq == before.Seq+1
		switch {
		case e.hash == "" && chained:
			x.altered(s, e, "its hash is gone")
		case e.hash != "" && follows && e.Chain(before.hash) != e.hash:
			x.altered(s, e, "its hash does not fit: it was altered, or the one before it was, together with its hash")
		}
		before, chained = e, chained || e.hash != ""
		if s.unshown[e.Seq] && e.At.Before(x.until) {
			x.found(Finding{Code: EventUnshown, Stream: s.name, Seq: e.Seq, Day: x.day(e.At), Detail: fmt.Sprintf("event %d has waited since %s to be shown",
				e.Seq, e.At.In(x.q.Zone).Format("2006-01-02 15:04:05"))})
		}
	}
}

func (x *examination) altered(s *stream, e event, why string) {
	x.found(Finding{Code: EventAltered, Stream: s.name, Seq: e.Seq, Day: x.day(e.At), Detail: fmt.Sprintf("event %d (%s): %s", e.Seq, e.Type, why)})
}

// counts holds the stream against the row that counts it.
func (x *examination) counts(s *stream) {
	last := lastOf(s.events)
	switch {
	case !s.counted && last > 0:
		x.found(Finding{Code: RowMissing, Stream: s.name, Detail: "the journal has its events, the record does not have it"})
	case s.counted && last > s.last:
		x.found(Finding{Code: EventUncounted, Stream: s.name, Seq: s.last + 1, Through: last, Detail: fmt.Sprintf("the record counts %d events, the journal has %d", s.last, last)})
	}
}

// sealed holds the stream against the heads that were sealed.
func (x *examination) sealed(s *stream, missing map[int64]bool) {
	if len(s.events) == 0 && !s.counted && len(s.heads) > 0 {
		h := s.heads[len(s.heads)-1]
		x.found(Finding{Code: StreamMissing, Stream: s.name, Seq: 1, Through: h.seq, Day: h.day, Detail: fmt.Sprintf("nothing is left of its %d events, sealed on %s", h.seq, h.day)})
		return
	}
	for _, h := range s.heads {
		n, ok := slices.BinarySearchFunc(s.events, h.seq, func(e event, seq int64) int { return int(e.Seq - seq) })
		switch {
		case !ok && !missing[h.seq]:
			x.found(Finding{Code: EventMissing, Stream: s.name, Seq: h.seq, Day: h.day, Detail: fmt.Sprintf("event %d, sealed on %s, is missing", h.seq, h.day)})
		case ok && s.events[n].hash != h.hash:
			x.altered(s, s.events[n], "it was sealed on "+h.day+" with another hash: it, or one before it, was altered together with its hash")
		}
	}
}

// told is what the journal says of one message.
type told struct {
	event
	message inbox.Message
	state   channels.State // the one told last
	row     bool           // a message of that id is in the record
	account channels.AccountID
	kind    channels.Kind

	elsewhere bool // sent by another program: no row of the outbox belongs to it
}

// telling reads what the stream's events say of messages.
func (x *examination) telling(s *stream) []*told {
	var all []*told
	byID := map[inbox.MessageID]*told{}
	for _, e := range s.events {
		var ch inbox.Change
		if err := json.Unmarshal(e.Data, &ch); err != nil {
			x.altered(s, e, "it cannot be read")
			continue
		}
		if m := ch.Message; m != nil && (e.Type == journal.Received || e.Type == journal.Replied || e.Type == journal.Noted) {
			t := &told{event: e, message: *m, state: m.State, account: m.Account, kind: m.Kind,
				elsewhere: e.Type == journal.Replied && m.State == channels.StateSent}
			all, byID[m.ID] = append(all, t), t
		}
		if m := ch.Message; m != nil && e.Type == journal.Corrected && byID[m.ID] != nil {
			t := byID[m.ID] // what the message is held against from now on
			t.message, t.Content = *m, e.Content
		}
		if d := ch.Delivery; d != nil && byID[d.Message] != nil {
			byID[d.Message].state = d.State
		}
	}
	return all
}

// messages holds the rows of messages against the journal, and counts both.
func (x *examination) messages(s *stream, all []*told) {
	rows := map[inbox.MessageID]*inbox.Evidence{}
	for i, m := range s.messages {
		rows[m.ID] = &s.messages[i]
		if x.within(m.At) && m.Direction == inbox.In {
			x.line(m.Account, m.Kind, x.day(m.At)).Stored++
		}
	}
	for _, t := range all {
		m := rows[t.message.ID]
		if m != nil {
			t.row, t.account, t.kind = true, m.Account, m.Kind
			delete(rows, m.ID)
			x.compare(s, t, *m)
		} else {
			x.found(Finding{Code: MessageMissing, Stream: s.name, Seq: t.Seq, Message: t.message.ID, Account: t.account, Day: x.day(t.At),
				Detail: fmt.Sprintf("message %s of event %d is missing", t.message.ID, t.Seq)})
		}
		x.count(s, t)
	}
	for _, m := range s.messages {
		if rows[m.ID] != nil {
			x.found(Finding{Code: MessageUntold, Stream: s.name, Seq: m.Seq, Message: m.ID, Account: m.Account, Day: x.day(m.At), External: m.External,
				Detail: fmt.Sprintf("no event brought message %s", m.ID)})
		}
	}
}

// count adds a message of the journal to its line.
func (x *examination) count(s *stream, t *told) {
	if !x.within(t.At) || t.Type == journal.Noted || t.elsewhere {
		return
	}
	line := x.line(t.account, t.kind, x.day(t.At))
	switch {
	case t.Type == journal.Replied:
		line.Accepted++
	case s.unshown[t.Seq]:
		line.Received++
		line.Waiting++
	default:
		line.Received++
		line.Shown++
	}
}

// compare holds a message against the event that brought it.
func (x *examination) compare(s *stream, t *told, m inbox.Evidence) {
	f := Finding{Stream: s.name, Seq: t.Seq, Message: m.ID, Account: m.Account, Day: x.day(m.At), External: m.External}
	if differs := difference(t, m); differs != "" {
		f.Code, f.Detail = MessageAltered, fmt.Sprintf("message %s is not what event %d brought: %s", m.ID, t.Seq, differs)
		x.found(f)
	}
	// That an attempt has begun is not told.
	if m.State != t.state && !(m.State == channels.StateSending && t.state == channels.StateQueued) {
		f.Code, f.Detail = MessageState, fmt.Sprintf("message %s is %q, and the journal told %q", m.ID, m.State, t.state)
		x.found(f)
	}
}

// difference says in what a message differs from what its event brought, "" in nothing. Events from before there was a chain have no
// digest: of their messages only the words are compared.
func difference(t *told, m inbox.Evidence) string {
	var parts []string
	add := func(differs bool, what string) {
		if differs {
			parts = append(parts, what)
		}
	}
	add(m.Text != t.message.Text, "its text")
	if t.Content == "" {
		return strings.Join(parts, ", ")
	}
	content, err := m.Content()
	if err == nil && content == t.Content {
		return strings.Join(parts, ", ")
	}
	add(m.Seq != t.Seq, "its position")
	add(m.Direction != t.message.Direction, "its direction")
	add(m.Author != t.message.Author, "its author")
	add(m.ClientID != t.message.ClientID, "its client's id")
	add(m.Raw != t.message.Raw, "its raw form")
	add(!m.At.Equal(t.message.At), "its time")
	if m.Direction == inbox.In {
		add(m.Kind != t.message.Kind || m.Account != t.message.Account, "its account")
		add(m.From != t.message.From, "its sender")
		add(m.Subject != t.message.Subject, "its subject")
	}
	if len(parts) == 0 {
		return "its HTML, files, provider's id or another field"
	}
	return strings.Join(parts, ", ")
}

// outbox holds the rows of the outbox against the messages that they send.
func (x *examination) outbox(s *stream, all []*told) {
	messages := map[inbox.MessageID]*inbox.Evidence{}
	for i := range s.messages {
		messages[s.messages[i].ID] = &s.messages[i]
	}
	waits := map[inbox.MessageID]*told{}
	for _, t := range all {
		if t.Type == journal.Replied && !t.elsewhere {
			waits[t.message.ID] = t
		}
	}
	for _, r := range s.outbox {
		f := Finding{Stream: s.name, Message: r.message, Outbox: r.id, Account: r.account, Day: x.day(r.created)}
		if x.within(r.created) {
			x.line(r.account, r.kind, f.Day).leave(r.state)
		}
		t := waits[r.message]
		delete(waits, r.message)
		if t == nil {
			f.Code, f.Detail = OutboxUntold, fmt.Sprintf("no event wrote the message that row %s of the outbox sends", r.id)
			x.found(f)
			continue
		}
		f.Seq = t.Seq
		if differs := r.differs(messages[r.message]); differs != "" {
			f.Code, f.Detail = OutboxAltered, fmt.Sprintf("row %s of the outbox is not that of message %s: %s", r.id, r.message, differs)
			x.found(f)
		}
	}
	for _, t := range all {
		if waits[t.message.ID] != nil {
			x.found(Finding{Code: OutboxMissing, Stream: s.name, Seq: t.Seq, Message: t.message.ID, Account: t.account, Day: x.day(t.At),
				Detail: fmt.Sprintf("message %s has no row in the outbox: it neither left nor waits", t.message.ID)})
		}
	}
}

// differs says in what a row differs from its message; "" when it does not, or when the message is missing, which is named elsewhere.
func (r row) differs(m *inbox.Evidence) string {
	if m == nil {
		return ""
	}
	e, to := r.envelope, ""
	if len(e.To) > 0 {
		to = e.To[0].Value
	}
	switch {
	case r.unread:
		return "its envelope cannot be read"
	case e.ID != r.id || e.Message != string(m.ID) || e.Seq != m.Seq || e.Conversation != string(m.Conversation):
		return "its envelope names another message"
	case e.Text != m.Text || r.kind == channels.Email && e.HTML != m.HTML:
		return "its text"
	case to != m.Peer:
		return "its recipient"
	case r.kind != m.Kind || r.account != m.Account || e.Kind != m.Kind || e.Account != m.Account:
		return "its account"
	case r.state != m.State:
		return fmt.Sprintf("it is %q, the message is %q", r.state, m.State)
	}
	return ""
}

// leave counts a row of the outbox by its state.
func (b *Balance) leave(s channels.State) {
	switch s {
	case channels.StateQueued:
		b.Queued++
	case channels.StateSending:
		b.Sending++
	case channels.StateSent:
		b.Sent++
	case channels.StateDelivered:
		b.Delivered++
	case channels.StateRead:
		b.Read++
	case channels.StateFailed:
		b.Failed++
	case channels.StateUnknown:
		b.Unknown++
	case channels.StateCanceled:
		b.Canceled++
	}
}
