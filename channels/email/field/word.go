package field

import (
	"encoding/base64"
	"regexp"
	"strings"
	"unicode/utf8"
)

// An encoded word of RFC 2047 section 2, with the language suffix of RFC 2231 section 5. Spaces and question marks within are
// against the rules and common.
var encodedWord = regexp.MustCompile(`=\?([^?\s]+)\?([bBqQ])\?(.*?)\?=`)

const wordsMost = 64 << 10 // octets of one field that are decoded: more is no text for a person

// Words reads the text of a header field: encoded words, also within quotes, also split in the middle of a character (the
// bytes of neighbours of one charset are joined before they are decoded), and raw 8-bit text (RFC 6532, or windows-1252 by
// mistake). The result is one line fit for showing.
func Words(s string) string {
	if len(s) > wordsMost {
		end := wordsMost
		for end > wordsMost-utf8.UTFMax && !utf8.RuneStart(s[end]) {
			end--
		}
		s = s[:end]
	}
	if !utf8.ValidString(s) {
		s = Convert([]byte(s), "")
	}
	var out strings.Builder
	var pending []byte
	var pendingSet string
	flush := func() {
		out.WriteString(Convert(pending, pendingSet))
		pending, pendingSet = nil, ""
	}
	at := 0
	for _, m := range encodedWord.FindAllStringSubmatchIndex(s, -1) {
		between := s[at:m[0]]
		set, _, _ := strings.Cut(strings.ToLower(s[m[2]:m[3]]), "*")
		if at > 0 && strings.TrimSpace(between) == "" {
			if set != pendingSet {
				flush()
			}
		} else {
			flush()
			out.WriteString(between)
		}
		pending = append(pending, decodeWord(s[m[4]:m[5]], s[m[6]:m[7]])...)
		pendingSet = set
		at = m[1]
	}
	flush()
	out.WriteString(s[at:])
	return OneLine(out.String())
}

func decodeWord(encoding, text string) []byte {
	if strings.EqualFold(encoding, "b") {
		text = strings.TrimRight(strings.ReplaceAll(text, " ", ""), "=")
		if b, err := base64.RawStdEncoding.DecodeString(text); err == nil {
			return b
		}
		return []byte(text)
	}
	out := make([]byte, 0, len(text))
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '_':
			out = append(out, ' ')
		case c == '=' && i+2 < len(text) && isHex(text[i+1]) && isHex(text[i+2]):
			out = append(out, unhex(text[i+1])<<4|unhex(text[i+2]))
			i += 2
		default:
			out = append(out, c)
		}
	}
	return out
}

func isHex(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}

func unhex(c byte) byte {
	switch {
	case c >= 'a':
		return c - 'a' + 10
	case c >= 'A':
		return c - 'A' + 10
	}
	return c - '0'
}

// FirstWord returns the first word of a structured value in lower case, without parameters and comments.
func FirstWord(value string) string {
	words := strings.FieldsFunc(strings.ToLower(value), func(r rune) bool { return strings.ContainsRune(" \t;,(", r) })
	if len(words) == 0 {
		return ""
	}
	return words[0]
}
