package channels

import "testing"

// M-12: callbacks may be late, repeated and out of order; a state never goes backwards except to a terminal failure.
func TestM12StateNeverGoesBackwards(t *testing.T) {
	for _, c := range []struct {
		now, next State
		want      bool
	}{
		{StateQueued, StateSent, true},
		{StateDelivered, StateSent, false},
		{StateSent, StateSent, false},
		{StateSent, StateFailed, true},
		{StateRead, StateFailed, false},
		{StateFailed, StateSent, false},
		{StateFailed, StateDelivered, true},
		{StateSending, StateUnknown, true},
		{StateSent, StateUnknown, false},
		{StateUnknown, StateQueued, false},
		{StateUnknown, StateDelivered, true},
		{StateCanceled, StateSent, false},
	} {
		if got := c.now.After(c.next); got != c.want {
			t.Errorf("%s then %s: %v, want %v", c.now, c.next, got, c.want)
		}
	}
}
