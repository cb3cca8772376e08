package main

import (
	"fmt"
	"math/bits"
	"sync/atomic"
	"time"
)

// latencies counts times in buckets whose width is 1/64 of their value, from 1 ns to 1 h, so that a quantile is right within 2 % however
// long the tail is. It is safe for concurrent use.
type latencies struct {
	counts [64 * 37]atomic.Uint64
	n      atomic.Uint64
}

func bucket(d time.Duration) int {
	v := uint64(max(d, 0))
	exp := max(bits.Len64(v)-7, 0)
	return exp<<6 + int(v>>exp)
}

// upper is the longest time of a bucket.
func upper(i int) time.Duration {
	if i < 128 {
		return time.Duration(i)
	}
	exp := i>>6 - 1
	return time.Duration(i-exp<<6+1)<<exp - 1
}

func (l *latencies) add(d time.Duration) {
	l.counts[min(bucket(d), len(l.counts)-1)].Add(1)
	l.n.Add(1)
}

// quantile is the time that a share q of all stay within; 0 when nothing was counted.
func (l *latencies) quantile(q float64) time.Duration {
	want, seen := uint64(q*float64(l.n.Load())), uint64(0)
	for i := range l.counts {
		if seen += l.counts[i].Load(); seen > want {
			return upper(i)
		}
	}
	return 0
}

// quantiles are what is printed of latencies.
type quantiles struct {
	P50 float64 `json:"p50_ms"`
	P95 float64 `json:"p95_ms"`
	P99 float64 `json:"p99_ms"`
	Max float64 `json:"max_ms"`
	N   uint64  `json:"n"`
}

func (l *latencies) quantiles() *quantiles {
	ms := func(q float64) float64 { return float64(l.quantile(q)) / 1e6 }
	q := &quantiles{P50: ms(.50), P95: ms(.95), P99: ms(.99), N: l.n.Load()}
	for i := range l.counts {
		if l.counts[i].Load() > 0 {
			q.Max = float64(upper(i)) / 1e6
		}
	}
	return q
}

func (q *quantiles) String() string {
	return fmt.Sprintf("p50 %.2f  p95 %.2f  p99 %.2f  max %.2f ms", q.P50, q.P95, q.P99, q.Max)
}
