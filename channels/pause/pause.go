// Package pause waits for a while, unless it is told to stop. It stands left of everything, because every room has loops that try again.
package pause

import (
	"context"
	"time"
)

// For waits for d and reports whether it is to go on: false as soon as ctx has ended.
func For(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return ctx.Err() == nil
	}
}
