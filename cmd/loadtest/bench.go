package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"sportello/agentui/wire"
	"sportello/channels/channeltest"
	"sportello/channels/pause"
	"sportello/inbox"
)

// bench drives one gateway.
type bench struct {
	target
	opt    measuring
	dir    string // for logs
	say    func(string)
	limits *limits
	report *report
	prefix string // of the rows' names, such as "grown: "

	boss  *channeltest.Staff
	staff []agent
}

// agent is somebody with a queue, from which conversations come to him.
type agent struct {
	*channeltest.Staff
	queue inbox.QueueID
}

// target is where a gateway and its parts are.
type target struct {
	public, metrics string         // http://host:port
	origin, account string         // of the chat
	redis           string         // host:port
	record          string         // as in the gateway's settings
	pids            map[string]int // gateway, postgres, redis, dovecot; what is not there is not measured
	smsURL          string         // where the provider announces a text
	lite            bool           // SQLite, and Redis inside the gateway

	manager  string // address
	agents   []string
	password string // everybody's
}

// measuring says how long and how much.
type measuring struct {
	Seconds int `help:"Length of each measurement." default:"10"`
	Sockets int `help:"Idle sockets of each kind." default:"2000"`
	Mails   int `help:"Mails delivered into Dovecot." default:"4000"`

	Profile string `help:"Folder for profiles of the gateway and statements of PostgreSQL, for each kind of message; the heaviest are printed where a bar is missed." type:"path" placeholder:"DIR"`
}

func (m measuring) length() time.Duration { return time.Duration(m.Seconds) * time.Second }

const (
	visitors = 64
	warmUp   = 2 * time.Second
	patience = 10 * time.Second // how long a message may be on its way before it counts as lost
)

// signIn signs everybody in and finds out which queues the agents serve.
func (b *bench) signIn(ctx context.Context) (err error) {
	if b.boss, err = channeltest.SignIn(ctx, b.public, b.manager, b.password); err != nil {
		return err
	}
	var house wire.Directory
	if err := b.boss.Do(ctx, http.MethodGet, "/api/directory", nil, &house); err != nil {
		return err
	}
	queues := map[string]inbox.QueueID{}
	for _, a := range house.Agents {
		if len(a.Queues) > 0 {
			queues[string(a.ID)] = a.Queues[0]
		}
	}
	b.staff = nil
	for _, address := range b.agents {
		s, err := channeltest.SignIn(ctx, b.public, address, b.password)
		if err != nil {
			return fmt.Errorf("%s: %w", address, err)
		}
		if queues[s.ID] == "" {
			return fmt.Errorf("%s serves no queue", address)
		}
		b.staff = append(b.staff, agent{s, queues[s.ID]})
	}
	return nil
}

// sample is what was measured of one kind of message.
type sample struct {
	times   latencies
	on      atomic.Bool
	done    atomic.Int64 // within the measured time
	lost    atomic.Int64
	took    time.Duration
	cpu     map[string]time.Duration
	why     *reasons // nil when nobody looked
	mu      sync.Mutex
	failure error // the first
}

// add counts a message that began at start and has arrived.
func (s *sample) add(start, arrived time.Time) {
	if s.on.Load() {
		s.done.Add(1)
		s.times.add(arrived.Sub(start))
	}
}

func (s *sample) fail(err error) {
	s.lost.Add(1)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.failure == nil {
		s.failure = err
	}
}

func (s *sample) perSecond() float64 { return float64(s.done.Load()) / s.took.Seconds() }

// perMessage is what each process spent on a message, in ms.
func (s *sample) perMessage() map[string]float64 {
	out := map[string]float64{}
	for name, d := range s.cpu {
		out[name] = d.Seconds() * 1000 / float64(max(s.done.Load(), 1))
	}
	return out
}

// measure starts work, lets it run warm, measures for the usual length, stops it and waits for it.
func (b *bench) measure(ctx context.Context, name string, work func(ctx context.Context, s *sample)) (*sample, error) {
	s := &sample{cpu: map[string]time.Duration{}}
	running, stop := context.WithCancel(ctx)
	defer stop()
	var group sync.WaitGroup
	group.Go(func() { work(running, s) })
	pause.For(running, warmUp)
	before, err := b.processors()
	if err != nil {
		return nil, err
	}
	look, err := b.profile(running, name)
	if err != nil {
		return nil, err
	}
	defer look.begin(running)()
	start := time.Now()
	s.on.Store(true)
	pause.For(running, b.opt.length())
	s.on.Store(false)
	s.took = time.Since(start)
	after, err := b.processors()
	if err == nil {
		s.why, err = look.end(running, s.done.Load())
	}
	stop()
	group.Wait()
	for name := range after {
		s.cpu[name] = after[name] - before[name]
	}
	if s.failure != nil {
		b.say(fmt.Sprintf("%d messages were lost or refused, the first: %v", s.lost.Load(), s.failure))
	}
	if err == nil && s.done.Load() == 0 {
		err = joined(s.failure, errors.New("nothing arrived"))
	}
	return s, joined(ctx.Err(), err)
}

// processors is cpuTimes of the gateway and its parts, and of this program.
func (b *bench) processors() (map[string]time.Duration, error) {
	roots := map[string]int{}
	for name, pid := range b.pids {
		roots[name] = pid
	}
	all, err := cpuTimes(roots)
	if err != nil {
		return nil, err
	}
	all["driver"], err = ownCPU()
	return all, err
}

func listen(ctx context.Context) (net.Listener, error) {
	return (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
}
