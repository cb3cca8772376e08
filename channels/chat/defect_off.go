//go:build !defect_ack

package chat

// losesAck reports whether the acknowledgement of a committed message is lost: never, but for the defect that the drill must find.
func losesAck() bool { return false }
