package main

import "testing"

func TestPaceOfTheCollector(t *testing.T) {
	for live, want := range map[uint64]int{0: mostPace, 1 << 20: mostPace, 12 << 20: 200, 24 << 20: 100, 48 << 20: 50, 1 << 30: leastPace} {
		if got := pace(live); got != want {
			t.Errorf("%d bytes: %d, want %d", live, got, want)
		}
	}
}

func TestMemoryIsGivenBackAtRest(t *testing.T) {
	const mib = 1 << 20
	for _, c := range []struct {
		name                        string
		made, free, objects, living uint64
		want                        bool
	}{
		{"small and quiet", mib, mib, 20 * mib, 18 * mib, false},
		{"after a burst", mib, 20 * mib, 20 * mib, 20 * mib, true},
		{"garbage that nobody collects", 8 * mib, 0, 30 * mib, 20 * mib, true},
		{"busy", 500 * mib, 20 * mib, 40 * mib, 20 * mib, false},
		{"less in use than at the last collection", mib, mib, 10 * mib, 20 * mib, false},
	} {
		if got := shouldGiveBack(c.made, c.free, c.objects, c.living); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}
