//go:build defect_relay

package live

import (
	"math/rand/v2"
	"slices"

	"sportello/inbox/journal"
)

// rows is a defect that the drill must find: one event in ten is taken for relayed and is not.
func rows(batch []journal.Event) []journal.Event {
	return slices.DeleteFunc(slices.Clone(batch), func(journal.Event) bool { return rand.IntN(10) == 0 })
}
