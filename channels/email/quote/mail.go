package quote

import (
	"strings"

	"sportello/channels"
)

// mail is a text while it is read. Lines get their marks in order: first what is quoted, then the ends of what is left.
type mail struct {
	text  string
	lines []line
	heads bool // a quoted mail was recognised by its head
	intro bool // an introduction was read above
	marks int  // runs of marked lines that nothing introduces
}

// Text finds the runs of a plain text that its sender did not newly write, or wrote under every mail: in order, without overlap, at
// line starts, in bytes. The text is UTF-8 with LF line ends; anything else is survived.
func Text(text string) []channels.Fold {
	m := &mail{text: text, lines: scan(text)}
	return m.folds()
}

func (m *mail) folds() []channels.Fold {
	m.quotes()
	m.armour()
	m.tails()
	if !m.judge() {
		return nil
	}
	var folds []channels.Fold
	for i := 0; i < len(m.lines); {
		kind := m.lines[i].mark
		end := i
		for end < len(m.lines) && m.lines[end].mark == kind {
			end++
		}
		if kind != "" {
			folds = append(folds, channels.Fold{From: m.lines[i].from, To: m.lines[end-1].to, Kind: kind})
		}
		i = end
	}
	return folds
}

func (m *mail) traits(i int) traits {
	l := &m.lines[i]
	if !l.known {
		l.traits, l.known = read(l.text), true
	}
	return l.traits
}

func (m *mail) set(from, to int, kind channels.FoldKind) {
	for i := from; i < to && i < len(m.lines); i++ {
		m.lines[i].mark = kind
	}
}

// quotes marks what is quoted and what is passed on.
func (m *mail) quotes() {
	intros := m.introductions()
	m.count(intros)
	for i := 0; i < len(m.lines); {
		i = m.quoteAt(i, intros)
	}
}

// quoteAt marks the quote that begins at line i, if one does, and returns where to go on.
func (m *mail) quoteAt(i int, intros map[int]intro) int {
	l := &m.lines[i]
	if l.hint&hintRest != 0 {
		d, ok := m.dividerAt(i)
		if m.heads = m.heads || ok; !ok {
			d = divider{from: i, body: i, kind: channels.FoldQuote}
		}
		if !m.contentFrom(d.body) {
			return i + 1
		}
		return m.rest(d.from, i, d.kind, false)
	}
	if l.hint&hintQuote != 0 || l.depth > 0 {
		return m.marked(i)
	}
	if d, ok := m.dividerAt(i); ok && d.nameless && !m.openAbove(i) {
		return d.body
	} else if ok && (d.headed || m.contentFrom(d.body)) {
		m.heads = true
		return m.rest(d.from, d.body, d.kind, true)
	}
	if cutLine(l.text) && m.openAbove(i) && m.contentFrom(i+1) {
		return m.rest(i, i+1, channels.FoldQuote, false)
	}
	if in, ok := intros[i]; ok {
		m.intro = true
		in.from = m.labelled(in.from)
		if m.quoteFollows(in.to - 1) {
			return m.rest(in.from, in.to, channels.FoldQuote, true)
		}
		if in.sure && (m.contentFrom(in.to) || m.openAbove(in.from)) {
			return m.rest(in.from, in.to, channels.FoldQuote, false)
		}
	}
	return i + 1
}

// rest marks a quote whose introduction is lines from to body: over the marked lines when such follow, else over all that is left.
func (m *mail) rest(from, body int, kind channels.FoldKind, byMarks bool) int {
	end := len(m.lines)
	if byMarks {
		if at := m.next(body - 1); at >= 0 && (m.lines[at].depth > m.lines[from].depth || m.lines[at].hint&hintQuote != 0) {
			end = m.runEnd(at)
		}
	}
	m.set(m.framed(from), end, kind)
	return end
}

