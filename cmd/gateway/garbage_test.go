package main

import "testing"

func TestPaceOfTheCollector(t *testing.T) {
	for live, want := range map[uint64]int{0: mostPace, 1 << 20: mostPace, 12 << 20: 200, 24 << 20: 100, 48 << 20: 50, 1 << 30: leastPace} {
		if got := pace(live); got != want {
			t.Errorf("%d bytes: %d, want %d", live, got, want)
		}
	}
}
