package live

import (
	"context"
	"fmt"

	"github.com/alicebob/miniredis/v2"
)

// Embedded starts a Redis-protocol server inside the process, on a free port of the loopback. It keeps nothing on disk: what was in
// it is rebuilt from the record. close stops it and may be called once.
func Embedded(ctx context.Context) (addr string, close func(), err error) {
	if err := ctx.Err(); err != nil {
		return "", nil, fmt.Errorf("start the embedded live inbox: %w", err)
	}
	m := miniredis.NewMiniRedis()
	m.ClockTTL(true) // else leases never lapse
	if err := m.StartAddr("127.0.0.1:0"); err != nil {
		return "", nil, fmt.Errorf("start the embedded live inbox: %w", err)
	}
	return m.Addr(), m.Close, nil
}
