package customer

// How may he be reached? Reach is a pure function of its arguments: the composer shows its answer, and the dispatcher asks it again
// at the moment of sending. The invariants:
//
//   - What the customer forbade is never overridden, neither by a preference nor by an agent's choice.
//   - Marketing goes by the channel that the customer stated as preferred, or not at all.
//   - Every channel has an option with a reason, whether it can be used or not.
//   - A pinned channel is used or none is.

import (
	"slices"
	"strings"
	"time"

	"sportello/channels"
)

// recent is how long after his last message a customer may be answered in his quiet hours (M-21).
const recent = 60 * time.Minute

// Reach says by which channels a customer may be reached now, and which one to use.
//
// Unless a channel is wanted, it chooses: the chat while the visitor is in it; else the channel he stated as preferred; else the one
// he last wrote from; else an inferred preference; else the conversation's own; else any other. A chat whose visitor has left comes
// last, because the message waits there until he returns; it is not chosen either when he did not come by chat and another channel
// will be usable later.
func Reach(ask Ask, now time.Time) Verdict {
	r := reach{Ask: ask, now: now}
	for _, k := range channels.Kinds() {
		r.options = append(r.options, r.option(k))
	}
	v := Verdict{Options: r.options, Chosen: -1, At: now, Seq: ask.Customer.Seq}
	v.Chosen, v.Code = r.choose()
	return v
}

// reach is one question under way.
type reach struct {
	Ask
	now     time.Time
	options []Option
}

// option judges one channel: the first address that nothing speaks against, else the most likely one with what speaks against it.
func (r *reach) option(k channels.Kind) Option {
	o := Option{Kind: k, Preferred: r.preferred() == k}
	account, ok := r.Accounts[k]
	if !ok || account.ID == "" {
		o.Codes = []Code{CodeNoAccount}
		return o
	}
	o.Account = account.ID
	var first *Option
	for _, i := range r.addresses(k) {
		judged := r.judge(o, i)
		if judged.Usable {
			return judged
		}
		if first == nil {
			first = &judged
		}
	}
	if first != nil {
		return *first
	}
	o.Codes = []Code{CodeNoAddress}
	return o
}

// addresses lists the customer's addresses on a channel, the likeliest first: the one he wrote from in this conversation, then his
// own, then those only noted, each by when he last wrote.
func (r *reach) addresses(k channels.Kind) []Identity {
	var all []Identity
	for _, i := range r.Customer.Identities {
		if i.Kind == k {
			all = append(all, i)
		}
	}
	rank := func(i Identity) int {
		switch {
		case k == r.Conversation.LastKind && i.Value == r.Conversation.LastFrom:
			return 0
		case i.Owner:
			return 1
		}
		return 2
	}
	slices.SortStableFunc(all, func(a, b Identity) int {
		if d := rank(a) - rank(b); d != 0 {
			return d
		}
		return b.LastInAt.Compare(a.LastInAt)
	})
	return all
}

// judge completes o for one address.
func (r *reach) judge(o Option, i Identity) Option {
	o.Address = i.Value
	if r.forbidden(&o, i) {
		return o
	}
	if r.wishesOther(o) {
		o.Codes = []Code{CodePrefersOther}
		return o
	}
	visitor := r.Visitors[i.Value]
	if since, down := r.Down[o.Account]; down {
		o.Codes, o.At = []Code{CodeProviderDown}, since
		return o
	}
	if until, quiet := r.quiet(); quiet && o.Kind != channels.Chat {
		o.Codes, o.Until = []Code{CodeQuietHours}, until
		return o
	}
	o.Usable = true
	switch {
	case o.Kind != channels.Chat:
	case visitor.Here:
		o.Codes = append(o.Codes, CodeVisitorHere)
	default:
		o.Codes, o.At = append(o.Codes, CodeVisitorLeft), visitor.LeftAt
	}
	r.recommend(&o)
	if !i.Owner {
		o.Codes = append(o.Codes, CodeUnverified)
	}
	if len(o.Codes) == 0 {
		o.Codes = []Code{CodeAvailable}
	}
	return o
}

// forbidden applies what nobody may override: what the customer forbade, and what cannot work.
func (r *reach) forbidden(o *Option, i Identity) bool {
	c, known := r.consent(*o)
	switch {
	case known && !c.Granted:
		o.Codes, o.At, o.Detail = []Code{CodeConsentWithdrawn}, c.At, c.Wording
	case !known && r.Purpose == Marketing:
		o.Codes = []Code{CodeConsentMissing}
	case !i.SuppressedAt.IsZero():
		o.Codes, o.At, o.Detail = []Code{CodeSuppressed}, i.SuppressedAt, i.SuppressedCode
	case o.Kind == channels.SMS && oneWay(i.Value):
		o.Codes = []Code{CodeOneWay}
	default:
		return false
	}
	return true
}

