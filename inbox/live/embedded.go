package live

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/alicebob/miniredis/v2"

	"sportello/channels/pause"
)

// EmbeddedFeedLength is Options.FeedLength for the embedded server. It reads a stream by looking at every entry, and is in memory.
const EmbeddedFeedLength = 1_000

// embeddedTick is how late the embedded server may be in ending what has a time to live.
const embeddedTick = 100 * time.Millisecond

// Embedded starts a Redis-protocol server inside the process, on a free port of the loopback. It keeps nothing on disk: what was in
// it is rebuilt from the record. close stops it, and may be called once.
//
// Its clock is moved by a goroutine. Left to itself it would look at every key's time to live in each command of a script.
func Embedded(ctx context.Context) (addr string, close func(), err error) {
	if err := ctx.Err(); err != nil {
		return "", nil, fmt.Errorf("start the embedded live inbox: %w", err)
	}
	m := miniredis.NewMiniRedis()
	begun := time.Now()
	m.SetTime(begun)
	m.ClockTTL(true)
	if err := m.StartAddr("127.0.0.1:0"); err != nil {
		return "", nil, fmt.Errorf("start the embedded live inbox: %w", err)
	}
	running, stop := context.WithCancel(context.WithoutCancel(ctx))
	var clock sync.WaitGroup
	clock.Go(func() {
		for pause.For(running, embeddedTick) {
			m.SetTime(begun.Add(time.Since(begun))) // by the monotonic clock: nobody sets it
		}
	})
	return m.Addr(), func() {
		stop()
		clock.Wait()
		m.Close()
	}, nil
}
