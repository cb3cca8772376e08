package letter

import (
	"regexp"
	"strings"

	"sportello/channels/email/field"
	"sportello/channels/email/quote"
)

// readDetails reads what is shown beside the words. Nothing here decides anything.
func (m *Mail) readDetails() {
	d := &m.Details
	d.Folds = quote.Text(m.Text)
	d.ListID = listID(m.Header.Get("list-id"))
	if len(m.ReplyTo) > 0 && !m.From.IsZero() && !sameDomain(m.ReplyTo[0].Value, m.From.Value) {
		d.Warnings = append(d.Warnings, "reply_to_differs")
	}
}

// sameDomain reports whether two addresses are of one domain or of one and a part of it.
func sameDomain(a, b string) bool {
	_, a, _ = strings.Cut(a, "@")
	_, b, _ = strings.Cut(b, "@")
	return a == b || strings.HasSuffix(a, "."+b) || strings.HasSuffix(b, "."+a)
}

// listID returns the identifier of a List-Id field (RFC 2919): what stands in the angle brackets, or a field that is only one word.
func listID(value string) string {
	if open := strings.LastIndexByte(value, '<'); open >= 0 {
		value, _, _ = strings.Cut(value[open+1:], ">")
	}
	value = strings.ToLower(strings.TrimSpace(value))
	if value == "" || strings.ContainsAny(value, " \t") {
		return ""
	}
	return field.Clip(field.OneLine(value), 200)
}

// isList reports whether a mailing list or a bulk mailer sent the mail (RFC 2369, RFC 2919).
func isList(h field.Header) bool {
	for _, name := range []string{"list-id", "list-post", "list-unsubscribe", "list-help", "list-subscribe", "list-owner", "list-archive",
		"mailing-list", "x-mailing-list"} {
		if h.Has(name) {
			return true
		}
	}
	return field.FirstWord(h.Get("precedence")) == "list"
}

var spamLevel = regexp.MustCompile(`(?i)\bSCL:(\d)`)

// isSpam reports whether a mail server on the way took the mail for spam. Anybody can write such a field, so it only ever costs a
// mail its automatic answer.
func isSpam(h field.Header) bool {
	for _, name := range []string{"x-spam-flag", "x-spam-status", "x-spam", "x-spam-result"} {
		for _, v := range h.All(name) {
			switch field.FirstWord(v) {
			case "yes", "true", "spam":
				return true
			}
		}
	}
	for _, v := range h.All("x-ms-exchange-organization-scl") {
		if v = strings.TrimSpace(v); len(v) == 1 && v >= "5" && v <= "9" {
			return true
		}
	}
	for _, v := range h.All("x-forefront-antispam-report") {
		if m := spamLevel.FindStringSubmatch(v); m != nil && m[1] >= "5" {
			return true
		}
	}
	return false
}

var subjectTag = regexp.MustCompile(`\[#([0-9A-Za-z][0-9A-Za-z-]{0,30})\]`)

// readTag returns the last tag of ours in a subject, without its brackets, or "". Anybody can write one: it proves nothing.
func readTag(subject string) string {
	all := subjectTag.FindAllStringSubmatch(subject, -1)
	if len(all) == 0 {
		return ""
	}
	return all[len(all)-1][1]
}
