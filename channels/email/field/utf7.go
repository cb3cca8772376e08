package field

import (
	"encoding/base64"
	"strings"
	"unicode/utf16"
)

// utf7 reads UTF-7 (RFC 2152). ok is false when the bytes are not ASCII.
func utf7(b []byte) (s string, ok bool) {
	if !isASCII(b) {
		return "", false
	}
	var out strings.Builder
	for i := 0; i < len(b); i++ {
		if b[i] != '+' {
			out.WriteByte(b[i])
			continue
		}
		end := i + 1
		for end < len(b) && isBase64(b[end]) {
			end++
		}
		switch {
		case end == i+1 && end < len(b) && b[end] == '-':
			out.WriteByte('+')
		case end == i+1:
			out.WriteByte('+')
			continue
		default:
			out.WriteString(utf16Text(string(b[i+1 : end])))
		}
		if i = end; i < len(b) && b[i] != '-' {
			i--
		}
	}
	return out.String(), true
}

func isBase64(c byte) bool {
	return c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '+' || c == '/'
}

// utf16Text reads base64 of UTF-16, whose last bits may be over.
func utf16Text(s string) string {
	if len(s)%4 == 1 {
		s = s[:len(s)-1]
	}
	raw, err := base64.RawStdEncoding.DecodeString(s)
	if err != nil {
		return "\uFFFD"
	}
	units := make([]uint16, len(raw)/2)
	for i := range units {
		units[i] = uint16(raw[2*i])<<8 | uint16(raw[2*i+1])
	}
	return string(utf16.Decode(units))
}
