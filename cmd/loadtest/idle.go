package main

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"sync"
	"time"

	"sportello/channels/channeltest"
	"sportello/channels/pause"
)

// crowd is many idle connections.
type crowd struct {
	open  []io.Closer
	after int64   // the gateway's resident memory
	bytes float64 // that it grew by for each
	took  time.Duration
	cpu   map[string]float64 // what opening cost each process, in ms a connection
}

func (c *crowd) close() {
	for _, o := range c.open {
		_ = o.Close() // the gateway notices
	}
}

// settled is the gateway's resident memory after some time and a collection, which the runtime makes by itself every two minutes, so that
// the garbage of opening connections is not taken for what they need.
func (b *bench) settled(ctx context.Context, after time.Duration) (int64, error) {
	pause.For(ctx, after)
	for range 2 {
		if err := download(ctx, b.metrics+"/debug/pprof/heap?gc=1", os.DevNull); err != nil {
			return 0, err
		}
	}
	pause.For(ctx, 10*time.Second) // memory is given back bit by bit
	n, err := resident(b.pids["gateway"])
	return n, joined(ctx.Err(), err)
}

// crowd opens connections, lets them be for as long as heartbeats take to go round, and sees how much the gateway is above
// before.
func (b *bench) crowd(ctx context.Context, name string, before int64, open func(ctx context.Context, i int) (io.Closer, error)) (*crowd, error) {
	c := &crowd{open: make([]io.Closer, 0, b.opt.Sockets), cpu: map[string]float64{}}
	idle, err := b.processors()
	if err != nil {
		return nil, err
	}
	var look sync.WaitGroup
	if b.opt.Profile != "" {
		look.Go(func() {
			_ = download(ctx, b.metrics+"/debug/pprof/profile?seconds=2", filepath.Join(b.opt.Profile, "open-"+name+".pprof")) // shows where time goes, if it is there
		})
	}
	start := time.Now()
	err = c.connect(b.opt.Sockets, func(i int) (io.Closer, error) { return open(ctx, i) })
	c.took = time.Since(start)
	look.Wait()
	if err != nil {
		c.close()
		return nil, err
	}
	busy, err := b.processors()
	for part := range busy {
		c.cpu[part] = (busy[part] - idle[part]).Seconds() * 1000 / float64(len(c.open))
	}
	if err != nil {
		c.close()
		return nil, err
	}
	if c.after, err = b.settled(ctx, 20*time.Second); err != nil {
		c.close()
		return nil, err
	}
	c.bytes = float64(c.after-before) / float64(len(c.open))
	err = joined(err, b.evidence(ctx, name))
	return c, joined(ctx.Err(), err)
}

// connect opens connections, 16 at a time. It returns the first error.
func (c *crowd) connect(sockets int, open func(i int) (io.Closer, error)) error {
	var mu sync.Mutex
	var group sync.WaitGroup
	var failure error
	next := make(chan int)
	for range 16 {
		group.Go(func() {
			for i := range next {
				o, err := open(i)
				mu.Lock()
				if err != nil {
					failure = joined(failure, err)
				} else {
					c.open = append(c.open, o)
				}
				mu.Unlock()
			}
		})
	}
	for i := range sockets {
		next <- i
	}
	close(next)
	group.Wait()
	return failure
}

// evidence keeps what the gateway says of its memory, and what it makes in ten seconds in which nobody does anything.
func (b *bench) evidence(ctx context.Context, name string) error {
	if b.opt.Profile == "" {
		return nil
	}
	for file, path := range map[string]string{
		"metrics.txt": "/metrics", "goroutine.pprof": "/debug/pprof/goroutine",
		"heap.pprof": "/debug/pprof/heap?gc=1", "allocs.pprof": "/debug/pprof/allocs?seconds=10",
	} {
		if err := download(ctx, b.metrics+path, filepath.Join(b.opt.Profile, "idle-"+name+"-"+file)); err != nil {
			return err
		}
	}
	return nil
}

// desk is one more tab of an agent.
func (b *bench) desk(ctx context.Context, i int) (io.Closer, error) {
	return b.staff[i%len(b.staff)].Open(ctx, nil)
}

// guest is a visitor who says nothing.
func (b *bench) guest(ctx context.Context, _ int) (io.Closer, error) {
	return channeltest.NewVisitor(ctx, b.public, b.account, b.origin, "it")
}
