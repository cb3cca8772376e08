package field

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/html/charset"
)

// Decode turns the bytes of a text part into UTF-8 with LF line ends (E-36). The label is believed unless the bytes prove it
// wrong: bytes that are valid UTF-8 beyond ASCII are UTF-8 whatever single-byte label they carry, and unlabelled bytes that are not
// UTF-8 are taken for windows-1252. Labels are read as the WHATWG does, so iso-8859-1 is windows-1252 and gb2312 is GBK.
func Decode(b []byte, label string) string {
	return Clean(Convert(b, label))
}

// Convert turns bytes into UTF-8 as Decode does, and leaves line ends and control characters as they are.
func Convert(b []byte, label string) string {
	label = strings.ToLower(strings.Trim(strings.TrimSpace(label), `"'`))
	label = strings.TrimPrefix(label, "charset=")
	enc, name := charset.Lookup(label)
	switch {
	case name == "utf-8", enc == nil, name == "replacement", name == "windows-1252":
		if utf8.Valid(b) {
			return string(b)
		}
		if name == "utf-8" {
			return strings.ToValidUTF8(string(b), "\uFFFD")
		}
		enc, _ = charset.Lookup("windows-1252")
	}
	out, err := enc.NewDecoder().Bytes(b)
	if err != nil {
		return strings.ToValidUTF8(string(b), "\uFFFD")
	}
	return string(out)
}

// Clean makes text fit to be stored and shown: valid UTF-8, LF line ends, no control characters but tab and line feed.
func Clean(s string) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	s = strings.ReplaceAll(s, "\r\n", "\n")
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n', r == '\t':
			return r
		case r == '\r':
			return '\n'
		case r == '\uFEFF', unicode.IsControl(r):
			return -1
		}
		return r
	}, s)
}

// OneLine makes text fit for a subject or a name: one line, no control characters, and none of the characters that change the
// direction of what follows (bidirectional embeddings, overrides and isolates), which are used to disguise names.
func OneLine(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case r == '\n', r == '\t', r == '\r', r == '\u2028', r == '\u2029':
			return ' '
		case unicode.IsControl(r), r == '\uFEFF', r == '\u061C', r == '\u200E', r == '\u200F',
			r >= '\u202A' && r <= '\u202E', r >= '\u2066' && r <= '\u2069':
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
	return strings.Join(strings.Fields(s), " ")
}
