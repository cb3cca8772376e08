package part

import (
	"bytes"
	"strings"
)

// Canonical gives every line its CR LF, as signatures of parts are computed (RFC 3156 section 5, RFC 8551 section 3.1.1).
func Canonical(b []byte) []byte {
	b = bytes.ReplaceAll(b, []byte("\r\n"), []byte("\n"))
	return bytes.ReplaceAll(b, []byte("\n"), []byte("\r\n"))
}

// decode undoes a Content-Transfer-Encoding (RFC 2045 section 6). A word that is none leaves the bytes alone.
func decode(body []byte, encoding, kind string) []byte {
	switch strings.Trim(encoding, `"'`) {
	case "base64":
		if (kind == "" || strings.HasPrefix(kind, "text/")) && prose(body) {
			return body
		}
		return base64Decode(body)
	case "quoted-printable":
		return quotedPrintable(body)
	case "uuencode", "x-uuencode", "uue", "x-uue":
		if found, _ := Unpack(body); len(found) > 0 {
			return found[0].Data
		}
	}
	return body
}

// prose reports whether what is said to be base64 is plainly words: most of its lines have blanks within.
func prose(body []byte) bool {
	lines, blanks := 0, 0
	for line := range bytes.SplitSeq(body[:min(len(body), 4096)], []byte("\n")) {
		if line = bytes.TrimSpace(line); len(line) > 0 {
			lines++
			if bytes.ContainsAny(line, " \t") {
				blanks++
			}
		}
	}
	return blanks*2 > lines
}

// sextet returns the value of a base64 digit, in either alphabet of RFC 4648, or -1.
func sextet(c byte) int {
	switch {
	case c >= 'A' && c <= 'Z':
		return int(c - 'A')
	case c >= 'a' && c <= 'z':
		return int(c-'a') + 26
	case c >= '0' && c <= '9':
		return int(c-'0') + 52
	case c == '+' || c == '-':
		return 62
	case c == '/' || c == '_':
		return 63
	}
	return -1
}

// base64Decode reads base64 and passes over what is none (RFC 2045 section 6.8). Padding in the middle ends a stretch, after which
// another may begin; but a line with a blank in it after padding is a footer that a mailing list has added, and ends all.
func base64Decode(body []byte) []byte {
	out := make([]byte, 0, len(body)*3/4+3)
	bits, n := 0, 0
	padded := false
	for len(body) > 0 {
		line, rest, _ := bytes.Cut(body, []byte("\n"))
		body = rest
		if line = bytes.TrimSpace(line); padded && (bytes.ContainsAny(line, " \t") || bytes.HasPrefix(line, []byte("--"))) {
			break
		}
		for _, c := range line {
			if c == '=' {
				padded = padded || n > 0
				out = flush(out, bits, n)
				bits, n = 0, 0
				continue
			}
			v := sextet(c)
			if v < 0 {
				continue
			}
			if bits, n = bits<<6|v, n+1; n == 4 {
				out = append(out, byte(bits>>16), byte(bits>>8), byte(bits))
				bits, n = 0, 0
			}
		}
	}
	return flush(out, bits, n)
}

// flush writes the whole bytes of a quantum of n digits.
func flush(out []byte, bits, n int) []byte {
	switch n {
	case 2:
		return append(out, byte(bits>>4))
	case 3:
		return append(out, byte(bits>>10), byte(bits>>2))
	}
	return out
}

// quotedPrintable reads quoted-printable text (RFC 2045 section 6.7). An "=" that encodes nothing stays.
func quotedPrintable(body []byte) []byte {
	out := make([]byte, 0, len(body))
	for len(body) > 0 {
		line, rest, more := bytes.Cut(body, []byte("\n"))
		body = rest
		end := "\n"
		if bytes.HasSuffix(line, []byte("\r")) {
			end = "\r\n"
		}
		line = bytes.TrimRight(line, " \t\r")
		soft := bytes.HasSuffix(line, []byte("="))
		if soft {
			line = line[:len(line)-1]
		}
		for i := 0; i < len(line); i++ {
			if c := line[i]; c == '=' && i+2 < len(line) {
				hi, lo := hex(line[i+1]), hex(line[i+2])
				if hi >= 0 && lo >= 0 {
					out = append(out, byte(hi<<4|lo))
					i += 2
					continue
				}
			}
			out = append(out, line[i])
		}
		if more && !soft {
			out = append(out, end...)
		}
	}
	return out
}

func hex(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}