// labelled is where an introduction begins that has labels of a mail's head right above it, as Yandex writes them below a line of dashes.
func (m *mail) labelled(i int) int {
	at := i
	for at > 0 && at > i-4 {
		switch m.labelOf(at - 1).role {
		case roleTo, roleCopy, roleSubject:
			at--
			continue
		}
		break
	}
	if at < i && at > 0 && drawn(m.lines[at-1].text) {
		return at
	}
	return i
}

// framed is where a quote that begins at line i begins with what stands right above it: a line of nothing but dashes or the like.
func (m *mail) framed(i int) int {
	above := m.lastFull(max(0, i-4), i)
	if above < 0 || m.lines[above].depth > 0 || m.lines[above].mark != "" || !drawn(m.lines[above].text) {
		return i
	}
	return above
}

// drawn reports whether a line is nothing but dashes, underscores and the like.
func drawn(s string) bool {
	return len(s) >= 2 && strings.Trim(s, "-_=–—─━~ ") == ""
}

func (m *mail) contentFrom(i int) bool {
	for ; i < len(m.lines); i++ {
		if !m.lines[i].blank() {
			return true
		}
	}
	return false
}

// marked deals with a run of marked lines that nothing introduces.
func (m *mail) marked(i int) int {
	end := m.runEnd(i)
	kind := channels.FoldQuote
	if first := m.firstFull(i, end); first >= 0 {
		d, ok := m.dividerAt(first)
		if next := m.next(first); !ok && next > 0 && next < end && (endsColon(m.lines[first].text) || m.traits(first).date) { // words of no known language above a head
			d, ok = m.dividerAt(next)
		}
		if ok {
			m.heads, kind = true, d.kind
			if d.headed && !m.full(d.body, end) && m.contentFrom(end) { // only the head is marked
				m.set(i, len(m.lines), kind)
				return len(m.lines)
			}
		}
	}
	if m.clear(i, end) {
		m.set(i, end, kind)
	}
	return end
}

// openAbove reports whether there are words above line i that are open.
func (m *mail) openAbove(i int) bool {
	for j := range i {
		if l := &m.lines[j]; l.mark == "" && letters(l.text) > 0 {
			return true
		}
	}
	return false
}

func (m *mail) firstFull(i, end int) int {
	for ; i < end; i++ {
		if !m.lines[i].blank() {
			return i
		}
	}
	return -1
}

// runEnd is the line behind a run of marked lines: blank lines within it belong to it, and so does what a program that wraps lines has
// left of a long one without a mark.
func (m *mail) runEnd(i int) int {
	end := i
	for j := i; j < len(m.lines); j++ {
		l := &m.lines[j]
		if l.hint&hintRest != 0 && j > i {
			break
		}
		switch {
		case l.depth > 0 || l.hint&hintQuote != 0:
			end = j + 1
		case l.blank() && j-end < 4:
		case j == end && j > i && m.leftOver(j):
			end = j + 1
		default:
			return end
		}
	}
	return end
}

// leftOver reports whether line j is the unmarked end of the marked line before it: that one is long, this one is short, and the
// marks go on behind it.
func (m *mail) leftOver(j int) bool {
	before, l := &m.lines[j-1], &m.lines[j]
	if before.depth > 0 && depthAt(m.lines, j+1) > 0 && (linked(l.text) || strings.Contains(before.text, "://") && !strings.Contains(l.text, " ")) {
		return true
	}
	if before.depth == 0 || len(before.bare) < 60 || len(l.text) >= len(before.bare)*2/3 || j+1 >= len(m.lines) {
		return false
	}
	after := &m.lines[j+1]
	return after.depth == before.depth && !endsSentence(before.text) && !after.blank() && len(l.text) < 40
}

// linked reports whether a line is the rest of a link.
func linked(s string) bool {
	return strings.HasPrefix(s, "(http") || strings.HasPrefix(s, "<http") || strings.HasPrefix(s, "http") && !strings.Contains(s, " ")
}

