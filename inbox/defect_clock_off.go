//go:build !defect_clock

package inbox

import "time"

// ahead is what a row of the outbox may be ahead of the clock by.
const ahead = 5 * time.Second
