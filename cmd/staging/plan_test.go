package staging

import (
	"reflect"
	"testing"
	"time"
)

func TestN15PlanIsTheSameForASeed(t *testing.T) {
	one, again, other := Plan(1, time.Minute, 2), Plan(1, time.Minute, 2), Plan(2, time.Minute, 2)
	if !reflect.DeepEqual(one, again) {
		t.Errorf("seed 1 gives %v and %v", one, again)
	}
	if reflect.DeepEqual(one, other) {
		t.Errorf("seeds 1 and 2 give the same: %v", one)
	}
}

func TestN15EveryFaultComesWithinAMinute(t *testing.T) {
	for seed := range uint64(50) {
		seen := map[Fault]bool{}
		last := time.Duration(0)
		for _, s := range Plan(seed, time.Minute, 2) {
			if s.At < last || s.At+s.For > time.Minute {
				t.Errorf("seed %d: %v after %v, in a minute", seed, s, last)
			}
			seen[s.Fault], last = true, s.At+s.For
		}
		for _, f := range faults {
			if !seen[f] {
				t.Errorf("seed %d: no %s within a minute", seed, f)
			}
		}
	}
}
