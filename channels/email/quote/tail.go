package quote

import (
	"strings"
	"unicode"

	"sportello/channels"
)

const (
	signatureLines = 30 // lines below a delimiter
	contactLines   = 18 // lines of a signature that nothing delimits
	wideLine       = 90 // bytes: a line of a signature is not longer
)

// tails marks the ends of what is open: signature, what a device adds, legal notice. The last open run of lines is looked at, the ones
// before it when nothing of it was left, and any that a quoted mail with an introduction follows.
func (m *mail) tails() {
	m.banner()
	last := true
	for end := len(m.lines); end > 0; {
		if m.lines[end-1].mark != "" {
			end--
			continue
		}
		start := end
		for start > 0 && m.lines[start-1].mark == "" {
			start--
		}
		if m.full(start, end) {
			if last || end < len(m.lines) && m.lines[end].depth == 0 {
				m.tail(start, end)
			}
			if m.openIn(start, end) {
				last = false
			}
		}
		end = start
	}
}

func (m *mail) full(from, to int) bool { return m.firstFull(from, to) >= 0 }

func (m *mail) openIn(from, to int) bool {
	for i := from; i < to; i++ {
		if m.lines[i].mark == "" && !m.lines[i].blank() {
			return true
		}
	}
	return false
}

// tail marks the ends of the open lines from start to end, from the last one upwards.
func (m *mail) tail(start, end int) {
	m.hinted(start, end)
	stop := m.postscript(start, end)
	for range 8 {
		for stop > start && (m.lines[stop-1].blank() || m.lines[stop-1].mark != "") {
			stop--
		}
		if stop == start {
			return
		}
		from, kind := m.ending(start, stop)
		if from < 0 {
			break
		}
		for stop < end && m.lines[stop].blank() && m.lines[stop].mark == "" && m.lines[stop].bare != "" && letters(m.lines[stop].bare) == 0 { // the frame around it
			stop++
		}
		m.set(from, stop, kind)
		stop = from
	}
	m.delimited(start, stop, end)
}

// postscript is where a last paragraph begins that is written below the signature and belongs to the letter, end when there is none.
func (m *mail) postscript(start, end int) int {
	p := end
	for p > start && m.lines[p-1].blank() {
		p--
	}
	for p > start && !m.lines[p-1].blank() && m.lines[p-1].mark == "" {
		p--
	}
	if p > start && p < end && postscripts.starts(m.lines[p].text) && m.full(start, p) {
		return p
	}
	return end
}

var postscripts = newList(`p s, ps, p s s, pps, p p s, p d, pd, nb, n b, з ы, зы, п с, пс, 追伸, 又及, 附言`)

// hinted marks what HTML says is the signature.
func (m *mail) hinted(start, end int) {
	for i := start; i < end; i++ {
		if m.lines[i].hint&hintSignature != 0 {
			m.lines[i].mark = channels.FoldSignature
		}
	}
}

// wrapped is how many bytes a line of plain text has at most when a program broke it.
const wrapped = 120

// ending is the piece that ends at line stop, if it is one: from where, and what.
func (m *mail) ending(start, stop int) (int, channels.FoldKind) {
	p := stop
	for p > start && !m.lines[p-1].blank() && m.lines[p-1].mark == "" {
		p--
	}
	if at := stop - 1; at > p && len(m.lines[at].text) > wrapped && m.notice(at, stop) {
		p = at // a paragraph of HTML is one line, with no blank one above it
	}
	if m.notice(p, stop) {
		return p, channels.FoldDisclaimer
	}
	if from := m.device(start, stop); from >= 0 {
		return from, channels.FoldSignature
	}
	if m.delimiterIn(start, stop) >= 0 {
		return -1, ""
	}
	if from := m.contact(start, stop); from >= 0 {
		return from, channels.FoldSignature
	}
	return -1, ""
}

// delimited marks the signature below a line that is only a delimiter, down to what was marked already.
func (m *mail) delimited(start, stop, end int) {
	at := m.delimiterIn(start, stop)
	if at < 0 {
		if stop < end && stop > start && delimiter(m.lines[stop-1].bare) > 0 && m.openIn(start, stop-1) {
			m.set(stop-1, stop, m.lines[stop].mark)
		}
		return
	}
	for i := at; i < stop; i++ {
		if m.lines[i].mark == "" {
			m.lines[i].mark = channels.FoldSignature
		}
	}
	if from := m.contact(start, at); from >= 0 { // closing words and a name above it
		m.set(from, at, channels.FoldSignature)
	}
	for i := at; i < stop; i++ { // legal notices below it
		if p := i; !m.lines[i].blank() {
			for i < stop && !m.lines[i].blank() {
				i++
			}
			if p > at && m.notice(p, i) {
				m.set(p, i, channels.FoldDisclaimer)
			}
		}
	}
}

// delimiterIn is the first delimiter between two lines that has something above it and a signature's worth below it.
func (m *mail) delimiterIn(start, stop int) int {
	full := 0
	for i := start; i < stop; i++ {
		if !m.lines[i].blank() {
			full++
		}
	}
	// It may have nothing above it below a quote, and above a mail that is passed on.
	above := m.openIn(0, start) || m.headBelow(stop)
	for i := start; i < stop; i++ {
		if m.lines[i].blank() {
			continue
		}
		full--
		d := delimiter(m.lines[i].bare)
		if d == 0 {
			above = above || letters(m.lines[i].text) > 0
		} else if above && full > 0 && (d == 2 && full <= 2*signatureLines || full <= signatureLines && m.signs(i+1, stop)) {
			return i
		}
	}
	return -1
}

