package main

import (
	"context"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

// The collector's usual pace lets garbage grow to as much as what lives. What lives here is mostly idle connections, so that a busy small
// gateway would collect all the time, and a large idle one keep as much garbage as it has connections. Garbage is given the same room
// instead, whatever lives, as long as that means no more than twice the usual work.
const (
	garbageRoom = 24 << 20 // bytes
	leastPace   = 50       // per cent, see debug.SetGCPercent
	mostPace    = 400
)

// boundGarbage sets the collector's pace now and after each collection, for as long as the program runs.
func boundGarbage() {
	sample := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	type sentinel struct{ _ [16]byte }
	var collected func(*sentinel)
	collected = func(s *sentinel) {
		metrics.Read(sample)
		debug.SetGCPercent(pace(sample[0].Value.Uint64()))
		runtime.SetFinalizer(s, collected) // it is called once more after the next collection
	}
	collected(&sentinel{})
}

// pace is the growth in per cent at which the next collection begins when live bytes were left by the last.
func pace(live uint64) int {
	return int(min(max(garbageRoom*100/max(live, 1), leastPace), mostPace))
}

// A burst (a thousand browsers that come back after a restart) leaves memory behind that the runtime keeps for the next one, and a gateway
// that does little lets garbage grow for minutes. One that rests gives both back.
const (
	restEvery = 10 * time.Second
	restBelow = 128 << 20 // bytes made in that time
	restAbove = 4 << 20   // bytes that are kept and hold nothing, or garbage
)

// The runtime's figures that say whether there is something to give back.
const (
	madeBytes   = iota // since the program began
	freeBytes          // kept, and not in use
	objectBytes        // in use, garbage included
	livingBytes        // in use at the last collection
	restMetrics        // how many there are
)

// giveBack returns memory to the system whenever the program rests, until ctx ends.
func giveBack(ctx context.Context) error {
	now := make([]metrics.Sample, restMetrics)
	now[madeBytes].Name = "/gc/heap/allocs:bytes"
	now[freeBytes].Name = "/memory/classes/heap/free:bytes"
	now[objectBytes].Name = "/memory/classes/heap/objects:bytes"
	now[livingBytes].Name = "/gc/heap/live:bytes"
	metrics.Read(now)
	tick := time.NewTicker(restEvery)
	defer tick.Stop()
	for {
		made := now[madeBytes].Value.Uint64()
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		metrics.Read(now)
		of := func(i int) uint64 { return now[i].Value.Uint64() }
		if shouldGiveBack(of(madeBytes)-made, of(freeBytes), of(objectBytes), of(livingBytes)) {
			debug.FreeOSMemory()
		}
	}
}

// shouldGiveBack decides it by the bytes made since the last time, those that are free, those in use, and those of them that lived at the
// last collection.
func shouldGiveBack(made, free, objects, living uint64) bool {
	garbage := objects - min(living, objects)
	return made < restBelow && free+garbage > restAbove
}
