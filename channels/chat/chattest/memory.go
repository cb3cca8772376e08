// Package chattest is an in-memory record, bus and presence for tests and demonstrations of live chat. It keeps what it is given for
// the life of the process and must not be used where a message has to survive.
package chattest

import (
	"context"
	"fmt"
	"sync"
	"time"

	"sportello/channels"
	"sportello/channels/chat"
)

// Memory implements channels.Sink, chat.Record, chat.Bus and chat.Presence. The zero value is not usable; call New. It is safe for
// concurrent use.
type Memory struct {
	now func() time.Time

	mu       sync.Mutex
	talks    map[string]*talk // by account and visitor
	byID     map[string]channels.Accepted
	inbound  []channels.Inbound
	receipts []channels.Receipt
	present  map[string]time.Time
	first    map[string]string
	topics   map[string]map[int]func([]byte)
	number   int
	refuse   error
	deaf     bool
	reads    int
}

type talk struct {
	epoch string
	open  bool
	seq   int64
	lines []chat.Line
}

// New returns an empty Memory.
func New(now func() time.Time) *Memory {
	return &Memory{
		now: now, talks: map[string]*talk{}, byID: map[string]channels.Accepted{},
		present: map[string]time.Time{}, first: map[string]string{}, topics: map[string]map[int]func([]byte){},
	}
}

func key(account channels.AccountID, visitor string) string {
	return string(account) + "\x00" + visitor
}

// Refuse makes Accept, Talk and First fail with err until it is called with nil.
func (m *Memory) Refuse(err error) { m.mu.Lock(); defer m.mu.Unlock(); m.refuse = err }

// Deaf makes the bus lose everything, or hear again.
func (m *Memory) Deaf(deaf bool) { m.mu.Lock(); defer m.mu.Unlock(); m.deaf = deaf }

// First is the chat.Deps function of that name. Nothing is forgotten.
func (m *Memory) First(_ context.Context, name, who string, _ time.Duration) (string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.refuse != nil {
		return "", m.refuse
	}
	if m.first[name] == "" {
		m.first[name] = who
	}
	return m.first[name], nil
}

// Accept implements channels.Sink.
func (m *Memory) Accept(_ context.Context, in channels.Inbound) (channels.Accepted, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.refuse != nil {
		return channels.Accepted{}, m.refuse
	}
	id := string(in.Account) + "\x00" + in.External
	if got, ok := m.byID[id]; ok {
		got.Duplicate, got.Since = true, 0
		return got, nil
	}
	t := m.talk(in.Account, in.From.Value)
	since := t.seq + 1
	t.seq++
	l := chat.Line{
		Seq: t.seq, ID: m.next("m"), ClientID: in.Meta["client_id"], From: chat.FromVisitor, Text: in.Text, At: m.now(),
	}
	t.lines = append(t.lines, l)
	m.inbound = append(m.inbound, in)
	got := channels.Accepted{Conversation: t.epoch, Message: l.ID, Seq: l.Seq, Since: since}
	m.byID[id] = got
	return got, nil
}

// talk returns the visitor's open conversation, or begins one. The caller holds mu.
func (m *Memory) talk(account channels.AccountID, visitor string) *talk {
	t := m.talks[key(account, visitor)]
	if t == nil || !t.open {
		t = &talk{epoch: m.next("c"), open: true}
		m.talks[key(account, visitor)] = t
	}
	return t
}

func (m *Memory) next(prefix string) string { m.number++; return fmt.Sprintf("%s%d", prefix, m.number) }

// Write writes an agent's line into the record and returns the outbound message that the dispatcher would hand to the Sender.
func (m *Memory) Write(account channels.AccountID, visitor, name, text string) channels.Outbound {
	m.mu.Lock()
	defer m.mu.Unlock()
	t := m.talk(account, visitor)
	since := t.seq + 1
	t.seq += 2 // something else happened in the journal meanwhile: positions have holes
	l := chat.Line{Seq: t.seq, ID: m.next("m"), Outbox: m.next("o"), From: chat.FromAgent, Name: name, Text: text, At: m.now(), State: channels.StateSending}
	t.lines = append(t.lines, l)
	return channels.Outbound{
		ID: l.Outbox, Account: account, Kind: channels.Chat, Text: text, Conversation: t.epoch, Message: l.ID, Seq: l.Seq, Since: since, At: l.At,
		From: channels.Address{Kind: channels.Chat, Value: string(account), Name: name},
		To:   []channels.Address{{Kind: channels.Chat, Value: visitor}},
	}
}

