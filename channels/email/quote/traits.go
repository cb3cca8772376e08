package quote

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// traits is what a stretch of text holds, whatever its language.
type traits struct {
	address bool // a mail address
	angle   bool // one in angle or square brackets
	date    bool
	time    bool
	link    bool
	phone   bool
	post    bool // a number that may be a postal code or stand in a street address
}

const longLine = 2000 // bytes of a line that rules look at

// read finds the traits of a plain text.
func read(s string) traits {
	if len(s) > longLine {
		s = s[:longLine]
	}
	var t traits
	t.address, t.angle = address(s)
	t.link = strings.Contains(s, "://") || strings.Contains(s, "www.")
	if strings.ContainsAny(s, "0123456789") {
		ns := numbers(s)
		t.time = hasTime(s, ns)
		t.date = hasDate(s, ns, t.time)
		t.phone = hasPhone(s) && (!t.date || strings.Contains(s, "+"))
		t.post = hasPost(ns)
	}
	return t
}

// address reports whether there is a mail address, and whether one stands in brackets.
func address(s string) (found, angle bool) {
	for at := 0; ; {
		i := strings.IndexByte(s[at:], '@')
		if i < 0 {
			return found, angle
		}
		i += at
		at = i + 1
		end := at
		for end < len(s) && (alnum(s[end]) || s[end] == '.' || s[end] == '-' || s[end] >= utf8.RuneSelf) {
			end++
		}
		if i == 0 || !(alnum(s[i-1]) || strings.IndexByte("._-+=/'\"", s[i-1]) >= 0 || s[i-1] >= utf8.RuneSelf) || end-at < 3 {
			continue
		}
		found = found || strings.Contains(strings.Trim(s[at:end], ".-"), ".")
		start := i
		for start > 0 && s[start-1] > ' ' && strings.IndexByte("<[(", s[start-1]) < 0 {
			start--
		}
		if start > 0 && (s[start-1] == '<' || s[start-1] == '[') && end < len(s) && strings.IndexByte(">]|( ", s[end]) >= 0 {
			found, angle = true, true
		}
		at = end
	}
}

