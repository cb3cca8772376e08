package main

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"sync"
	"time"

	"sportello/channels/channeltest"
)

// crowd is many idle connections.
type crowd struct {
	open  []io.Closer
	after int64   // the gateway's resident memory
	bytes float64 // that it grew by for each
}

func (c *crowd) close() {
	for _, o := range c.open {
		_ = o.Close() // the gateway notices
	}
}

// settled is the gateway's resident memory after some time and a collection, which the runtime makes by itself every two minutes, so that
// the garbage of opening connections is not taken for what they need.
func (b *bench) settled(ctx context.Context, after time.Duration) (int64, error) {
	pause(ctx, after)
	for range 2 {
		if err := download(ctx, b.metrics+"/debug/pprof/heap?gc=1", os.DevNull); err != nil {
			return 0, err
		}
	}
	pause(ctx, 10*time.Second) // memory is given back bit by bit
	n, err := resident(b.pids["gateway"])
	return n, joined(ctx.Err(), err)
}

// crowd opens connections, 16 at a time, lets them be for as long as heartbeats take to go round, and sees how much the gateway is above
// before.
func (b *bench) crowd(ctx context.Context, name string, before int64, open func(ctx context.Context, i int) (io.Closer, error)) (*crowd, error) {
	c := &crowd{open: make([]io.Closer, 0, b.opt.Sockets)}
	var mu sync.Mutex
	var group sync.WaitGroup
	var failure error
	next := make(chan int)
	for range 16 {
		group.Go(func() {
			for i := range next {
				o, err := open(ctx, i)
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
	for i := range b.opt.Sockets {
		next <- i
	}
	close(next)
	group.Wait()
	if failure != nil {
		c.close()
		return nil, failure
	}
	var err error
	if c.after, err = b.settled(ctx, 20*time.Second); err != nil {
		c.close()
		return nil, err
	}
	c.bytes = float64(c.after-before) / float64(len(c.open))
	if b.opt.Profile != "" {
		file := filepath.Join(b.opt.Profile, "idle-"+name+"-")
		err = joined(err, download(ctx, b.metrics+"/debug/pprof/heap?gc=1", file+"heap.pprof"),
			download(ctx, b.metrics+"/debug/pprof/goroutine", file+"goroutine.pprof"),
			download(ctx, b.metrics+"/metrics", file+"metrics.txt"))
	}
	return c, joined(ctx.Err(), err)
}

// desk is one more tab of an agent.
func (b *bench) desk(ctx context.Context, i int) (io.Closer, error) {
	return b.staff[i%len(b.staff)].Open(ctx, nil)
}

// guest is a visitor who says nothing.
func (b *bench) guest(ctx context.Context, _ int) (io.Closer, error) {
	return channeltest.NewVisitor(ctx, b.public, b.account, b.origin, "it")
}
