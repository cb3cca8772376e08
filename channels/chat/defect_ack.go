//go:build defect_ack

package chat

import "math/rand/v2"

// losesAck is a defect that the drill must find: one acknowledgement in a hundred is lost.
func losesAck() bool { return rand.IntN(100) == 0 }