// clear reports whether marked lines that nothing introduces are a quoted mail: not when a sentence announces them as something
// else ("The log says:"), not when they look like what a machine wrote.
func (m *mail) clear(from, end int) bool {
	deepest, least := int32(0), int32(1<<30)
	for i := from; i < end; i++ {
		if l := &m.lines[i]; l.hint&hintQuote != 0 {
			return true
		} else if l.depth > 0 {
			deepest, least = max(deepest, l.depth), min(least, l.depth)
		}
	}
	if least < 3 && deepest > least || m.heads {
		return true
	}
	if m.intro && least == 1 { // somebody answers point by point, perhaps about a program
		return true
	}
	if m.machine(from, end) || least >= 3 {
		return false
	}
	if m.intro || m.marks > 1 {
		return true
	}
	if m.within(from, end) {
		return false
	}
	for i := from - 1; i >= 0 && i >= from-3; i-- {
		if !m.lines[i].blank() {
			return !endsColon(m.lines[i].text)
		}
	}
	return true
}

// count counts the runs of marked lines that nothing introduces.
func (m *mail) count(intros map[int]intro) {
	introduced := map[int]bool{}
	for _, in := range intros {
		introduced[m.next(in.to-1)] = true
	}
	for i := 0; i < len(m.lines); i++ {
		if m.lines[i].depth > 0 {
			if !introduced[i] {
				m.marks++
			}
			i = m.runEnd(i)
		}
	}
}

// within reports whether marked lines are one line within a paragraph, such as a comparison that was wrapped.
func (m *mail) within(from, end int) bool {
	return end-from == 1 && from > 0 && end < len(m.lines) && !m.lines[from-1].blank() && !m.lines[end].blank() && m.marks == 1
}

// machine reports whether half of the lines look like a log, a shell or a program.
func (m *mail) machine(from, end int) bool {
	full, odd := 0, 0
	for i := from; i < end; i++ {
		s := m.lines[i].text
		if s == "" {
			continue
		}
		full++
		if machineLine(s) {
			odd++
		}
	}
	return odd*2 >= full
}

func machineLine(s string) bool {
	s = clip(s, 300)
	signs := 0
	for i := 0; i < len(s); i++ {
		if strings.IndexByte("{}[]()=;|\\/$#_<>+*&%@", s[i]) >= 0 {
			signs++
		}
	}
	if strings.Contains(s, "://") || strings.Contains(s, "@") {
		return false
	}
	return signs*8 >= len(s) || strings.HasPrefix(s, "$ ") || strings.HasPrefix(s, "at ") && strings.Contains(s, "(") ||
		strings.Contains(s, "ERR") || strings.HasPrefix(s, "npm ") || len(s) > 10 && s[0] >= '0' && s[0] <= '9' && strings.Count(clip(s, 20), ":") >= 2
}

// judge looks at what is left open. When nothing is, less is folded: the ends of the letter are opened first; a mail that only passes
// on another is a forward; a mail that is all quote is shown whole. It returns false when nothing is folded.
func (m *mail) judge() bool {
	if m.open() {
		return true
	}
	if first := m.passedOn(); first >= 0 {
		for i := first; i < len(m.lines); i++ {
			if m.lines[i].mark == channels.FoldQuote {
				m.lines[i].mark = channels.FoldForwarded
			}
		}
		return true
	}
	for i := range m.lines {
		if k := m.lines[i].mark; k == channels.FoldSignature || k == channels.FoldDisclaimer {
			m.lines[i].mark = ""
		}
	}
	return m.open()
}

func (m *mail) open() bool {
	for i := range m.lines {
		if l := &m.lines[i]; l.mark == "" && letters(l.text) > 0 {
			return true
		}
	}
	return false
}

// passedOn is the first line of a mail that is passed on without a word: it has a head, or a line that says so. -1 when there is none.
func (m *mail) passedOn() int {
	for i := range m.lines {
		switch m.lines[i].mark {
		case channels.FoldForwarded:
			return i
		case channels.FoldQuote:
			if m.heads {
				return i
			}
			return -1
		}
	}
	return -1
}