// headBelow reports whether what follows a line is a mail with a head.
func (m *mail) headBelow(stop int) bool {
	at := m.next(stop - 1)
	return m.heads && at >= 0 && m.lines[at].depth == 0 && (m.lines[at].mark == channels.FoldQuote || m.lines[at].mark == channels.FoldForwarded)
}

// delimiter says how sure a line delimits a signature: 2 for the one that RFC 3676 section 4.3 describes, 1 for others that people type.
func delimiter(s string) int {
	s = strings.TrimSpace(s)
	switch s {
	case "--", "—", "––", "- -":
		return 2
	}
	if len(s) >= 2 && len(s) <= 90 && (strings.Trim(s, "_") == "" || strings.Trim(s, "-") == "" || strings.Trim(s, "=") == "" || strings.Trim(s, "*") == "" && len(s) > 2 || strings.Trim(s, "~") == "" && len(s) > 2 || strings.Trim(s, "–—─━") == "") {
		return 1
	}
	return ornament(s)
}

// ornament is 1 for a line of at least eight signs of at most two kinds, none a letter, a digit or the end of a sentence: "☆★☆★☆★☆★".
func ornament(s string) int {
	first, second, n := rune(0), rune(0), 0
	for _, r := range s {
		switch {
		case unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune(".!?。！？…>|", r) || unicode.IsSpace(r):
			return 0
		case first == 0 || r == first:
			first = r
		case second == 0 || r == second:
			second = r
		default:
			return 0
		}
		n++
	}
	if n < 8 || n > 90 {
		return 0
	}
	return 1
}

// signs reports whether the lines below an unsure delimiter read like a signature: few and short, no list, no further delimiter.
func (m *mail) signs(from, stop int) bool {
	full, wide, contacts := 0, 0, 0
	for i := from; i < stop; i++ {
		l := &m.lines[i]
		if l.blank() {
			continue
		}
		full++
		if len(l.text) > wideLine || endsSentence(l.text) && len(words(l.text)) > 5 {
			wide++
		}
		if m.contactLine(i) {
			contacts++
		}
		if bullet(l.bare) || i > from && delimiter(l.bare) > 0 && m.full(i+1, stop) && contacts == 0 {
			return false
		}
	}
	if contacts == 0 {
		first := m.firstFull(from, stop)
		return full > 0 && full <= 4 && named(m.lines[first].text) && !endsSentence(m.lines[first].text) && m.names(from, stop)
	}
	return wide == 0 && full <= 12 || contacts >= 2 && wide <= 1
}

func bullet(s string) bool {
	s = strings.TrimLeft(s, " \t")
	return strings.HasPrefix(s, "- ") || strings.HasPrefix(s, "* ") || strings.HasPrefix(s, "• ")
}

// device is the line that a program adds, "Sent from my iPhone": short, the last, about a product.
func (m *mail) device(start, stop int) int {
	l := &m.lines[stop-1]
	s := strings.Trim(l.text, "_ -[](){}|~")
	if i := strings.IndexAny(s, "<("); i > 0 && strings.Contains(s[i:], "://") {
		s = strings.TrimSpace(s[:i])
	}
	if s == "" || len(s) > 160 || endsColon(s) || strings.HasSuffix(s, "?") {
		return -1
	}
	lower := strings.ToLower(s)
	ws := words(lower)
	if len(ws) > 14 {
		return -1
	}
	_, product := devices.find(lower, ws)
	if brands.has(lower) {
		product++
	}
	_, verb := deviceVerbs.find(lower, ws)
	alone := stop-1 == start || m.lines[stop-2].blank() || m.lines[stop-2].mark != "" || delimiter(m.lines[stop-2].bare) > 0
	starts := deviceVerbs.starts(s)
	switch {
	case product > 0 && verb > 0 && (starts || alone) && (len(ws) <= 8 || starts || mailWord.has(s)):
	case alone && len(ws) <= 8 && programNames.has(lower) && fetches.has(s):
	case starts && alone && len(ws) <= 6 && verb > 0 && namedAfter(s):
	case alone && stop-1 > start && len(ws) >= 3 && len(ws) <= 4 && product > 0 && devices.whole[ws[len(ws)-1]] && sources.whole[ws[len(ws)-2]] && !endsSentence(s): // "Someone from mobile"
	case brands.has(lower) && alone && len(ws) >= 3 && len(ws) <= 5 && common(s) > 0 && !endsSentence(s) && !articles.has(s) && productAtEdge(ws):
	default:
		return -1
	}
	if stop-2 >= start && delimiter(m.lines[stop-2].bare) > 0 && m.openIn(0, stop-2) {
		return stop - 2
	}
	return stop - 1
}

// namedAfter reports whether a later word has a capital: "Sent from Frobnitz".
func namedAfter(s string) bool {
	for i, w := range strings.Fields(s) {
		if up, _ := initial(w); i > 1 && up {
			return true
		}
	}
	return false
}

func productAtEdge(ws []string) bool {
	if len(ws) < 2 {
		return false
	}
	return brands.has(ws[0]) || brands.has(ws[len(ws)-1])
}

// initial says whether the first letter of a word is a capital, or of a script that has none.
func initial(s string) (upper, letter bool) {
	r, ok := firstLetter(s)
	return ok && !unicode.IsLower(r), ok
}
