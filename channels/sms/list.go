package sms

import (
	"context"
	"time"

	openapi "github.com/twilio/twilio-go/rest/api/v2010"

	"sportello/channels"
)

var _ channels.Lister = (*Adapter)(nil)

const (
	listPage = 200             // an answer stays below maxAnswer
	listTime = 5 * time.Minute // of a whole listing
)

// List asks the provider for the texts from and to this account's sender. The provider's own answers to STOP and HELP are left out.
// known is not used: texts are known by their SID. An error is a Temporary *channels.Fault.
func (a *Adapter) List(ctx context.Context, from, until time.Time, _ channels.Known) ([]channels.Listed, error) {
	ctx, cancel := context.WithTimeout(ctx, listTime)
	defer cancel()
	queries := []*openapi.ListMessageParams{new(openapi.ListMessageParams)}
	if a.cfg.MessagingServiceSID == "" { // a service sends from numbers of its own choice
		queries = []*openapi.ListMessageParams{new(openapi.ListMessageParams).SetTo(a.cfg.Number), new(openapi.ListMessageParams).SetFrom(a.cfg.Number)}
	}
	var found []channels.Listed
	for _, q := range queries {
		c := &call{ctx: ctx, base: a.deps.Transport, target: a.api}
		// The provider may take its bounds as whole days in GMT; what is asked for too much is left out below.
		q = q.SetDateSentAfter(from.UTC().Truncate(time.Second)).SetDateSentBefore(until.UTC().AddDate(0, 0, 1)).SetPageSize(listPage)
		rows, err := a.service(c).ListMessage(q)
		if err != nil {
			return nil, readFault(c, err, a.deps.Now())
		}
		for _, m := range rows {
			if l, ok := a.listed(m); ok && !l.At.Before(from) && l.At.Before(until) {
				found = append(found, l)
			}
		}
	}
	return found, nil
}

// listed reads one row of the provider's list. ok is false when it is no message of ours.
func (a *Adapter) listed(m openapi.ApiV2010Message) (l channels.Listed, ok bool) {
	l = channels.Listed{External: text(m.Sid), Place: text(m.Sid)}
	ours := text(m.From)
	switch text(m.Direction) {
	case "inbound":
		l.Inbound, ours = true, text(m.To)
	case "outbound-api", "outbound-call":
		l.Peer = text(m.To)
	default:
		return l, false
	}
	if ours != a.cfg.Number && (a.cfg.MessagingServiceSID == "" || text(m.MessagingServiceSid) != a.cfg.MessagingServiceSID) {
		return l, false
	}
	for _, stamp := range []*string{m.DateSent, m.DateCreated} {
		if at, err := time.Parse(time.RFC1123Z, text(stamp)); err == nil {
			l.At = at
			break
		}
	}
	return l, l.External != ""
}
