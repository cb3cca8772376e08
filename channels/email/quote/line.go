package quote

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"sportello/channels"
)

// hint is what the structure of HTML says of a line. Plain text has none.
type hint uint8

const (
	hintQuote     hint = 1 << iota // within an element that a mail program makes for the quoted mail
	hintRest                       // the quoted mail begins here and goes on to the end
	hintSignature                  // within an element that a mail program makes for the signature
	hintIntro                      // within an element that a mail program makes for the lines that introduce the quote
)

// line is one line of a text. Its text is fit for reading: no quote mark, no emphasis marks around it, one kind of digit and colon.
type line struct {
	from, to int               // bytes, with the line end
	text     string            // trimmed, see plain
	bare     string            // as written, without white space at its end
	mark     channels.FoldKind // "" is open
	label    *label            // once it has been read
	depth    int32             // how many quote marks stand before it
	hint     hint
	known    bool // traits have been read
	traits   traits
}

func (l *line) blank() bool { return l.text == "" }

func (l *line) empty() bool { return l.text == "" && l.depth == 0 }

const blanks = 6 // blank lines one below the other that are lines; more belong to the last of them

// scan divides a text into its lines.
func scan(text string) []line {
	lines := make([]line, 0, min(strings.Count(text, "\n")+1, 1<<16))
	for at := 0; at < len(text); {
		end := len(text)
		if i := strings.IndexByte(text[at:], '\n'); i >= 0 {
			end = at + i + 1
		}
		l := newLine(text, at, end)
		at = end
		if n := len(lines); n >= blanks && l.empty() && !slices.ContainsFunc(lines[n-blanks:], func(l line) bool { return !l.empty() }) {
			lines[n-1].to = at
			continue
		}
		lines = append(lines, l)
	}
	unescape(lines)
	otherMarks(lines)
	tagged(lines)
	return lines
}

func newLine(text string, from, to int) line {
	l := line{from: from, to: to}
	l.bare = strings.TrimRightFunc(text[from:to], space)
	rest := l.bare
	l.depth, rest = marks(rest)
	l.text = plain(strings.TrimLeftFunc(rest, space))
	return l
}

// marks counts the quote marks at the start of a line and returns what follows them.
func marks(s string) (depth int32, rest string) {
	rest = s
	for {
		t := strings.TrimLeft(rest, " \t\u00a0\ufeff\u200b")
		switch {
		case strings.HasPrefix(t, ">=") || strings.HasPrefix(t, "><"):
			return depth, rest
		case strings.HasPrefix(t, ">"):
			rest = t[1:]
		case strings.HasPrefix(t, "&gt;"):
			rest = t[4:]
		default:
			return depth, rest
		}
		depth++
	}
}

// unescape takes the mark from a line that begins with "From": programs that store mail in one file put it there.
func unescape(lines []line) {
	for i := range lines {
		if lines[i].depth == 1 && strings.HasPrefix(lines[i].bare, ">From ") && depthAt(lines, i-1) == 0 && depthAt(lines, i+1) == 0 {
			lines[i].depth = 0
		}
	}
}

func depthAt(lines []line, i int) int32 {
	if i < 0 || i >= len(lines) {
		return 0
	}
	return lines[i].depth
}

// otherMarks finds runs of at least two lines that are quoted with a bar or with the initials of the quoted ("AR> "). Lines with
// further bars are a table.
func otherMarks(lines []line) {
	for i := 0; i < len(lines); {
		mark := otherMark(lines[i].bare)
		if mark == "" {
			i++
			continue
		}
		end, full := i, 0
		for end < len(lines) && lines[end].depth == 0 && otherMark(lines[end].bare) == mark {
			if len(strings.TrimSpace(lines[end].bare)) > len(mark) {
				full++
			}
			end++
		}
		if full >= 2 {
			for j := i; j < end; j++ {
				rest := strings.TrimSpace(lines[j].bare)[len(mark):]
				lines[j].depth, lines[j].text = 1, plain(strings.TrimSpace(rest))
			}
		}
		i = max(end, i+1)
	}
}

