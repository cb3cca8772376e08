package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/google/uuid"

	"sportello/agentui/wire"
	"sportello/channels/channeltest"
	"sportello/channels/pause"
	"sportello/inbox"
)

// room is where visitors and agents talk: every visitor has a conversation, every conversation an agent, every agent an open console.
type room struct {
	talks []*talk
	desks []*channeltest.Desk
}

// talk is one conversation. A text carries the mark of its talk and its number, by which it is known when it arrives.
type talk struct {
	index   int
	visitor *channeltest.Visitor
	agent   agent
	id      inbox.ConversationID

	n      atomic.Int64 // number of the text that is on its way
	seen   chan arrival // by the agent
	heard  chan arrival // by the visitor
	writes sync.Mutex   // one text at a time
}

type arrival struct {
	n  int64
	at time.Time
}

var mark = []byte("~lt")

// text is the next text of a talk.
func (t *talk) text() (n int64, text string) {
	n = t.n.Add(1)
	return n, fmt.Sprintf("~lt%d.%d~ %s", t.index, n, body)
}

// marked finds the first mark in b.
func marked(b []byte) (index int, n int64, ok bool) {
	_, rest, ok := bytes.Cut(b, mark)
	if !ok {
		return 0, 0, false
	}
	end := bytes.IndexByte(rest, '~')
	if end < 0 || end > 40 {
		return 0, 0, false
	}
	first, second, ok := bytes.Cut(rest[:end], []byte("."))
	if !ok {
		return 0, 0, false
	}
	index, err := strconv.Atoi(string(first))
	if err != nil {
		return 0, 0, false
	}
	n, err = strconv.ParseInt(string(second), 10, 64)
	return index, n, err == nil
}

var receivedType = []byte(`"type":"message.received"`)

// screen takes what an agent's console is sent.
func (r *room) screen(frame []byte) {
	if !bytes.Contains(frame, receivedType) {
		return
	}
	index, n, ok := marked(frame)
	if ok && index < len(r.talks) && n == r.talks[index].n.Load() {
		tell(r.talks[index].seen, n)
	}
}

// tell says that a text has arrived. One that arrives twice is told once.
func tell(to chan arrival, n int64) {
	select {
	case to <- arrival{n, time.Now()}:
	default:
	}
}

// await waits for the n-th text.
func await(ctx context.Context, from chan arrival, n int64) (time.Time, error) {
	late := time.NewTimer(patience)
	defer late.Stop()
	for {
		select {
		case a := <-from:
			if a.n == n {
				return a.at, nil
			}
		case <-late.C:
			return time.Time{}, fmt.Errorf("a message did not arrive within %s", patience)
		case <-ctx.Done():
			return time.Time{}, ctx.Err()
		}
	}
}

// openRoom lets visitors in and gives their conversations to the agents.
func (b *bench) openRoom(ctx context.Context) (*room, error) {
	r := &room{}
	for i := range visitors {
		r.talks = append(r.talks, &talk{index: i, agent: b.staff[i%len(b.staff)], seen: make(chan arrival, 4), heard: make(chan arrival, 4)})
	}
	for _, s := range b.staff {
		desk, err := s.Open(ctx, r.screen)
		if err != nil {
			return r, err
		}
		r.desks = append(r.desks, desk)
	}
	for _, t := range r.talks {
		if err := b.begin(ctx, t); err != nil {
			return r, err
		}
	}
	return r, nil
}

// begin lets one visitor in, has him say the first word, and gives the conversation to its agent.
func (b *bench) begin(ctx context.Context, t *talk) (err error) {
	if t.visitor, err = channeltest.NewVisitor(ctx, b.public, b.account, b.origin, "it"); err != nil {
		return err
	}
	go t.listen()
	_, text := t.text()
	if err := t.visitor.Say(ctx, uuid.NewString(), text); err != nil {
		return err
	}
	t.id = inbox.ConversationID(t.visitor.Conversation())
	if err := b.give(ctx, t); err != nil {
		return fmt.Errorf("give a conversation to an agent: %w", err)
	}
	// From the first text that his screen shows on, the conversation is his in the live inbox as well.
	for range 50 {
		n, text := t.text()
		if err := t.visitor.Say(ctx, uuid.NewString(), text); err != nil {
			return err
		}
		brief, cancel := context.WithTimeout(ctx, 500*time.Millisecond)
		_, err = await(brief, t.seen, n)
		cancel()
		if err == nil || ctx.Err() != nil {
			return err
		}
	}
	return errors.New("an agent's console shows nothing of his conversation")
}

