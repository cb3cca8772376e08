package part

import (
	"net/url"
	"slices"
	"strconv"
	"strings"

	"sportello/channels/email/field"
)

const paramLimit = 100 // parameters of one field

// MediaType reads a Content-Type field with its parameters, also one with comments (RFC 2045 section 5.1) and one that is wrong in
// the ways that are common: "text", "html", no semicolon, blanks without quotes.
func MediaType(s string) (string, map[string]string) {
	kind, params := value(s)
	switch kind {
	case "text":
		kind = "text/plain"
	case "html":
		kind = "text/html"
	}
	a, b, ok := strings.Cut(kind, "/")
	if a, b = strings.TrimSpace(a), strings.TrimSpace(b); !ok || a == "" || b == "" || strings.ContainsAny(kind, "<>@,;:\\\"[]?=") {
		if ok || strings.HasPrefix(kind, "<") {
			return "", params // no type at all: plain text (RFC 2045 section 5.2)
		}
		return kind, params
	}
	return a + "/" + b, params
}

// value reads a word with parameters.
func value(s string) (string, map[string]string) {
	pieces := semicolons(withoutComments(s))
	if len(pieces) == 0 {
		return "", nil
	}
	word := strings.TrimSpace(pieces[0])
	rest := pieces[1:]
	if i := strings.IndexAny(word, " \t"); i > 0 && strings.Contains(word[i:], "=") { // the semicolon was forgotten
		rest = append([]string{word[i+1:]}, rest...)
		word = word[:i]
	}
	if strings.Contains(word, "=") { // the word itself was forgotten
		rest, word = pieces, ""
	}
	return strings.ToLower(strings.Trim(word, `"' `)), parameters(rest)
}

// piece is a stretch of a parameter that is continued (RFC 2231 section 3).
type piece struct {
	n       int
	encoded bool
	value   string
}

// parameters reads name=value pairs and joins continued ones. Of two with one name the first counts, and one in the form of RFC 2231
// counts before a plain one.
func parameters(list []string) map[string]string {
	params := make(map[string]string)
	continued := make(map[string][]piece)
	for _, item := range list[:min(len(list), paramLimit)] {
		name, val, ok := strings.Cut(item, "=")
		name = strings.ToLower(strings.TrimSpace(name))
		if !ok || name == "" {
			continue
		}
		val = unquote(val)
		base, star, extended := strings.Cut(name, "*")
		if !extended {
			if _, have := params[name]; !have {
				params[name] = field.Words(val)
				if name == "boundary" {
					params[name] = strings.TrimRight(val, " \t")
				}
			}
			continue
		}
		p := piece{value: val}
		star, p.encoded = strings.CutSuffix(star, "*")
		if star == "" { // name*= is one encoded piece
			p.encoded = p.encoded || strings.HasSuffix(name, "*")
		} else {
			n, err := strconv.Atoi(star)
			if err != nil || n < 0 || n > paramLimit {
				continue
			}
			p.n = n
		}
		continued[base] = append(continued[base], p)
	}
	for base, pieces := range continued {
		if joined := join(pieces); joined != "" {
			params[base] = field.OneLine(joined)
		}
	}
	return params
}

// join puts the pieces of one parameter together and decodes them: charset'language'percent-encoded (RFC 2231 section 4).
func join(pieces []piece) string {
	slices.SortStableFunc(pieces, func(a, b piece) int { return a.n - b.n })
	charset, any := "", false
	var raw strings.Builder
	for i, p := range pieces {
		if !p.encoded {
			raw.WriteString(p.value)
			continue
		}
		val := p.value
		if i == 0 {
			if set, rest, ok := strings.Cut(val, "'"); ok {
				if _, text, ok := strings.Cut(rest, "'"); ok {
					charset, val = set, text
				}
			}
		}
		any = true
		if plain, err := url.PathUnescape(val); err == nil {
			val = plain
		}
		raw.WriteString(val)
	}
	if !any {
		return field.Words(raw.String())
	}
	return field.Convert([]byte(raw.String()), charset)
}

// semicolons cuts a structured value at the semicolons outside quotes.
func semicolons(s string) []string {
	var pieces []string
	quoted, start := false, 0
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\\' && quoted:
			i++
		case c == '"':
			quoted = !quoted && strings.IndexByte(s[i+1:], '"') >= 0
		case c == ';' && !quoted:
			pieces = append(pieces, s[start:i])
			start = i + 1
			if len(pieces) > paramLimit {
				return pieces
			}
		}
	}
	return append(pieces, s[start:])
}

// unquote removes the quotes of a value. A backslash before anything but a quote or a backslash is a backslash: paths are common.
func unquote(s string) string {
	s = strings.TrimSpace(s)
	if len(s) > 0 && s[0] == '"' {
		s = s[1:]
		if end := strings.LastIndexByte(s, '"'); end >= 0 {
			s = s[:end]
		}
		return strings.NewReplacer(`\"`, `"`, `\\`, `\`).Replace(s)
	}
	return strings.Trim(s, `'`)
}

// withoutComments removes the parenthesised comments of a structured field, minding quotes. Parentheses in a value that was to be
// quoted, as in name=report (1).pdf, stay: a comment begins after a blank, a semicolon or at the start, and before any "=".
func withoutComments(s string) string {
	if !strings.Contains(s, "(") {
		return s
	}
	var out strings.Builder
	quoted, depth, inValue := false, 0, false
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\\' && (quoted || depth > 0):
			if depth == 0 {
				out.WriteByte(c)
				if i+1 < len(s) {
					out.WriteByte(s[i+1])
				}
			}
			i++
			continue
		case c == '"' && depth == 0:
			quoted = !quoted
			inValue = false
		case quoted:
		case c == '(' && (!inValue || depth > 0):
			depth++
			continue
		case c == ')' && depth > 0:
			depth--
			continue
		case c == '=' && depth == 0 && fileName(s[:i]):
			inValue = true
		case c == ';' && depth == 0:
			inValue = false
		}
		if depth == 0 {
			out.WriteByte(s[i])
		}
	}
	return out.String()
}

// fileName reports whether what stands before a "=" is the name of a parameter that holds a file name.
func fileName(before string) bool {
	before = strings.ToLower(strings.TrimRight(before[max(0, len(before)-20):], " \t"))
	return strings.HasSuffix(before, "name") || strings.HasSuffix(before, "*")
}
