package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"sportello/channels/channeltest"
	"sportello/cmd/staging/process"
	"sportello/inbox/db"
)

// limits is what this machine can do at best with the parts that the gateway is made of, measured in the same run.
type limits struct {
	RowsPerSecond    float64 `json:"rows_per_second"`    // one-row transactions, 32 connections
	RowCPU           float64 `json:"row_cpu_ms"`         // of PostgreSQL
	Commit           float64 `json:"commit_p50_ms"`      // light load
	XAddPerSecond    float64 `json:"xadd_per_second"`    // 32 connections
	XAddCPU          float64 `json:"xadd_cpu_ms"`        // of Redis
	ScriptPerSecond  float64 `json:"script_per_second"`  // EVALSHA of a counter, a hash and a stream entry, 32 connections
	ScriptCPU        float64 `json:"script_cpu_ms"`      // of Redis
	Hop              float64 `json:"hop_p50_ms"`         // publish to subscriber, light load
	ForwardPerSecond float64 `json:"forward_per_second"` // websocket to websocket, 64 pairs
	ForwardCPU       float64 `json:"forward_cpu_ms"`     // of the server
	Forward          float64 `json:"forward_p50_ms"`     // light load
}

// light is the sum that a message at light load cannot be faster than.
func (l limits) light() float64 { return l.Commit + l.Hop + l.Forward }

const (
	rawConnections = 32
	rawFor         = 5 * time.Second
	lightEvery     = 20 * time.Millisecond // 50 a second
	body           = "Buongiorno, vorrei sapere quando arriva il mio ordine. Grazie mille!"
)

// measureLimits measures the machine. record is a database of the same server as the gateway's.
func (b *bench) measureLimits(ctx context.Context, record string) error {
	for _, step := range []struct {
		say string
		do  func(context.Context) error
	}{
		{"limits: PostgreSQL", func(ctx context.Context) error { return b.rawRows(ctx, record) }},
		{"limits: Redis", b.rawRedis},
		{"limits: sockets", b.rawForward},
	} {
		b.say(step.say)
		if err := step.do(ctx); err != nil {
			return fmt.Errorf("%s: %w", step.say, err)
		}
	}
	return nil
}

// rate runs do in n goroutines for rawFor and returns how often a second it was done, and what process spent on each, in ms.
func rate(process int, n int, do func(worker, i int) error) (perSecond, cpu float64, err error) {
	roots := map[string]int{"it": process}
	before, err := cpuTimes(roots)
	if err != nil {
		return 0, 0, err
	}
	start := time.Now()
	counts, errs := make([]int, n), make([]error, n)
	var group sync.WaitGroup
	for w := range n {
		group.Go(func() {
			for errs[w] == nil && time.Since(start) < rawFor {
				errs[w] = do(w, counts[w])
				counts[w]++
			}
		})
	}
	group.Wait()
	took := time.Since(start)
	after, err := cpuTimes(roots)
	if err := joined(append(errs, err)...); err != nil {
		return 0, 0, err
	}
	total := 0
	for _, c := range counts {
		total += c
	}
	used := after["it"] - before["it"]
	return float64(total) / took.Seconds(), used.Seconds() * 1000 / float64(total), nil
}

// paced does something at the light load's pace for rawFor and returns the median, in ms.
func paced(ctx context.Context, do func(i int) error) (float64, error) {
	var times latencies
	tick := time.NewTicker(lightEvery)
	defer tick.Stop()
	for i := range int(rawFor / lightEvery) {
		select {
		case <-ctx.Done():
			return 0, ctx.Err()
		case <-tick.C:
		}
		start := time.Now()
		if err := do(i); err != nil {
			return 0, err
		}
		times.add(time.Since(start))
	}
	return float64(times.quantile(.5)) / 1e6, nil
}

