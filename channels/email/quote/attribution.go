package quote

import "strings"

const (
	introLines = 5   // lines over which an introduction is wrapped
	introBytes = 420 // and its length
)

// intro is the line or lines that say who wrote what is quoted below, and when.
type intro struct {
	from, to int  // lines, to is behind the last
	sure     bool // so complete that unmarked text below it is a quote
}

// introductions finds them. They are recognised from their end: a line that ends in a colon, or that stands above marked lines, is read
// together with the lines before it in the same paragraph until it is complete.
func (m *mail) introductions() map[int]intro {
	found := map[int]intro{}
	for e := range m.lines {
		l := &m.lines[e]
		if l.blank() || l.depth > 0 || l.hint&hintQuote != 0 {
			continue
		}
		if l.hint&hintIntro != 0 {
			m.told(e, found)
			continue
		}
		quoted := m.quoteFollows(e)
		colon := endsColon(l.text)
		if !colon && !quoted && !(m.paragraphEnds(e) && (strings.IndexByte(l.text, '@') >= 0 || wrote.has(lastBytes(l.text, 60)))) {
			continue
		}
		if in, ok := m.introAt(e, quoted); ok {
			if _, taken := found[in.from]; !taken {
				found[in.from] = in
			}
		}
	}
	return found
}

// told takes the lines that HTML says are an introduction.
func (m *mail) told(e int, found map[int]intro) {
	if e > 0 && m.lines[e-1].hint&hintIntro != 0 {
		return
	}
	end := e
	for end < len(m.lines) && (m.lines[end].hint&hintIntro != 0 || m.lines[end].blank()) {
		end++
	}
	found[e] = intro{e, end, true}
}

func lastBytes(s string, n int) string {
	if len(s) > n {
		return strings.ToValidUTF8(s[len(s)-n:], "")
	}
	return s
}

// introAt reads the introduction that ends with line e. It begins at the first line of the paragraph that has a part in it, unless a
// line below that one begins an introduction which wants nothing more: then what is above it is the letter.
func (m *mail) introAt(e int, quoted bool) (intro, bool) {
	top, size := e, len(m.lines[e].text)
	for s := e - 1; s >= 0 && s > e-introLines; s-- {
		l := &m.lines[s]
		size += len(l.text) + 1
		if l.blank() || l.depth > 0 || l.mark != "" || size > introBytes || endsColon(l.text) || endsSentence(l.text) && !m.tells(s) {
			break
		}
		top = s
	}
	if !quoted && !m.anyTells(top, e) {
		return intro{}, false
	}
	for s := top; s <= e; s++ {
		if s < e && !m.tells(s) && !openers.starts(m.lines[s].text) {
			continue
		}
		joined, has := m.join(s, e)
		first := s == 0 || m.lines[s-1].blank() || m.lines[s-1].mark != "" || m.lines[s-1].depth > 0
		if ok, sure := introduces(joined, has, quoted, first); ok && !m.superseded(s, e) {
			return intro{s, e + 1, sure}, true
		}
	}
	return intro{}, false
}

func (m *mail) join(s, e int) (string, traits) {
	if s == e {
		return m.lines[s].text, m.traits(s)
	}
	var joined strings.Builder
	for i := s; i <= e; i++ {
		if i > s {
			joined.WriteByte(' ')
		}
		joined.WriteString(m.lines[i].text)
	}
	return joined.String(), read(joined.String())
}

// tells reports whether a line can have a part in an introduction: there is a number or an address in it, or it begins with one.
func (m *mail) tells(s int) bool {
	l := &m.lines[s]
	return strings.ContainsAny(l.text, "0123456789@") || s+1 < len(m.lines) && strings.HasPrefix(m.lines[s+1].text, "<")
}

func (m *mail) anyTells(from, to int) bool {
	for i := from; i <= to; i++ {
		if m.tells(i) {
			return true
		}
	}
	return false
}

// superseded reports whether a complete introduction begins below line s, which then has no part in it.
func (m *mail) superseded(s, e int) bool {
	l := &m.lines[s]
	if openers.starts(l.text) && m.tells(s) || m.traits(s).angle && strings.HasSuffix(l.text, ">") && len(words(l.text)) <= 9 {
		return false
	}
	for i := s + 1; i <= e; i++ {
		t := m.lines[i].text
		if !openers.starts(t) && !dateFirst(t) {
			continue
		}
		if joined, has := m.join(i, e); has.date && (has.address || wrote.has(joined)) {
			return true
		}
	}
	return false
}

