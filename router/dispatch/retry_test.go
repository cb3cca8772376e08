package dispatch

import (
	"testing"
	"time"

	"sportello/channels"
)

var noon = time.Date(2026, 5, 12, 12, 0, 0, 0, time.UTC)

func TestRetrySchedule(t *testing.T) {
	temporary := func(code string) *channels.Fault { return &channels.Fault{Class: channels.Temporary, Code: code} }
	uncertain := &channels.Fault{Class: channels.Uncertain, Code: channels.CodeTimeout}
	for name, c := range map[string]struct {
		kind    channels.Kind
		fault   *channels.Fault
		attempt int
		age     time.Duration
		want    time.Duration // least wait; 0 is never again
	}{
		"E-49 mail, first":               {channels.Email, temporary(channels.CodeNetwork), 1, 0, time.Minute},
		"E-49 mail, second":              {channels.Email, temporary(channels.CodeProvider), 2, time.Minute, 5 * time.Minute},
		"E-49 mail, third":               {channels.Email, temporary(channels.CodeProvider), 3, time.Hour, 15 * time.Minute},
		"E-49 mail, fourth":              {channels.Email, temporary(channels.CodeProvider), 4, time.Hour, time.Hour},
		"E-49 mail, twentieth":           {channels.Email, temporary(channels.CodeProvider), 20, 60 * time.Hour, 4 * time.Hour},
		"E-49 mail, after three days":    {channels.Email, temporary(channels.CodeProvider), 21, 70 * time.Hour, 0},
		"E-49 mail, unknown outcome":     {channels.Email, uncertain, 1, 0, 15 * time.Minute},
		"E-49 mail, permanent":           {channels.Email, &channels.Fault{Class: channels.Permanent, Code: channels.CodeBadAddress}, 1, 0, 0},
		"M-10 sms, unknown outcome":      {channels.SMS, uncertain, 1, 0, 0},
		"M-14 sms, permanent":            {channels.SMS, &channels.Fault{Class: channels.Permanent, Code: channels.CodeOptedOut}, 1, 0, 0},
		"M-14 sms, throttled":            {channels.SMS, temporary(channels.CodeThrottled), 1, 0, time.Second},
		"M-14 sms, throttled again":      {channels.SMS, temporary(channels.CodeThrottled), 3, 0, 4 * time.Second},
		"M-14 sms, told to wait":         {channels.SMS, &channels.Fault{Class: channels.Temporary, Code: channels.CodeThrottled, RetryAfter: 40 * time.Second}, 1, 0, 40 * time.Second},
		"M-14 sms, handset off":          {channels.SMS, temporary(channels.CodeUnreachable), 1, 0, 15 * time.Minute},
		"M-14 sms, handset still off":    {channels.SMS, temporary(channels.CodeUnreachable), 2, 20 * time.Minute, 2 * time.Hour},
		"M-14 sms, handset off for good": {channels.SMS, temporary(channels.CodeUnreachable), 3, 140 * time.Minute, 0},
		"sms, network":                   {channels.SMS, temporary(channels.CodeNetwork), 1, 0, 5 * time.Second},
		"sms, network for hours":         {channels.SMS, temporary(channels.CodeNetwork), 30, 4 * time.Hour, 0},
		"sms, our credentials":           {channels.SMS, temporary(channels.CodeAuth), 9, 24 * time.Hour, 15 * time.Minute},
		"chat, gone":                     {channels.Chat, temporary(channels.CodeGone), 1, 0, time.Second},
		"chat, unknown outcome":          {channels.Chat, uncertain, 1, 0, time.Second},
		"no attempt yet":                 {channels.Email, temporary(channels.CodeNetwork), 0, 0, time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			at, again := Retry(c.kind, c.fault, "row", c.attempt, noon.Add(-c.age), noon)
			if again != (c.want > 0) {
				t.Fatalf("again %v", again)
			}
			if !again {
				if !at.IsZero() {
					t.Errorf("never, at %s", at)
				}
				return
			}
			if wait := at.Sub(noon); wait < c.want || wait > c.want+c.want/10 {
				t.Errorf("after %s, want %s and at most a tenth more", wait, c.want)
			}
		})
	}
}

func TestRetryIsSpreadAndDeterministic(t *testing.T) {
	f := &channels.Fault{Class: channels.Temporary, Code: channels.CodeNetwork}
	times := map[time.Time]bool{}
	for _, id := range []string{"a", "b", "c", "d", "e", "f", "g", "h"} {
		at, _ := Retry(channels.Email, f, id, 4, noon, noon)
		if same, _ := Retry(channels.Email, f, id, 4, noon, noon); same != at {
			t.Errorf("%s: %s, then %s", id, at, same)
		}
		times[at] = true
	}
	if len(times) < 6 {
		t.Errorf("8 messages come back at %d different times", len(times))
	}
}
