// Package report reads what mail servers say of mail that was sent: delivery reports (RFC 3464), complaints (RFC 5965) and receipts (RFC 8098),
// also in the dialects of servers that know none of these.
//
// It is a function of a parsed mail and starts nothing. It must never invent a recipient: what it reads from words instead of fields is
// marked Guessed, and is only read of mails that a mail server wrote. Package letter calls it for every mail.
//
// Of 33 reports without fields, written anew after the forms of unusual servers in twelve languages, 21 were read right at first sight; what was
// missing were words, and no recipient was invented.
package report

import (
	"bytes"
	"strings"

	"sportello/channels"
	"sportello/channels/email/field"
	"sportello/channels/email/part"
)

const (
	mostRecipients = 500     // of one report
	mostText       = 1 << 18 // bytes of words that are read
)

// Mail is a mail that may be a report.
type Mail struct {
	Header field.Header
	Root   *part.Part // nil when the mail was not parsed
	Text   string     // its readable text
	Own    []string   // our addresses, normalised: never a recipient that failed
}

// Report is what a mail says. Kind is AutoBounce, AutoComplaint or AutoReceipt, or AutoNone when it reports nothing. Original is the
// Message-ID of the mail that it speaks of, without angle brackets, or "" when it does not say.
type Report struct {
	Kind       channels.Auto
	Original   string
	Recipients []channels.Report
}

// Read finds the report in a mail. It reads the fields itself and takes the parts in any order, since reports in the wild lack the
// explanation, return the header only, or put the parts elsewhere.
func Read(m Mail) Report {
	r := reader{Mail: m}
	if m.Root != nil {
		m.Root.Walk(func(p *part.Part) bool { r.part(p); return true })
	}
	r.oldComplaint()
	if r.Kind == channels.AutoNone || r.Kind == channels.AutoBounce && len(r.Recipients) == 0 {
		r.words()
	}
	if r.Kind == channels.AutoNone {
		return Report{}
	}
	r.trace()
	if len(r.Recipients) > mostRecipients {
		r.Recipients = r.Recipients[:mostRecipients]
	}
	return r.Report
}

// reader is one Read under way.
type reader struct {
	Mail
	Report
	returned field.Header // of the mail that came back
}

// part reads one part of the mail.
func (r *reader) part(p *part.Part) {
	switch p.Type {
	case "message/delivery-status", "message/global-delivery-status":
		r.Kind = channels.AutoBounce
		r.Recipients = append(r.Recipients, readStatus(p.Data)...)
	case "message/feedback-report":
		r.Kind = channels.AutoComplaint
		r.feedback(p.Data)
	case "message/disposition-notification", "message/global-disposition-notification":
		r.Kind = channels.AutoReceipt
		r.disposition(p.Data)
	case "message/rfc822", "message/global", "text/rfc822-headers", "message/rfc822-headers", "message/global-headers":
		if r.returned == nil {
			r.returned, _ = field.Split(bytes.TrimLeft(p.Data, "\r\n"))
		}
	}
}

// readStatus reads a message/delivery-status body (RFC 3464 section 2): groups of fields divided by empty lines. A group that names a
// recipient is one. The original recipient is preferred: it is the address that we wrote to.
func readStatus(content []byte) []channels.Report {
	var all []channels.Report
	for len(content) > 0 && len(all) < mostRecipients {
		var group field.Header
		group, content = field.Split(bytes.TrimLeft(content, "\r\n"))
		if !group.Has("final-recipient") && !group.Has("original-recipient") && !group.Has("action") {
			continue
		}
		recipient := typedAddress(group.Get("original-recipient"))
		if recipient == "" {
			recipient = typedAddress(group.Get("final-recipient"))
		}
		diagnostic := typed(group.Get("diagnostic-code"))
		one := channels.Report{
			Recipient:  recipient,
			Action:     field.FirstWord(group.Get("action")),
			Status:     firstStatus(group.Get("status"), diagnostic),
			Diagnostic: line(diagnostic),
			Server:     field.Clip(field.OneLine(typed(group.Get("remote-mta"))), 255),
		}
		if better := enhanced.FindString(diagnostic); better != "" && vague(one.Status) {
			one.Status = better // "5.0.0" and the like say less than the server that refused
		}
		all = append(all, one)
	}
	return all
}

// vague reports whether a status says no more than that it failed.
func vague(status string) bool { return strings.HasSuffix(status, ".0.0") }

// disposition reads a message/disposition-notification body (RFC 8098 section 3.1).
func (r *reader) disposition(content []byte) {
	h, _ := field.Split(bytes.TrimLeft(content, "\r\n"))
	_, what, _ := strings.Cut(h.Get("disposition"), ";")
	recipient := typedAddress(h.Get("original-recipient"))
	if recipient == "" {
		recipient = typedAddress(h.Get("final-recipient"))
	}
	action := field.FirstWord(strings.ReplaceAll(what, "/", " "))
	r.Recipients = append(r.Recipients, channels.Report{Recipient: recipient, Action: action})
	if id := field.ID(h.Get("original-message-id")); id != "" {
		r.Original = id
	}
}

// trace finds out which mail the report speaks of: by the mail that came back, by its words, or by what the report answers.
func (r *reader) trace() {
	if r.Original == "" {
		r.Original = field.ID(r.returned.Get("message-id"))
	}
	if r.Original == "" {
		r.Original = returnedID(r.Text)
	}
	if r.Original == "" {
		for _, name := range []string{"x-original-message-id", "in-reply-to", "references"} {
			if ids := field.IDs(r.Header.All(name)); len(ids) > 0 && r.Original == "" {
				r.Original = ids[len(ids)-1]
			}
		}
	}
	if len(r.Recipients) == 0 {
		if a := r.variable(); a != "" {
			r.Recipients = []channels.Report{{Recipient: a, Action: r.plainAction(), Guessed: true}}
		}
	}
}

// plainAction is what happened to a recipient of whom nothing more is known.
func (r *reader) plainAction() string {
	if r.Kind == channels.AutoComplaint {
		return Complaint
	}
	return Outcome(r.Header.Get("subject"), r.Text)
}

// Outcome is what a bounce says that has words only: the Action failed, or delayed.
func Outcome(subject, text string) string {
	if delayed(subject + "\n" + text) {
		return "delayed"
	}
	return "failed"
}

// variable reads the recipient out of an envelope address that carries it, as mailing programs have long done (VERP):
// bounces+anna=example.it@shop.example.
func (r *reader) variable() string {
	for _, name := range []string{"delivered-to", "x-original-to", "envelope-to", "to"} {
		for _, a := range field.Addresses(r.Header.All(name)) {
			local, _, _ := strings.Cut(a.Value, "@")
			i := strings.LastIndexByte(local, '=')
			if i < 0 {
				continue
			}
			user := local[strings.LastIndexAny(local[:i], "+-")+1 : i]
			if addr, ok := field.Normal(user + "@" + local[i+1:]); ok && user != local[:i] && strings.Contains(local[i+1:], ".") {
				return addr
			}
		}
	}
	return ""
}