// dateFirst reports whether a line begins with a number that is not a year left over from the line above.
func dateFirst(s string) bool {
	n := 0
	for n < len(s) && s[n] >= '0' && s[n] <= '9' {
		n++
	}
	return n > 0 && (n != 4 || n < len(s) && strings.IndexByte("-/.", s[n]) >= 0)
}

// introduces decides about one stretch of text. When marked lines follow, little is asked. When none follow, the stretch must be a
// paragraph's start and say who and when, in words that are known or in hardly any words.
func introduces(s string, has traits, quoted, first bool) (ok, sure bool) {
	lower := strings.ToLower(s)
	ws := words(lower)
	fromEnd, hits := wrote.find(lower, ws)
	verb := hits > 0
	colon := endsColon(s)
	prose := common(s)
	if len(ws) > 45 || prose > 9 || prose > 6 && !has.address {
		return false, false
	}
	if !quoted && !has.address && persons.has(s) {
		return false, false
	}
	compact := prose <= 4
	switch {
	case verb && has.date && (has.address || has.time) && (colon || fromEnd <= 1):
		return true, true
	case verb && has.address && colon && fromEnd <= 8:
		return true, first
	case verb && has.date && colon && first && len(ws) <= 20 && openers.starts(s):
		return true, true
	case has.angle && has.date && has.time && colon && compact && first:
		return true, true
	case has.angle && colon && first && quoting.starts(s) && strings.HasSuffix(strings.TrimRight(s, " _~:"), ">") && len(ws) <= 16:
		return true, true // "Quoting Anna <anna@shop.example>:"
	}
	if !quoted {
		return false, false
	}
	switch {
	case verb && has.date && (colon || fromEnd <= 1):
		return true, false
	case verb && has.address && compact && first:
		return true, false
	case first && (colon && speaks(s) || has.address && compact && readLabel(s).role == roleFrom):
		return true, false
	case verb && colon && first && fromEnd <= 2 && len(ws) <= 12:
		return true, false
	case has.address && (has.date || colon) && compact:
		return true, false
	case has.date && (has.time || colon) && compact && first && (colon || has.address):
		return true, false
	}
	return false, false
}

// speaks reports whether a short line that ends in a colon names a person between words that tell: "John Doe said:",
// "According to John Doe:". What is said by something else ("The server said:") is no mail that is quoted.
func speaks(s string) bool {
	ws := strings.Fields(strings.TrimRight(s, " _~:"))
	if len(ws) < 2 || len(ws) > 8 || articles.has(s) {
		return false
	}
	var name string
	if last := ws[len(ws)-1]; said.has(last) {
		name = strings.Join(ws[:len(ws)-1], " ")
	} else if n := said.phrase(words(strings.ToLower(s)), 0); n > 0 && n < len(ws) {
		name = strings.Join(ws[n:], " ")
		name, _, _ = strings.Cut(name, " on ")
	} else {
		return false
	}
	for w := range strings.FieldsSeq(name) {
		if up, letter := initial(w); !letter || !up {
			return false
		}
	}
	return true
}

func endsColon(s string) bool {
	return strings.HasSuffix(strings.TrimRight(s, " _~"), ":")
}

func endsSentence(s string) bool {
	return strings.HasSuffix(s, ".") && !strings.HasSuffix(strings.ToLower(s), ".m.") || strings.HasSuffix(s, "!") || strings.HasSuffix(s, "?") || strings.HasSuffix(s, "。")
}

// quoteFollows reports whether the next line that is not blank is marked as quoted, with at most three blank lines between.
func (m *mail) quoteFollows(i int) bool {
	for j := i + 1; j < len(m.lines) && j <= i+4; j++ {
		if !m.lines[j].blank() || m.lines[j].depth > 0 {
			return m.lines[j].depth > 0 || m.lines[j].hint&hintQuote != 0
		}
	}
	return false
}

func (m *mail) paragraphEnds(i int) bool {
	return i+1 == len(m.lines) || m.lines[i+1].blank() || m.lines[i+1].depth > 0
}
