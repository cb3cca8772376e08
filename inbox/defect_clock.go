//go:build defect_clock

package inbox

import "time"

// ahead is half of a defect that the drill must find: rows that were written by a clock which was ahead wait until it is there again.
const ahead = 1000 * time.Hour