// Merge has the visitor's conversation go on in another one, which brings his lines with it, all at position 1.
func (m *Memory) Merge(account channels.AccountID, visitor string) (epoch string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	t := m.talk(account, visitor)
	t.epoch, t.seq = m.next("c"), 1
	for i := range t.lines {
		t.lines[i].Seq = 1
	}
	return t.epoch
}

// End closes the visitor's conversation.
func (m *Memory) End(account channels.AccountID, visitor string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if t := m.talks[key(account, visitor)]; t != nil {
		t.open = false
	}
}

// Settle implements channels.Sink.
func (m *Memory) Settle(_ context.Context, r channels.Receipt) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.receipts = append(m.receipts, r)
	for _, t := range m.talks {
		for i := range t.lines {
			if t.lines[i].Outbox == r.OutboxID && t.lines[i].State.After(r.State) {
				t.lines[i].State = r.State
			}
		}
	}
	return nil
}

// Inbound returns what was accepted, without repeats.
func (m *Memory) Inbound() []channels.Inbound {
	m.mu.Lock()
	defer m.mu.Unlock()
	return append([]channels.Inbound(nil), m.inbound...)
}

// Receipts returns what was settled.
func (m *Memory) Receipts() []channels.Receipt {
	m.mu.Lock()
	defer m.mu.Unlock()
	return append([]channels.Receipt(nil), m.receipts...)
}

// Replay is how many lines Talk replays at most before it answers with a snapshot.
const Replay = 200

// Talk implements chat.Record.
func (m *Memory) Talk(_ context.Context, account channels.AccountID, visitor, epoch string, after int64) (chat.Talk, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.refuse != nil {
		return chat.Talk{}, m.refuse
	}
	m.reads++
	t := m.talks[key(account, visitor)]
	if t == nil {
		return chat.Talk{Reset: epoch != ""}, nil
	}
	got := chat.Talk{Epoch: t.epoch, Open: t.open, LastSeq: t.seq, Reset: epoch != t.epoch || after > t.seq}
	for _, l := range t.lines {
		if got.Reset || l.Seq > after {
			got.Lines = append(got.Lines, l)
		}
	}
	if n := len(got.Lines); n > Replay {
		got.Reset, got.Lines = true, append([]chat.Line(nil), t.lines[len(t.lines)-Replay:]...)
	}
	return got, nil
}

// Reads returns how often Talk was answered.
func (m *Memory) Reads() int { m.mu.Lock(); defer m.mu.Unlock(); return m.reads }

// Publish implements chat.Bus.
func (m *Memory) Publish(_ context.Context, topic string, payload []byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.deaf {
		return nil
	}
	for _, deliver := range m.topics[topic] {
		deliver(payload)
	}
	return nil
}

// Subscribe implements chat.Bus.
func (m *Memory) Subscribe(_ context.Context, topic string, deliver func([]byte)) (func(), error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.number++
	n := m.number
	if m.topics[topic] == nil {
		m.topics[topic] = map[int]func([]byte){}
	}
	m.topics[topic][n] = deliver
	return func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		if delete(m.topics[topic], n); len(m.topics[topic]) == 0 {
			delete(m.topics, topic)
		}
	}, nil
}

// Here implements chat.Presence.
func (m *Memory) Here(_ context.Context, account channels.AccountID, visitor string, ttl time.Duration) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.present[key(account, visitor)] = m.now().Add(ttl)
	return nil
}

// Gone implements chat.Presence.
func (m *Memory) Gone(_ context.Context, account channels.AccountID, visitor string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.present, key(account, visitor))
	return nil
}

// Present implements chat.Presence.
func (m *Memory) Present(_ context.Context, account channels.AccountID, visitor string) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	until, ok := m.present[key(account, visitor)]
	return ok && m.now().Before(until), nil
}