func alnum(c byte) bool { return c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z' }

// number is a run of digits.
type number struct{ at, end, value int }

func (n number) digits() int { return n.end - n.at }

func numbers(s string) []number {
	var ns []number
	for i := 0; i < len(s); {
		if s[i] < '0' || s[i] > '9' {
			i++
			continue
		}
		n := number{at: i}
		for ; i < len(s) && s[i] >= '0' && s[i] <= '9'; i++ {
			if n.value < 1e8 {
				n.value = n.value*10 + int(s[i]-'0')
			}
		}
		n.end = i
		ns = append(ns, n)
	}
	return ns
}

func hasTime(s string, ns []number) bool {
	for i, n := range ns {
		if n.digits() > 2 || n.value > 24 {
			continue
		}
		rest := s[n.end:]
		if strings.HasPrefix(rest, "時") || strings.HasPrefix(rest, "时") || strings.HasPrefix(rest, "시") || strings.HasPrefix(rest, "點") {
			return true
		}
		if i+1 == len(ns) || ns[i+1].digits() != 2 || ns[i+1].value > 59 || ns[i+1].at != n.end+1 {
			if half(rest) {
				return true
			}
			continue
		}
		switch s[n.end] {
		case ':', 'h', 'H':
			return true
		case '.': // 10.30, but not part of 10.03.2024
			before := i > 0 && ns[i-1].end+1 == n.at && s[ns[i-1].end] == '.'
			after := ns[i+1].end+1 < len(s) && s[ns[i+1].end] == '.' && s[ns[i+1].end+1] >= '0' && s[ns[i+1].end+1] <= '9'
			if !before && (!after || i+2 < len(ns) && ns[i+2].digits() == 2 && ns[i+2].value <= 59 && ns[i+1].value > 12) {
				return true
			}
		}
	}
	return false
}

// half reports whether "pm" or "am" follows an hour.
func half(rest string) bool {
	rest = strings.ToLower(strings.TrimLeft(clip(rest, 8), " "))
	return strings.HasPrefix(rest, "am ") || strings.HasPrefix(rest, "pm ") || strings.HasPrefix(rest, "a.m") || strings.HasPrefix(rest, "p.m") ||
		strings.HasPrefix(rest, "pm,") || strings.HasPrefix(rest, "am,")
}

func year(n number) bool {
	return n.digits() == 4 && (n.value >= 1970 && n.value < 2100 || n.value >= 2513 && n.value < 2640 || n.value >= 1390 && n.value < 1480)
}

func hasDate(s string, ns []number, timed bool) bool {
	for i, n := range ns {
		if i+2 < len(ns) && triple(s, n, ns[i+1], ns[i+2]) {
			return true
		}
		if rest := s[n.end:]; strings.HasPrefix(rest, "月") || strings.HasPrefix(rest, "월") {
			return true
		}
		day := n.digits() <= 2 && n.value >= 1 && n.value <= 31 && (n.at == 0 || s[n.at-1] != '+')
		if i+1 < len(ns) && (day && year(ns[i+1]) || year(n) && ns[i+1].digits() <= 2 && ns[i+1].value <= 31) && between(s[n.end:ns[i+1].at]) {
			return true
		}
		if timed && day && (i+1 == len(ns) || ns[i+1].at > n.end+1 || s[n.end] == ' ' || s[n.end] == '/') &&
			(i == 0 || ns[i-1].end+1 < n.at || s[n.at-1] == ' ' || s[n.at-1] == '/') && standsAlone(s, n) {
			return true // a day beside a time
		}
	}
	return false
}

func standsAlone(s string, n number) bool {
	ok := func(c byte) bool { return strings.IndexByte(" ,./)(<", c) >= 0 || c >= utf8.RuneSelf }
	return (n.at == 0 || ok(s[n.at-1])) && (n.end == len(s) || ok(s[n.end]) || strings.HasPrefix(s[n.end:], "th"))
}

// triple reports whether three numbers are written as one date: 12/03/2024, 2024-03-12, 12. 3. 2024, 2024年3月12日.
func triple(s string, a, b, c number) bool {
	one, two := strings.TrimSpace(s[a.end:b.at]), strings.TrimSpace(s[b.end:c.at])
	if one != two && !(one == "年" && two == "月") && !(one == "년" && two == "월") {
		return false
	}
	switch one {
	case "/", "-", ".", "年", "년":
	default:
		return false
	}
	short := func(n number) bool { return n.digits() <= 2 && n.value >= 1 && n.value <= 31 }
	return short(b) && (short(a) && (year(c) || short(c) && one != "-" || c.digits() == 2 && one == "/") || year(a) && short(c))
}

// between reports whether what stands between a day and a year may be the name of a month.
func between(s string) bool {
	if len(s) > 40 || strings.ContainsAny(s, "@:<>;!?+") {
		return false
	}
	return len(strings.Fields(s)) <= 4
}

// hasPhone looks for a run of at least seven digits with the signs that people put between them.
func hasPhone(s string) bool {
	digits, start := 0, 0
	for i := 0; i <= len(s); i++ {
		var c byte
		if i < len(s) {
			c = s[i]
		}
		switch {
		case c >= '0' && c <= '9':
			if digits == 0 {
				start = i
			}
			digits++
		case digits > 0 && c != 0 && strings.IndexByte(" -./()", c) >= 0:
		case c == '+' || c == '(':
			digits = 0
		default:
			if digits >= 7 && digits <= 16 && (start == 0 || !alnum(s[start-1])) {
				return true
			}
			digits = 0
		}
	}
	return false
}

func hasPost(ns []number) bool {
	for _, n := range ns {
		if n.digits() <= 6 {
			return true
		}
	}
	return false
}

// words divides a plain text at everything that is neither letter nor digit nor apostrophe.
func words(s string) []string {
	return strings.FieldsFunc(s, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '\'' && r != '’' && !unicode.Is(unicode.Mn, r)
	})
}

// common counts the words that begin with a small letter and have at least three: names, months and days of most languages have a
// capital, and prose has not; addresses do not count. Months and days that have a small letter are at most three in a date.
func common(s string) int {
	n := 0
	for field := range strings.FieldsSeq(s) {
		if strings.Contains(field, "@") || strings.Contains(field, "://") {
			continue
		}
		for _, w := range words(field) {
			r, _ := utf8.DecodeRuneInString(w)
			if unicode.IsLower(r) && utf8.RuneCountInString(w) >= 3 {
				n++
			}
		}
	}
	return n
}

func clip(s string, n int) string {
	if len(s) > n {
		return s[:n]
	}
	return s
}