// tagged finds what stands between the tags of programs that write them into plain text: <quote who="Anna"> … </quote>, [quote] … [/quote].
func tagged(lines []line) {
	ends := [2]int{-taggedLines, -taggedLines} // of each kind of tag the next one that closes, from the last line upwards
	for i := len(lines) - 1; i >= 0; i-- {
		s := lines[i].text
		if strings.IndexByte(s, ']') < 0 && strings.IndexByte(s, '>') < 0 {
			continue
		}
		lower := strings.ToLower(clip(s, longLine))
		for k, tag := range [2][2]string{{"<quote", "</quote>"}, {"[quote", "[/quote]"}} {
			if strings.HasSuffix(lower, tag[1]) {
				ends[k] = i
			}
			if strings.HasPrefix(lower, tag[0]) && ends[k] >= i && ends[k]-i < taggedLines {
				for j := i; j <= ends[k]; j++ {
					lines[j].hint |= hintQuote
				}
			}
		}
	}
}

const taggedLines = 400 // of one quote between tags

func otherMark(s string) string {
	s = strings.TrimLeft(s, " \t")
	for _, bar := range []string{"|", "│", "┃"} {
		if rest, ok := strings.CutPrefix(s, bar); ok {
			if !strings.Contains(rest, bar) && (rest == "" || rest[0] == ' ') {
				return bar
			}
			return ""
		}
	}
	for i := 0; i < len(s) && i < 5; i++ {
		switch c := s[i]; {
		case c == '>' && i >= 1 && (i+1 == len(s) || s[i+1] == ' '):
			return s[:i+1]
		case c >= 'A' && c <= 'Z' || i > 0 && c >= 'a' && c <= 'z':
		default:
			return ""
		}
	}
	return ""
}

func space(r rune) bool {
	return unicode.IsSpace(r) || r == '\ufeff' || r == '\u200b' || r == '\u200e' || r == '\u200f' || r == '\u2060' || r == '\u00ad'
}

// plain makes a line easier to read for rules: white space is a space, invisible characters are gone, digits and colons of all
// scripts are ASCII, marks of emphasis (*bold*) are gone.
func plain(s string) string {
	if s == "" {
		return s
	}
	simple := true
	for i := 0; i < len(s); i++ {
		if c := s[i]; c >= utf8.RuneSelf || c == '*' || c == '\t' {
			simple = false
			break
		}
	}
	if simple {
		return s
	}
	var out strings.Builder
	out.Grow(len(s))
	for _, r := range s {
		switch {
		case r < utf8.RuneSelf && r != '*' && r != '\t':
			out.WriteByte(byte(r))
		case r == '*' || !unicode.IsSpace(r) && space(r) || unicode.Is(unicode.Cf, r):
		case unicode.IsSpace(r):
			out.WriteByte(' ')
		case r == 'İ': // in small letters it would be two
			out.WriteByte('I')
		case r == '：' || r == '﹕' || r == '︰':
			out.WriteByte(':')
		case unicode.Is(unicode.Nd, r):
			out.WriteByte('0' + digit(r))
		default:
			out.WriteRune(r)
		}
	}
	return strings.TrimSpace(out.String())
}

// digit is the value of a decimal digit of any script: they stand in Unicode in runs of ten that begin with zero.
func digit(r rune) byte {
	switch {
	case r >= '０' && r <= '９':
		return byte(r - '０')
	case r >= '٠' && r <= '٩':
		return byte(r - '٠')
	case r >= '۰' && r <= '۹':
		return byte(r - '۰')
	}
	n := byte(0)
	for q := r - 1; n < 9 && unicode.Is(unicode.Nd, q); q-- {
		n++
	}
	return n
}

// letters counts the letters and digits of a text.
func letters(s string) int {
	n := 0
	for _, r := range s {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			n++
		}
	}
	return n
}
