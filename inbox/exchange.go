package inbox

import (
	"slices"
	"strings"
	"time"
	"unicode"
)

// The bounds of an exchange that goes by itself (E-29, N10).
const (
	budgetWindow = 24 * time.Hour
	mostInDay    = 3               // automatic messages to one address in budgetWindow
	mostInHour   = 200             // to one domain in an hour, unless the house says otherwise
	quick        = 5 * time.Minute // after an automatic message, somebody who writes anew twice is none
	alike        = 0.9             // share of words from which two texts are the same but for a date or a number
)

// The reasons for which an exchange is stopped. They are stored and translated by the console.
const (
	StopBudget   = "budget"        // the address got as many automatic messages as it may
	StopDomain   = "domain_budget" // its domain did
	StopRepeats  = "repeats"       // it answers with the same words again
	StopPingPong = "ping_pong"     // it answers at once, again and again
	StopReleased = "released"      // a person has allowed it anew
)

// exchange is what passed between us and one address, when a further automatic message would be due.
type exchange struct {
	sent     []time.Time // automatic messages to it in budgetWindow, oldest first
	toDomain int         // to its domain in the last hour
	heard    []line      // its messages in budgetWindow, oldest first, the one that would be answered last
}

// line is one message of the other side.
type line struct {
	at   time.Time
	text string
}

// stop says why no further automatic message is sent, "" if one may. It is a pure function. It recognises a machine that bears no mark
// of one: it says the same again after an automatic message of ours, or it has written anew within minutes of two of them. A person who
// does either misses an acknowledgement, and nothing else.
func (e exchange) stop(perDomain int) string {
	if perDomain <= 0 {
		perDomain = mostInHour
	}
	switch {
	case e.repeats():
		return StopRepeats
	case e.quickAnswers() >= 2:
		return StopPingPong
	case len(e.sent) >= mostInDay:
		return StopBudget
	case e.toDomain >= perDomain:
		return StopDomain
	}
	return ""
}

// repeats reports whether the last message says what an earlier one said, and an automatic message of ours lies between them.
func (e exchange) repeats() bool {
	if len(e.heard) < 2 || len(e.sent) == 0 {
		return false
	}
	last := e.heard[len(e.heard)-1]
	said := words(last.text)
	return slices.ContainsFunc(e.heard[:len(e.heard)-1], func(l line) bool {
		between := slices.ContainsFunc(e.sent, func(at time.Time) bool { return !at.Before(l.at) && !at.After(last.at) })
		return between && similar(words(l.text), said) >= alike
	})
}

// quickAnswers counts the automatic messages of ours after which the other side wrote at once.
func (e exchange) quickAnswers() int {
	n := 0
	for i, at := range e.sent {
		if slices.ContainsFunc(e.heard, func(l line) bool {
			return l.at.After(at) && l.at.Sub(at) <= quick && (i+1 == len(e.sent) || !l.at.After(e.sent[i+1]))
		}) {
			n++
		}
	}
	return n
}

// words counts the words of a text that it does not quote. Figures are left out: a date or a ticket's number makes no difference.
func words(text string) map[string]int {
	count := map[string]int{}
	for l := range strings.Lines(text) {
		if strings.HasPrefix(strings.TrimSpace(l), ">") {
			continue
		}
		for _, w := range strings.FieldsFunc(strings.ToLower(l), func(r rune) bool { return !unicode.IsLetter(r) }) {
			count[w]++
		}
	}
	return count
}

// similar is the share of words that two texts have in common, 0 to 1 (Dice's coefficient). Two empty texts are the same.
func similar(a, b map[string]int) float64 {
	common, all := 0, 0
	for w, n := range a {
		common, all = common+min(n, b[w]), all+n
	}
	for _, n := range b {
		all += n
	}
	if all == 0 {
		return 1
	}
	return 2 * float64(common) / float64(all)
}
