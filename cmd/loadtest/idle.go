package main

import (
	"context"
	"io"
	"path/filepath"
	"sync"
	"time"

	"sportello/channels/channeltest"
)

// crowd is many idle connections.
type crowd struct {
	open  []io.Closer
	bytes float64 // that the gateway grew by for each
}

func (c *crowd) close() {
	for _, o := range c.open {
		_ = o.Close() // the gateway notices
	}
}

// crowd opens connections, 16 at a time, lets them be for as long as heartbeats take to go round, and sees how the gateway has grown.
func (b *bench) crowd(ctx context.Context, name string, open func(ctx context.Context, i int) (io.Closer, error)) (*crowd, error) {
	before, err := resident(b.pids["gateway"])
	if err != nil {
		return nil, err
	}
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
	pause(ctx, 20*time.Second)
	after, err := resident(b.pids["gateway"])
	c.bytes = float64(after-before) / float64(len(c.open))
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
