package letter

import (
	"bytes"
	"regexp"
	"strings"

	"sportello/channels/email/field"
	"sportello/channels/email/part"
)

// Failure is what a delivery report (RFC 3464) says of one recipient. Original is the Message-ID of the mail that it speaks of, or
// "" when the report does not return it; Action is failed, delayed, delivered, relayed or expanded.
type Failure struct {
	Original  string
	Recipient string // normalised, or "" when the report names none that is an address
	Action    string
	Status    string // enhanced status code (RFC 3463), such as "5.1.1", or ""
	Detail    string // the remote server's words, one line
}

const recipientLimit = 500 // recipients of one report

// readReport finds the delivery report in a mail. It reads the fields itself, since reports in the wild lack the explanation, return
// text/rfc822-headers instead of the mail, or put the parts in another order.
func readReport(root *part.Part, h field.Header) []Failure {
	var failures []Failure
	original := ""
	root.Walk(func(p *part.Part) bool {
		switch p.Type {
		case "message/delivery-status", "message/global-delivery-status":
			failures = append(failures, readStatus(p.Data)...)
		case "message/rfc822", "message/global", "text/rfc822-headers", "message/rfc822-headers", "message/global-headers":
			if original == "" {
				returned, _ := field.Split(bytes.TrimLeft(p.Data, "\r\n"))
				original = field.ID(returned.Get("message-id"))
			}
		}
		return true
	})
	if len(failures) == 0 {
		for _, a := range field.Addresses(h.All("x-failed-recipients")) {
			failures = append(failures, Failure{Recipient: a.Value, Action: "failed"})
		}
	}
	if len(failures) > recipientLimit {
		failures = failures[:recipientLimit]
	}
	for i := range failures {
		failures[i].Original = original
	}
	return failures
}

// readStatus reads a message/delivery-status body: groups of fields divided by empty lines. A group that names a recipient is one.
func readStatus(content []byte) []Failure {
	var failures []Failure
	for len(content) > 0 && len(failures) < recipientLimit {
		var group field.Header
		group, content = field.Split(bytes.TrimLeft(content, "\r\n"))
		recipient := group.Get("final-recipient")
		if recipient == "" {
			recipient = group.Get("original-recipient")
		}
		if recipient == "" && !group.Has("action") {
			continue
		}
		detail := typed(group.Get("diagnostic-code"))
		failures = append(failures, Failure{
			Recipient: recipientAddress(recipient),
			Action:    field.FirstWord(group.Get("action")),
			Status:    statusCode(group.Get("status"), detail),
			Detail:    field.Clip(field.OneLine(detail), 500),
		})
	}
	return failures
}

func recipientAddress(value string) string {
	addr, _ := field.Normal(strings.Trim(typed(value), "<> "))
	return addr
}

// typed removes the type of a typed field: "rfc822; a@b" is "a@b".
func typed(value string) string {
	if _, after, ok := strings.Cut(value, ";"); ok {
		return strings.TrimSpace(after)
	}
	return strings.TrimSpace(value)
}

var enhanced = regexp.MustCompile(`\b[245]\.\d{1,3}\.\d{1,3}\b`)

// statusCode returns the enhanced code of the Status field, or else of the remote server's words.
func statusCode(values ...string) string {
	for _, v := range values {
		if code := enhanced.FindString(v); code != "" {
			return code
		}
	}
	return ""
}
