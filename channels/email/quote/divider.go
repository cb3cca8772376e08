package quote

import (
	"strings"
	"unicode"

	"sportello/channels"
)

// divider is where a mail that is quoted or passed on begins with a head or with a line between dashes.
type divider struct {
	from, body int // lines: its own, and where the other mail's text begins
	kind       channels.FoldKind
	announced  bool // a line says so in words
	headed     bool // there is a head
	nameless   bool // it has no address, and no line announces it: so much may stand in a timetable
}

// dividerAt looks at line i for, in any combination, a ruling, a line of words (between dashes, or ending in a colon) and a head.
func (m *mail) dividerAt(i int) (divider, bool) {
	l := &m.lines[i]
	if l.blank() {
		return divider{}, false
	}
	d := divider{from: i, kind: channels.FoldQuote}
	at := i
	ruled := false
	if rule(l.text) {
		if at = m.next(i); at < 0 || m.lines[at].depth != l.depth {
			return divider{}, false
		}
		ruled = true
	}
	said := ""
	if words, end := m.dashed(at); words != "" {
		said, at = words, end
	} else if s := m.lines[at].text; endsColon(s) && len(s) >= 8 && len(s) <= 100 && m.labelOf(at).role == roleNone && (passed.has(s) || original.has(s)) {
		said, at = s, at+1
	}
	if said != "" {
		if passed.has(said) {
			d.kind = channels.FoldForwarded
		}
		d.announced = true
	}
	headLine := at
	if said != "" {
		headLine = m.next(at - 1)
	}
	if headLine >= 0 {
		inside := m.lines[headLine].depth > l.depth
		if h := m.headAt(headLine); h.holds(said != "" && mailing(said)) || ruled && h.holds(h.roles[roleFrom] > 0 && h.to-h.from >= 2) {
			d.body, d.headed, d.nameless = h.to, true, h.people == 0 && said == "" && !ruled
			if inside {
				d.body = headLine
			}
			return d, inside && said != "" || !inside
		}
		if !inside && oneLine(m.lines[headLine].text) {
			d.body, d.headed = headLine+1, true
			return d, true
		}
		if said == "" && !ruled {
			if start, body, ok := m.notes(headLine); ok {
				d.from, d.body = start, body
				return d, true
			}
		}
	}
	d.body = at
	return d, said != "" && !endsColon(said) && (passed.has(said) || original.has(said) && mailWord.has(said) || strings.HasPrefix(l.text, "--") && wrote.has(said))
}

// mailing reports whether the words of a dividing line are about a mail.
func mailing(said string) bool {
	return mailWord.has(said) || passed.has(said) || original.has(said)
}

// next is the next line that is not blank, -1 when there is none near.
func (m *mail) next(i int) int {
	for j := i + 1; j < len(m.lines) && j <= i+4; j++ {
		if !m.lines[j].blank() {
			return j
		}
	}
	return -1
}

// rule reports whether a line is drawn: nothing but dashes, underscores, equals signs.
func rule(s string) bool {
	if len(s) < 5 {
		return false
	}
	for _, r := range s {
		if !strings.ContainsRune("-_=–—─━ ", r) {
			return false
		}
	}
	return true
}

// dashed reads words between dashes: "-----Original Message-----", also over two lines, also with dashes on the left only when there are
// many. end is the line behind.
func (m *mail) dashed(i int) (said string, end int) {
	s := m.lines[i].text
	left := strings.TrimLeft(s, "-_=–—─━~#+ ")
	n := len(s) - len(left)
	if n < 2 || left == "" || strings.HasPrefix(s, "- ") {
		return "", 0
	}
	middle := strings.TrimRight(left, "-_=–—─━~#+ ")
	switch closed := len(left)-len(middle) >= 2; {
	case closed && len(middle) <= 120 && hasLetter(middle):
		return middle, i + 1
	case !closed && n >= 5 && i+1 < len(m.lines) && m.lines[i+1].depth == m.lines[i].depth:
		right := m.lines[i+1].text
		rest := strings.TrimRight(right, "-_=–—─━ ")
		if len(right)-len(rest) >= 4 && len(middle)+len(rest) <= 200 && hasLetter(middle) {
			return middle + " " + rest, i + 2
		}
		if n >= 8 && len(middle) <= 60 && mailing(middle) {
			return middle, i + 1
		}
	}
	return "", 0
}

func hasLetter(s string) bool { return strings.ContainsFunc(s, unicode.IsLetter) }

// notes finds the head of Lotus Notes, which names the sender and the time in lines of their own above To, cc and Subject.
func (m *mail) notes(i int) (start, body int, ok bool) {
	t := m.traits(i)
	if !t.date || !t.time || len(m.lines[i].text) > 100 {
		return 0, 0, false
	}
	at := m.next(i)
	if at >= 0 && m.labelOf(at).role == roleNone { // "Please respond to …"
		at = m.next(at)
	}
	if at < 0 {
		return 0, 0, false
	}
	h := m.headAt(at)
	if h.known() == 0 {
		h = m.bareHead(at)
	}
	if h.known() < 2 || h.roles[roleSubject] == 0 || h.roles[roleFrom] > 0 {
		return 0, 0, false
	}
	start = i
	for n := 0; n < 2 && start > 0; n++ {
		if up := &m.lines[start-1]; up.blank() || up.depth > 0 || up.mark != "" || len(up.text) > 80 || endsSentence(up.text) {
			break
		}
		start--
	}
	return start, h.to, true
}

// bareHead reads a head whose labels have no colon and stand in lines of their own or before their values, as the tables of Lotus Notes
// come out: To, the recipients, cc, Subject, the subject.
func (m *mail) bareHead(i int) head {
	h := head{from: i, to: i}
	for j := i; j < len(m.lines) && j < i+headLines; j++ {
		first, rest, _ := strings.Cut(m.lines[j].text, " ")
		r, ok := roles[strings.ToLower(first)]
		if !ok || r != roleTo && r != roleCopy && r != roleSubject || h.roles[r] > 0 {
			continue
		}
		h.roles[r]++
		if h.to = j + 1; r == roleSubject {
			if at := m.next(j); rest == "" && at >= 0 {
				h.to = at + 1
			}
			return h
		}
	}
	return head{from: i, to: i}
}
