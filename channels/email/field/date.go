package field

import (
	"net/mail"
	"strings"
	"time"
)

// Date reads a Date field (RFC 5322 section 3.3) in UTC. A year that no mail can have counts as unreadable.
func Date(value string) time.Time {
	t, err := mail.ParseDate(value)
	if err != nil || t.Year() < 1980 || t.Year() > 9999 {
		return time.Time{}
	}
	return t.UTC()
}

// Language returns the first tag of Content-Language (RFC 3282) if it looks like one.
func Language(value string) string {
	tag, _, _ := strings.Cut(value, ",")
	tag = strings.TrimSpace(tag)
	if len(tag) < 2 || len(tag) > 35 || strings.ContainsFunc(tag, func(r rune) bool {
		return !(r == '-' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9')
	}) {
		return ""
	}
	return tag
}
