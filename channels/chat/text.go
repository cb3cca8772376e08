package chat

import (
	"net/mail"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
)

// cleanText makes a visitor's message plain (C-22): valid UTF-8, LF line ends, no control characters but LF and TAB, no outer space.
// Nothing is escaped here: text stays text, and whoever shows it escapes it.
func cleanText(s string) string {
	s = strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\r\n", "\n")
	s = strings.Map(func(r rune) rune {
		switch {
		case r == '\r':
			return '\n'
		case r == '\n', r == '\t':
			return r
		case unicode.IsControl(r), isBidiControl(r):
			return -1
		}
		return r
	}, s)
	return strings.TrimSpace(s)
}

// cleanLine is cleanText for a name: one line, at most n runes.
func cleanLine(s string, n int) string {
	s = strings.Join(strings.Fields(cleanText(s)), " ")
	if utf8.RuneCountInString(s) > n {
		s = string([]rune(s)[:n])
	}
	return s
}

// isBidiControl reports characters that turn the direction of the text around them (UAX 9), which can make words say something else.
func isBidiControl(r rune) bool {
	return r >= 0x202A && r <= 0x202E || r >= 0x2066 && r <= 0x2069
}

// emailAddress normalises an address as channels.Address wants it. It accepts a bare addr-spec only.
func emailAddress(s string) (string, bool) {
	s = strings.TrimSpace(s)
	at := strings.LastIndexByte(s, '@')
	if at <= 0 || at > 64 || len(s) > 254 || strings.ContainsAny(s, " \t\r\n<>\",;") {
		return "", false
	}
	if _, err := mail.ParseAddress(s); err != nil {
		return "", false
	}
	domain, err := idna.Lookup.ToASCII(s[at+1:])
	if err != nil || !strings.Contains(domain, ".") {
		return "", false
	}
	return strings.ToLower(s[:at] + "@" + domain), true
}
