package letter

import (
	"regexp"
	"slices"
	"strings"

	"sportello/channels"
	"sportello/channels/email/field"
	"sportello/channels/email/forward"
	"sportello/channels/email/quote"
)

// readDetails reads what is shown beside the words. Nothing here decides anything.
func (m *Mail) readDetails() {
	d := &m.Details
	if d.Folds == nil {
		d.Folds = quote.Text(m.Text)
	}
	if d.Forward == nil {
		m.readForward()
	}
	d.ListID = listID(m.Header.Get("list-id"))
	if len(m.ReplyTo) > 0 && !m.From.IsZero() && !sameDomain(m.ReplyTo[0].Value, m.From.Value) {
		d.Warnings = append(d.Warnings, "reply_to_differs")
	}
}

// readForward finds a mail that is passed on within the text. An answer quotes the one whom it answers with the same block of lines, so
// without a line that says so a mail counts as passed on only if its writer is neither among the recipients nor the sender. What
// stands in an older message that is quoted is no affair of this one.
func (m *Mail) readForward() {
	head, ok := forward.Find(m.Text)
	if !ok {
		return
	}
	fold := -1
	for i, f := range m.Details.Folds {
		if f.From < head.At && head.At < f.To && strings.TrimSpace(m.Text[f.From:head.At]) != "" {
			return
		}
		if f.Kind != channels.FoldSignature && f.Kind != channels.FoldDisclaimer && f.From <= head.At && head.At < f.To {
			fold = i
		}
	}
	if !head.Marked && (m.writesTo(head.From) || same(head.From, m.From)) {
		return
	}
	m.Details.Forward = &channels.Forwarded{From: head.From, Subject: head.Subject, Date: head.Date, How: "inline"}
	if fold >= 0 && m.Details.Folds[fold].Kind == channels.FoldQuote {
		m.Details.Folds[fold].Kind = channels.FoldForwarded
	}
}

// writesTo reports whether somebody is among those whom the mail was sent to.
func (m *Mail) writesTo(who channels.Address) bool {
	return slices.ContainsFunc(slices.Concat(m.To, m.Cc), func(a channels.Address) bool { return same(a, who) })
}

// same compares by address, and by name where one of them has no address.
func same(a, b channels.Address) bool {
	if a.Value != "" && b.Value != "" {
		return a.Value == b.Value
	}
	return a.Name != "" && strings.EqualFold(a.Name, b.Name)
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
