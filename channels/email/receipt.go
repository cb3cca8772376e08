package email

import (
	"sportello/channels"
	"sportello/channels/email/letter"
)

// receiptOf turns a failure into news of an outgoing message. ok is false when it is no news: delayed is not failed, relayed is not
// delivered, and a report without the original's id can be matched with nothing.
func receiptOf(f letter.Failure) (r channels.Receipt, ok bool) {
	r = channels.Receipt{Kind: channels.Email, MessageID: f.Original, Recipient: f.Recipient}
	switch f.Action {
	case "failed":
		r.State = channels.StateFailed
		code := f.Status
		if code == "" {
			code = "5.0.0"
		}
		fault := statusFault(0, code, f.Detail)
		fault.Class = channels.Permanent // the server has given up, whatever the code was at its last attempt
		r.Fault = fault
	case "delivered":
		r.State = channels.StateDelivered
	default:
		return r, false
	}
	return r, f.Original != ""
}