// give passes a conversation to the queue of its agent, who takes it.
func (b *bench) give(ctx context.Context, t *talk) error {
	path := "/api/conversations/" + string(t.id)
	err := patiently(ctx, func() error {
		return b.boss.Do(ctx, http.MethodPost, path+"/transfer", wire.Transfer{ClientID: uuid.NewString(), Queue: t.agent.queue}, nil)
	})
	if err != nil {
		return err
	}
	return patiently(ctx, func() error {
		return t.agent.Do(ctx, http.MethodPost, path+"/take", wire.Command{ClientID: uuid.NewString()}, nil)
	})
}

// patiently tries again while the gateway says that it is too early: the rules have not placed the conversation yet, or the live inbox
// does not know it.
func patiently(ctx context.Context, do func() error) (err error) {
	for range 200 {
		err = do()
		var refused *channeltest.StatusError
		if !errors.As(err, &refused) || refused.Status != http.StatusConflict {
			return err
		}
		pause.For(ctx, 50*time.Millisecond)
	}
	return err
}

// listen takes what agents write until the visitor's connection ends.
func (t *talk) listen() {
	for l := range t.visitor.Lines() {
		if index, n, ok := marked([]byte(l.Text)); ok && index == t.index && n == t.n.Load() {
			tell(t.heard, n)
		}
	}
}

func (r *room) close() {
	for _, t := range r.talks {
		if t.visitor != nil {
			_ = t.visitor.Close() // the gateway notices
		}
	}
	for _, d := range r.desks {
		_ = d.Close()
	}
}

// write has the visitor write one text and returns when it was committed and shown to the agent.
func (t *talk) write(ctx context.Context) (arrived time.Time, err error) {
	t.writes.Lock()
	defer t.writes.Unlock()
	n, text := t.text()
	if err := t.visitor.Say(ctx, uuid.NewString(), text); err != nil {
		return time.Time{}, err
	}
	return await(ctx, t.seen, n)
}

// reply has the agent write one text and returns when the visitor has it.
func (t *talk) reply(ctx context.Context) (arrived time.Time, err error) {
	t.writes.Lock()
	defer t.writes.Unlock()
	n, text := t.text()
	say := wire.Reply{ClientID: uuid.NewString(), Text: text, SeenSeq: 1 << 40} // whatever came, the screen has shown it
	if err := t.agent.Do(ctx, http.MethodPost, "/api/conversations/"+string(t.id)+"/reply", say, nil); err != nil {
		return time.Time{}, err
	}
	return await(ctx, t.heard, n)
}

// loop is a closed loop: each talk sends its next text when the one before has arrived.
func (r *room) loop(once func(*talk, context.Context) (time.Time, error)) func(context.Context, *sample) {
	return func(ctx context.Context, s *sample) {
		var group sync.WaitGroup
		for _, t := range r.talks {
			group.Go(func() {
				for ctx.Err() == nil {
					if !try(ctx, t, s, time.Now(), once) {
						return
					}
				}
			})
		}
		group.Wait()
	}
}

// light sends 50 texts a second, whatever becomes of them; a time counts from when the text was due.
func (r *room) light(once func(*talk, context.Context) (time.Time, error)) func(context.Context, *sample) {
	return func(ctx context.Context, s *sample) {
		atLightLoad(ctx, func(i int, due time.Time) { try(ctx, r.talks[i%len(r.talks)], s, due, once) })
	}
}

// atLightLoad does something 50 times a second, whatever becomes of it, until ctx ends, and waits for all of it.
func atLightLoad(ctx context.Context, do func(i int, due time.Time)) {
	var group sync.WaitGroup
	defer group.Wait()
	tick := time.NewTicker(lightEvery)
	defer tick.Stop()
	for i := 0; ; i++ {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		due := time.Now()
		group.Go(func() { do(i, due) })
	}
}

// try sends one text and counts it. It reports false when no more should be sent.
func try(ctx context.Context, t *talk, s *sample, start time.Time, once func(*talk, context.Context) (time.Time, error)) bool {
	arrived, err := once(t, ctx)
	switch {
	case ctx.Err() != nil:
		return false
	case err != nil:
		s.fail(err)
		return false
	}
	s.add(start, arrived)
	return true
}

func ownCPU() (time.Duration, error) {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0, err
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano()), nil
}
