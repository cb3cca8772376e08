package sms

import (
	"context"

	openapi "github.com/twilio/twilio-go/rest/api/v2010"
)

// Check asks the provider for one message of the account, and changes nothing. It tells an administrator whether the credentials are
// right. An error is a *channels.Fault.
func (a *Adapter) Check(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, a.cfg.timeout())
	defer cancel()
	c := &call{ctx: ctx, base: a.deps.Transport, target: a.api}
	if _, err := a.service(c).ListMessage(new(openapi.ListMessageParams).SetPageSize(1).SetLimit(1)); err != nil {
		return readFault(c, err, a.deps.Now())
	}
	return nil
}