// consent is the latest row of the ledger that covers an option.
func (r *reach) consent(o Option) (Consent, bool) {
	purpose := r.Purpose
	if purpose == "" {
		purpose = Service
	}
	var latest Consent
	found := false
	for _, c := range r.Customer.Consents {
		covers := (c.Kind == "" || c.Kind == o.Kind) && (c.Address == "" || c.Address == o.Address) &&
			(c.Account == "" || c.Account == o.Account) && (c.Purpose == "" || c.Purpose == purpose) && (c.List == "" || c.List == r.List)
		if covers && (!found || c.At.After(latest.At)) { // newest first: the first of equals is the later one
			latest, found = c, true
		}
	}
	return latest, found
}

// wishesOther reports whether an option for marketing is not the channel that the customer stated. That he subscribed by this very
// channel since then says more.
func (r *reach) wishesOther(o Option) bool {
	p := r.Customer.Preference
	if r.Purpose != Marketing || p == nil || p.Source == "inferred" || p.Channel == "" || p.Channel == o.Kind {
		return false
	}
	c, known := r.consent(o)
	return !known || c.Kind != o.Kind || !c.At.After(p.UpdatedAt)
}

// oneWay reports whether a sender of text messages has no number that could be answered (M-07).
func oneWay(value string) bool {
	return strings.ContainsFunc(strings.TrimPrefix(value, "+"), func(c rune) bool { return c < '0' || c > '9' })
}

// recommend adds the reasons that speak for a usable option.
func (r *reach) recommend(o *Option) {
	if o.Preferred {
		o.Codes = append(o.Codes, CodePreferred)
	}
	if o.Kind == r.last() {
		o.Codes = append(o.Codes, CodeLastInbound)
		if o.At.IsZero() {
			o.At = r.lastIn()
		}
	}
	if o.Kind == r.Conversation.Kind {
		o.Codes = append(o.Codes, CodeConversation)
	}
}

func (r *reach) preferred() channels.Kind {
	if r.Customer.Preference == nil {
		return ""
	}
	return r.Customer.Preference.Channel
}

// last is the channel of the customer's last message: in this conversation, or anywhere when there is none.
func (r *reach) last() channels.Kind {
	if r.Conversation.Kind != "" || r.Conversation.LastKind != "" {
		return r.Conversation.LastKind
	}
	var kind channels.Kind
	var at time.Time
	for _, i := range r.Customer.Identities {
		if i.LastInAt.After(at) {
			kind, at = i.Kind, i.LastInAt
		}
	}
	return kind
}

// lastIn is when the customer last wrote, here or anywhere.
func (r *reach) lastIn() time.Time {
	at := r.Conversation.LastInAt
	for _, i := range r.Customer.Identities {
		if i.LastInAt.After(at) {
			at = i.LastInAt
		}
	}
	return at
}

// quiet reports whether the customer wishes no message now, and until when. An answer soon after his own message is no disturbance.
func (r *reach) quiet() (time.Time, bool) {
	p := r.Customer.Preference
	if p == nil || p.QuietFrom == p.QuietTo {
		return time.Time{}, false
	}
	if wrote := r.lastIn(); r.Purpose != Marketing && !wrote.IsZero() && r.now.Sub(wrote) <= recent {
		return time.Time{}, false
	}
	local := r.now.In(r.zone())
	minute := local.Hour()*60 + local.Minute()
	inside := minute >= p.QuietFrom && minute < p.QuietTo
	if p.QuietFrom > p.QuietTo {
		inside = minute >= p.QuietFrom || minute < p.QuietTo
	}
	if !inside {
		return time.Time{}, false
	}
	day := local.Day()
	if minute >= p.QuietTo {
		day++
	}
	return time.Date(local.Year(), local.Month(), day, p.QuietTo/60, p.QuietTo%60, 0, 0, local.Location()).UTC(), true
}

func (r *reach) zone() *time.Location {
	for _, name := range []string{r.Customer.Zone, r.Ask.Zone} {
		if name == "" {
			continue
		}
		if zone, err := time.LoadLocation(name); err == nil {
			return zone
		}
	}
	return time.UTC
}
