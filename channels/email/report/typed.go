package report

import (
	"regexp"
	"strconv"
	"strings"

	"sportello/channels/email/field"
)

// typed removes the type of a typed field: "rfc822; a@b" is "a@b".
func typed(value string) string {
	if _, after, ok := strings.Cut(value, ";"); ok {
		return strings.TrimSpace(after)
	}
	return strings.TrimSpace(value)
}

// typedAddress is the address of a typed field, normalised, or "". An address of type utf-8 comes as UTF-8 or with its letters beyond
// ASCII as \x{20AC} (RFC 6533 section 3); one of type rfc822 may carry them as +20 (RFC 3461 section 4).
func typedAddress(value string) string {
	kind, _, found := strings.Cut(value, ";")
	value = strings.Trim(typed(value), "<> \t")
	if found && strings.EqualFold(strings.TrimSpace(kind), "utf-8") {
		value = embedded.ReplaceAllStringFunc(value, func(s string) string {
			n, err := strconv.ParseInt(s[3:len(s)-1], 16, 32)
			if err != nil || n > 0x10FFFF {
				return s
			}
			return string(rune(n))
		})
	}
	if addr, ok := field.Normal(value); ok {
		return addr
	}
	return ""
}

var (
	embedded = regexp.MustCompile(`\\x\{[0-9A-Fa-f]{1,6}\}`)
	enhanced = regexp.MustCompile(`\b[245]\.\d{1,3}\.\d{1,3}\b`)
	reply    = regexp.MustCompile(`(?:^|[^\d.])([45][0-5]\d)(?:[ \-:]|$)`)
	returned = regexp.MustCompile(`(?im)^[ \t>]*message-id:\s*<([^<>\s]{3,900})>`)
)

// firstStatus is the first enhanced status code (RFC 3463) in the values.
func firstStatus(values ...string) string {
	for _, v := range values {
		if code := enhanced.FindString(v); code != "" {
			return code
		}
	}
	return ""
}

// returnedID is the Message-ID in a mail that came back as text.
func returnedID(text string) string {
	if m := returned.FindStringSubmatch(clip(text)); m != nil {
		return field.ID("<" + m[1] + ">")
	}
	return ""
}

func clip(text string) string { return text[:min(len(text), mostText)] }

// line makes a server's words one line that can be shown.
func line(s string) string { return field.Clip(field.OneLine(s), 500) }
