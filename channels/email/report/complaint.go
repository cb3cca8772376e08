package report

import (
	"bytes"
	"strings"

	"sportello/channels"
	"sportello/channels/email/field"
)

// Complaint is the Action of a recipient who has called a mail spam.
const Complaint = "complaint"

// feedback reads a message/feedback-report body (RFC 5965 section 3). Providers blacken recipients: what is no address is none.
func (r *reader) feedback(content []byte) {
	h, _ := field.Split(bytes.TrimLeft(content, "\r\n"))
	kind := line(h.Get("feedback-type"))
	for _, name := range []string{"original-rcpt-to", "removal-recipient"} {
		for _, value := range h.All(name) {
			r.complainer(value, kind)
		}
	}
	if len(r.Recipients) == 0 {
		r.Recipients = []channels.Report{{Action: Complaint, Diagnostic: kind}}
	}
}

func (r *reader) complainer(value, kind string) {
	if a := typedAddress(value); a != "" && !r.names(a) {
		r.Recipients = append(r.Recipients, channels.Report{Recipient: a, Action: Complaint, Diagnostic: kind})
	}
}

// names reports whether a recipient is known already.
func (r *reader) names(address string) bool {
	for _, known := range r.Recipients {
		if known.Recipient == address {
			return true
		}
	}
	return false
}

// oldComplaint reads what complaints say outside their fields: the shape of Hotmail, which returns the mail with the recipient in a
// header field of its own, and complaints without a recipient, which the returned mail may name.
func (r *reader) oldComplaint() {
	subject := strings.ToLower(field.Words(r.Header.Get("subject")))
	junk := r.returned.Has("x-hmxmroriginalrecipient") && r.Kind == channels.AutoNone
	if r.Kind == channels.AutoNone && (junk || strings.HasPrefix(subject, "complaint about message from ") && r.returned != nil) {
		r.Kind, r.Recipients = channels.AutoComplaint, []channels.Report{{Action: Complaint, Diagnostic: "abuse"}}
	}
	if r.Kind != channels.AutoComplaint || r.Recipients[0].Recipient != "" {
		return
	}
	kind := r.Recipients[0].Diagnostic
	for _, name := range []string{"x-hmxmroriginalrecipient", "x-original-to", "delivered-to", "to"} {
		found := field.Addresses(r.returned.All(name))
		for _, a := range found {
			if r.Recipients[0].Recipient == "" {
				r.Recipients = nil
			}
			r.complainer(a.Value, kind)
			if len(r.Recipients) == 0 {
				r.Recipients = []channels.Report{{Action: Complaint, Diagnostic: kind}}
			}
		}
		if r.Recipients[0].Recipient != "" {
			return
		}
	}
}
