package chat

import (
	"net"
	"net/http"
	"net/netip"
	"sync"
	"time"
)

// buckets are token buckets by key: burst at once, then one more every interval. It is bounded by forgetting full buckets.
type buckets struct {
	mu    sync.Mutex
	burst int
	every time.Duration
	full  map[string]time.Time // when the bucket of the key will be full again
	swept time.Time
}

func newBuckets(burst int, every time.Duration) *buckets {
	return &buckets{burst: burst, every: every, full: map[string]time.Time{}}
}

// take takes one token. If there is none it reports how long to wait.
func (b *buckets) take(key string, now time.Time) (wait time.Duration, ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.sweep(now)
	at := b.full[key]
	if at.Before(now) || at.Sub(now) > time.Duration(b.burst)*b.every { // no bucket takes longer to fill: the clock was set back
		at = now
	}
	at = at.Add(b.every)
	if over := at.Sub(now) - time.Duration(b.burst)*b.every; over > 0 {
		return over, false
	}
	b.full[key] = at
	return 0, true
}

// sweep forgets full buckets, at most once per time that a bucket takes to fill. The caller holds mu.
func (b *buckets) sweep(now time.Time) {
	if now.Sub(b.swept).Abs() < time.Duration(b.burst)*b.every {
		return
	}
	b.swept = now
	for k, at := range b.full {
		if !at.After(now) {
			delete(b.full, k)
		}
	}
}

// remoteIP is the address of the connection itself.
func remoteIP(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}

// network is what one stranger commands: an IPv4 address, or an IPv6 /64, since a single host has a whole one (RFC 4291).
func network(ip string) string {
	a, err := netip.ParseAddr(ip)
	if err != nil {
		return ip
	}
	a = a.Unmap().WithZone("")
	if a.Is6() {
		if p, err := a.Prefix(64); err == nil {
			return p.String()
		}
	}
	return a.String()
}
