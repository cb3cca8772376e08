package calendar

import (
	"strings"
)

const (
	linesMost = 20_000 // content lines that are read
	lineMost  = 10_000 // octets of one unfolded line
)

// line is one content line (RFC 5545 section 3.1). Names are in upper case.
type line struct {
	name   string
	params map[string]string
	value  string
}

// lines unfolds text and reads its content lines. What is none is left out.
func lines(text string) []line {
	text = strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(text)
	var all []line
	var open strings.Builder
	finish := func() {
		if l, ok := parse(open.String()); ok {
			all = append(all, l)
		}
		open.Reset()
	}
	for raw := range strings.SplitSeq(text, "\n") {
		if len(raw) > 0 && (raw[0] == ' ' || raw[0] == '\t') {
			if open.Len() < lineMost {
				open.WriteString(raw[1:])
			}
			continue
		}
		finish()
		if len(all) >= linesMost {
			return all
		}
		open.WriteString(raw[:min(len(raw), lineMost)])
	}
	finish()
	return all
}

// parse divides a content line at the first colon outside quotes, and what stands before it at the semicolons.
func parse(s string) (line, bool) {
	quoted, colon := false, -1
	var cuts []int
	for i := 0; i < len(s) && colon < 0; i++ {
		switch s[i] {
		case '"':
			quoted = !quoted
		case ';':
			if !quoted {
				cuts = append(cuts, i)
			}
		case ':':
			if !quoted {
				colon = i
			}
		}
	}
	if colon <= 0 {
		return line{}, false
	}
	l := line{value: strings.TrimSpace(s[colon+1:]), params: map[string]string{}}
	cuts = append(cuts, colon)
	l.name = strings.ToUpper(strings.TrimSpace(s[:cuts[0]]))
	for i := 0; i+1 < len(cuts); i++ {
		if name, value, ok := strings.Cut(s[cuts[i]+1:cuts[i+1]], "="); ok {
			l.params[strings.ToUpper(strings.TrimSpace(name))] = strings.Trim(value, `" `)
		}
	}
	return l, l.name != ""
}

// plain undoes the escapes of a text value (RFC 5545 section 3.3.11).
func plain(s string) string {
	return strings.NewReplacer(`\\`, `\`, `\n`, "\n", `\N`, "\n", `\,`, ",", `\;`, ";").Replace(s)
}
