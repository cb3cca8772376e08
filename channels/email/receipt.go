package email

import (
	"slices"

	"sportello/channels"
	"sportello/channels/email/letter"
)

// readingOf turns a disposition notification (RFC 8098) into news of the mail that it speaks of: somebody has seen it. Who says so is its
// sender, and the record believes him only if he got that mail. One whose sender is known to be forged says nothing.
func readingOf(original string, m *letter.Mail) (r channels.Receipt, ok bool) {
	shown := slices.ContainsFunc(m.Report.Recipients, func(f channels.Report) bool { return f.Action == "displayed" })
	forged := m.Details.Trust != nil && m.Details.Trust.DMARC == "fail"
	r = channels.Receipt{Kind: channels.Email, MessageID: original, Recipient: m.From.Value, State: channels.StateRead}
	return r, shown && !forged && original != "" && m.Plain && r.Recipient != ""
}

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
