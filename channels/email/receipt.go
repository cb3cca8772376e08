package email

import "sportello/channels"

// receiptOf turns what a delivery report says of a recipient into news of the mail that bears the Message-ID original. ok is false when
// it is no news: delayed is not failed, relayed is not delivered, and a report that names no mail can be matched with none.
func receiptOf(original string, f channels.Report) (r channels.Receipt, ok bool) {
	r = channels.Receipt{Kind: channels.Email, MessageID: original, Recipient: f.Recipient}
	switch f.Action {
	case "failed":
		r.State = channels.StateFailed
		code := f.Status
		if code == "" {
			code = "5.0.0"
		}
		fault := statusFault(0, code, f.Diagnostic)
		fault.Class = channels.Permanent // the server has given up, whatever the code was at its last attempt
		r.Fault = fault
	case "delivered":
		r.State = channels.StateDelivered
	default:
		return r, false
	}
	return r, original != ""
}