func (b *bench) rawRows(ctx context.Context, record string) error {
	d, err := db.Open(ctx, record)
	if err != nil {
		return err
	}
	defer d.Close() //nolint:errcheck // nothing in it is wanted again
	if _, err := d.ExecContext(ctx, `CREATE TABLE raw (id TEXT PRIMARY KEY, at BIGINT NOT NULL, body TEXT NOT NULL)`); err != nil {
		return err
	}
	insert := func(w, i int) error {
		_, err := d.ExecContext(ctx, `INSERT INTO raw (id, at, body) VALUES ($1, $2, $3)`, fmt.Sprintf("%d-%d", w, i), time.Now().UnixMilli(), body)
		return err
	}
	if b.limits.RowsPerSecond, b.limits.RowCPU, err = rate(b.pids["postgres"], rawConnections, insert); err != nil {
		return err
	}
	b.limits.Commit, err = paced(ctx, func(i int) error { return insert(-1, i) })
	return err
}

// rawScript does what the smallest useful script of a live inbox does.
const rawScript = `local n = redis.call('INCR', KEYS[1]) redis.call('HSET', KEYS[2], 'seq', n, 'j', ARGV[1])
return redis.call('XADD', KEYS[3], 'MAXLEN', '~', '100000', '*', 'e', ARGV[1])`

func (b *bench) rawRedis(ctx context.Context) error {
	conns := make([]*redisConn, rawConnections)
	for i := range conns {
		c, err := dialRedis(ctx, b.redis)
		if err != nil {
			return err
		}
		defer c.conn.Close() //nolint:errcheck // nothing is left to be said
		conns[i] = c
	}
	payload := strings.Repeat(body, 12) // about the size of an event
	var err error
	b.limits.XAddPerSecond, b.limits.XAddCPU, err = rate(b.pids["redis"], rawConnections, func(w, _ int) error {
		_, err := conns[w].do("XADD", "raw:stream", "MAXLEN", "~", "100000", "*", "e", payload)
		return err
	})
	if err != nil {
		return err
	}
	sha, err := conns[0].do("SCRIPT", "LOAD", rawScript)
	if err != nil {
		return err
	}
	b.limits.ScriptPerSecond, b.limits.ScriptCPU, err = rate(b.pids["redis"], rawConnections, func(w, _ int) error {
		_, err := conns[w].do("EVALSHA", sha, "3", "raw:n", "raw:h", "raw:script", payload)
		return err
	})
	if err != nil {
		return err
	}
	if _, err := conns[1].do("SUBSCRIBE", "raw:hop"); err != nil {
		return err
	}
	b.limits.Hop, err = paced(ctx, func(int) error {
		if _, err := conns[0].do("PUBLISH", "raw:hop", payload); err != nil {
			return err
		}
		_, err := conns[1].read()
		return err
	})
	if err != nil {
		return err
	}
	_, err = conns[0].do("DEL", "raw:stream", "raw:n", "raw:h", "raw:script")
	return err
}

// rawForward measures a second copy of this program, so that the server's processor time is told apart from the clients'.
func (b *bench) rawForward(ctx context.Context) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	address, err := process.FreeAddress()
	if err != nil {
		return err
	}
	log := filepath.Join(b.dir, "forward.log")
	c, err := process.Launch(exec.Command(self, "forward", address), log, syscall.SIGKILL) //nolint:noctx // it outlives the call
	if err != nil {
		return err
	}
	defer c.Stop() //nolint:errcheck // it keeps nothing
	err = c.Await(ctx, func(ctx context.Context) error { return greets(ctx, address, "GET / HTTP/1.0\r\n\r\n", "HTTP/1.0 404") })
	if err != nil {
		return err
	}
	pairs := make([]*channeltest.ForwardPair, visitors)
	for i := range pairs {
		if pairs[i], err = channeltest.DialForward(ctx, "http://"+address, fmt.Sprint(i)); err != nil {
			return err
		}
		defer pairs[i].Close()
	}
	message := []byte(strings.Repeat(body, 12))
	if b.limits.ForwardPerSecond, b.limits.ForwardCPU, err = rate(c.PID(), visitors, func(w, _ int) error { return pairs[w].Once(message) }); err != nil {
		return err
	}
	b.limits.Forward, err = paced(ctx, func(i int) error { return pairs[i%visitors].Once(message) })
	return err
}
