package dispatch

import (
	"time"

	"sportello/channels"
	"sportello/inbox"
	"sportello/inbox/customer"
)

// action is what becomes of a row now.
type action string

const (
	send     action = "send"
	redirect action = "redirect" // to another channel or address, then it is asked again
	hold     action = "hold"     // until a time
	refuse   action = "refuse"   // it may not be sent at all
)

// step is an action with its reasons.
type step struct {
	do      action
	to      customer.Option // redirect
	until   time.Time       // hold
	verdict customer.Verdict
}

// visitorGrace is how long a visitor who has just left is waited for before another channel is used: a page that loads anew, a lift.
const visitorGrace = 15 * time.Second

// bulkAgain is how soon bulk that was put off is asked about again: there may be thousands of it, and all of it while a provider is down.
const bulkAgain = 10 * time.Minute

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// plan decides on a row. It is a pure function. ask is about the row's customer; its Want and Pinned are set here.
//
// Reach is asked about the frozen address first: what has become of other addresses of his says nothing about this one. Only when it
// cannot be used, and the author did not insist, it is asked for the best of everything.
func plan(row inbox.Row, ask customer.Ask, now time.Time) step {
	frozen := frozenAsk(row, ask)
	v := customer.Reach(frozen, now)
	chosen, ok := v.Pick()
	own, _ := v.Option(row.Kind)
	if ok && chosen.Kind == row.Kind {
		if gone(chosen) {
			return waiting(v, now.Add(recheck(chosen.At, now)))
		}
		return step{do: send, verdict: v}
	}
	if row.Pinned {
		s := stuck(v, own, now)
		if s.do == hold && row.Class == inbox.ClassBulk {
			s.until = later(s.until, now.Add(bulkAgain))
		}
		return s
	}
	ask.Want, ask.Pinned = "", false
	v = customer.Reach(ask, now)
	chosen, ok = v.Pick()
	switch {
	case !ok:
		return stuck(v, own, now)
	case gone(own) && !own.At.IsZero() && now.Sub(own.At) < visitorGrace:
		return waiting(v, now.Add(2*time.Second))
	case chosen.Kind == row.Kind && chosen.Address == addressOf(row):
		return step{do: send, verdict: v} // the answers differ only when the frozen address is not one of his identities
	}
	return step{do: redirect, to: chosen, verdict: v}
}

// waiting is the step while a visitor may come back: nothing is chosen now, so that the agent is told once and not each time.
func waiting(v customer.Verdict, until time.Time) step {
	v.Chosen, v.Code = -1, customer.CodeVisitorLeft
	return step{do: hold, until: until, verdict: v}
}

// stuck is the step when nothing can be used: wait for what passes, else say no.
func stuck(v customer.Verdict, own customer.Option, now time.Time) step {
	options := v.Options
	if own.Kind != "" {
		options = append([]customer.Option{own}, options...)
	}
	var until time.Time
	for _, o := range options {
		if o.Usable || len(o.Codes) == 0 {
			continue
		}
		var at time.Time
		switch o.Codes[0] {
		case customer.CodeQuietHours:
			at = o.Until
		case customer.CodeProviderDown:
			at = now.Add(30 * time.Second)
		default:
			continue
		}
		if until.IsZero() || at.Before(until) {
			until = at
		}
	}
	if until.IsZero() {
		return step{do: refuse, verdict: v}
	}
	return step{do: hold, until: until, verdict: v}
}

// frozenAsk narrows an ask to what the row was frozen with: its channel, its account and its address. An address that is none of the
// customer's (a Reply-To) is judged by those he has.
func frozenAsk(row inbox.Row, ask customer.Ask) customer.Ask {
	ask.Want, ask.Pinned = row.Kind, row.Pinned
	accounts := map[channels.Kind]customer.AccountFor{}
	for k, a := range ask.Accounts {
		accounts[k] = a
	}
	accounts[row.Kind] = customer.AccountFor{ID: row.Account}
	ask.Accounts = accounts
	var kept []customer.Identity
	found := false
	for _, i := range ask.Customer.Identities {
		if i.Kind != row.Kind {
			kept = append(kept, i)
		} else if i.Value == addressOf(row) {
			kept, found = append(kept, i), true
		}
	}
	if found {
		ask.Customer.Identities = kept
	}
	return ask
}

func addressOf(row inbox.Row) string {
	if len(row.Envelope.To) == 0 {
		return ""
	}
	return row.Envelope.To[0].Value
}

// gone reports whether an option is a chat that its visitor has left.
func gone(o customer.Option) bool {
	return o.Kind == channels.Chat && len(o.Codes) > 0 && o.Codes[0] == customer.CodeVisitorLeft
}

// recheck is how soon to look again for a visitor who has left: seldom, once he has been away for long.
func recheck(left, now time.Time) time.Duration {
	switch away := now.Sub(left); {
	case !left.IsZero() && away < 0, away < 10*time.Minute:
		return 4 * time.Second
	case left.IsZero(), away < 2*time.Hour:
		return 30 * time.Second
	}
	return 5 * time.Minute
}
