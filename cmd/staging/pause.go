package staging

import (
	"context"
	"time"
)

// startWait is how long a server may take to answer.
const startWait = time.Minute

// pause waits for d and reports false when ctx ends before.
func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}
