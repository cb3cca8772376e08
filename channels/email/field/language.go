package field

import "strings"

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
