package dispatch

import (
	"hash/fnv"
	"time"

	"sportello/channels"
)

// schedule is how long to wait after each failed attempt; the last step repeats until the message is older than limit.
type schedule struct {
	steps []time.Duration
	limit time.Duration
}

var (
	mailSchedule = schedule{[]time.Duration{time.Minute, 5 * time.Minute, 15 * time.Minute, time.Hour, 2 * time.Hour, 4 * time.Hour}, 72 * time.Hour}
	// A broken API or line is back within minutes mostly, and a text that comes hours late confuses.
	smsSchedule = schedule{[]time.Duration{5 * time.Second, 15 * time.Second, time.Minute, 5 * time.Minute, 15 * time.Minute}, 4 * time.Hour}
	// 429: seconds, because the provider counts by the second (M-16).
	throttledSchedule = schedule{[]time.Duration{time.Second, 2 * time.Second, 4 * time.Second, 8 * time.Second, 15 * time.Second, 30 * time.Second, time.Minute}, 4 * time.Hour}
	// 30003: the handset is off (M-14). Twice, and then it has failed.
	unreachableSchedule = schedule{[]time.Duration{15 * time.Minute, 2 * time.Hour}, 3 * time.Hour}
	// Our own fault: somebody has to put it right, and then everything should leave.
	ourSchedule  = schedule{[]time.Duration{time.Minute, 5 * time.Minute, 15 * time.Minute}, 72 * time.Hour}
	chatSchedule = schedule{[]time.Duration{time.Second, 2 * time.Second, 5 * time.Second, 15 * time.Second}, 24 * time.Hour}
)

// Retry says when a message is tried again after a failed attempt, or that it is not. It is a pure function.
//
// attempts counts those made, the failed one included; created is when the message was written. The jitter, at most a tenth later,
// follows from id and attempts. A provider's RetryAfter is never undercut.
//
// Permanent failures are not retried. Of those whose outcome is uncertain, mail is sent again under its Message-ID (E-49) and chat
// under its position, which their receivers know again; an SMS is not (M-10).
func Retry(kind channels.Kind, f *channels.Fault, id string, attempts int, created, now time.Time) (at time.Time, again bool) {
	if f.Class == channels.Permanent || f.Class == channels.Uncertain && kind == channels.SMS {
		return time.Time{}, false
	}
	s := scheduleOf(kind, f)
	wait := s.steps[min(max(attempts, 1), len(s.steps))-1]
	if f.Class == channels.Uncertain && kind == channels.Email {
		wait = max(wait, 15*time.Minute) // it may be in his mailbox already
	}
	wait = max(wait, f.RetryAfter)
	at = now.Add(wait + jitter(id, attempts, wait))
	if at.Sub(created) > s.limit {
		return time.Time{}, false
	}
	return at, true
}

func scheduleOf(kind channels.Kind, f *channels.Fault) schedule {
	switch {
	case kind == channels.Chat:
		return chatSchedule
	case kind == channels.Email:
		return mailSchedule
	case f.Code == channels.CodeThrottled:
		return throttledSchedule
	case f.Code == channels.CodeUnreachable:
		return unreachableSchedule
	case f.Code == channels.CodeAuth || f.Code == channels.CodeConfig:
		return ourSchedule
	}
	return smsSchedule
}

// jitter spreads retries over a tenth of the wait, so that what failed together does not come back together.
func jitter(id string, attempts int, wait time.Duration) time.Duration {
	h := fnv.New32a()
	h.Write([]byte(id))
	h.Write([]byte{byte(attempts)})
	return time.Duration(uint64(wait/10) * uint64(h.Sum32()%1000) / 1000)
}
