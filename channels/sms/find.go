package sms

import (
	"context"
	"time"

	openapi "github.com/twilio/twilio-go/rest/api/v2010"

	"sportello/channels"
)

var _ channels.Finder = (*Adapter)(nil)

// The bounds of a search: texts to one number within minutes are few.
const (
	findPage = 50
	findMost = 200
)

// Find asks the provider whether it took a message whose Send was Uncertain (M-10): it looks for a text to the same number with
// the same words, made at or after since, the time of the attempt. known reports ids that the record already has for other
// messages, so that the same words sent twice are told apart; the oldest that remains is taken. The receipt names out.ID and can be
// settled as if the provider had reported it.
//
// found false without an error means that the provider lists no such message now: a list may lag, so it is no proof that the
// message will not appear, and no licence to send it again before some minutes have passed. An error is a Temporary
// *channels.Fault. Asking again changes nothing.
func (a *Adapter) Find(ctx context.Context, out channels.Outbound, since time.Time, known func(external string) bool) (r channels.Receipt, found bool, err error) {
	params, fault := a.params(out)
	if fault != nil {
		return channels.Receipt{}, false, fault
	}
	ctx, cancel := context.WithTimeout(ctx, a.cfg.timeout())
	defer cancel()
	c := &call{ctx: ctx, base: a.deps.Transport, target: a.api}
	query := new(openapi.ListMessageParams).SetTo(*params.To).SetDateSentAfter(since.UTC().Truncate(time.Second)).
		SetPageSize(findPage).SetLimit(findMost)
	rows, err := a.service(c).ListMessage(query)
	if err != nil {
		return channels.Receipt{}, false, readFault(c, err, a.deps.Now())
	}
	for i := len(rows) - 1; i >= 0; i-- { // the provider lists newest first
		m := rows[i]
		if text(m.Body) != *params.Body || text(m.Direction) == "inbound" || known != nil && known(text(m.Sid)) {
			continue
		}
		state, _ := StateOf(text(m.Status))
		r := channels.Receipt{
			Account: a.cfg.Account, Kind: channels.SMS, OutboxID: out.ID, External: text(m.Sid), Recipient: *params.To,
			State: state, At: a.deps.Now(), Meta: map[string]string{"MessageStatus": text(m.Status)},
		}
		if r.State == channels.StateQueued { // it stands at the provider, which is what the caller asks
			r.State = channels.StateSent
		}
		if r.State == channels.StateFailed {
			code := 0
			if m.ErrorCode != nil {
				code = *m.ErrorCode
			}
			r.Fault = FaultFor(code, text(m.ErrorMessage))
		}
		return r, true, nil
	}
	return channels.Receipt{}, false, nil
}

// readFault is for calls that only read: whatever broke, asking again is safe.
func readFault(c *call, err error, now time.Time) *channels.Fault {
	var fault *channels.Fault
	if c.status < 300 {
		fault = transportFault(channels.Temporary, err)
	} else {
		fault = refusal(c, err, now)
	}
	fault.Class = channels.Temporary
	return fault
}

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
