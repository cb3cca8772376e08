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

func (m *mail) introAt(e int, quoted bool) (intro, bool) {
	joined, has := "", traits{}
	best, sure := -1, false
	for s := e; s >= 0 && s > e-introLines; s-- {
		l := &m.lines[s]
		if l.blank() || l.depth > 0 || l.mark != "" || len(joined)+len(l.text) > introBytes {
			break
		}
		if s < e && (m.complete(s+1, joined, has) || endsSentence(l.text) || endsColon(l.text)) {
			break
		}
		t := m.traits(s)
		joined, has = strings.TrimSpace(l.text+" "+joined), has.or(t)
		if s < e { // a date may be wrapped in its middle
			has = has.or(read(joined))
		}
		first := s == 0 || m.lines[s-1].blank() || m.lines[s-1].mark != "" || m.lines[s-1].depth > 0
		ok, strong := introduces(joined, has, quoted, first)
		if ok && (best < 0 || s == e || m.adds(s)) {
			best, sure = s, strong
		}
	}
	return intro{best, e + 1, sure}, best >= 0
}

// adds reports whether line s belongs before an introduction that could do without it.
func (m *mail) adds(s int) bool {
	t := m.traits(s)
	return t.date || t.time || t.address || openers.starts(m.lines[s].text) || strings.HasPrefix(m.lines[s+1].text, "<")
}

// complete reports whether the introduction that begins at line s wants nothing before it.
func (m *mail) complete(s int, joined string, has traits) bool {
	if strings.HasPrefix(joined, "<") || strings.HasPrefix(joined, "(") {
		return false
	}
	if !has.date || !has.address && !wrote.has(joined) {
		return false
	}
	if openers.starts(joined) || joined[0] >= '0' && joined[0] <= '9' && m.traits(s).date {
		return true
	}
	return s == 0 || !openers.starts(m.lines[s-1].text)
}

// introduces decides about one stretch of text. When marked lines follow, little is asked. When none follow, the stretch must be a
// paragraph's start and say who and when, in words that are known or in hardly any words.
func introduces(s string, has traits, quoted, first bool) (ok, sure bool) {
	lower := strings.ToLower(s)
	ws := words(lower)
	fromEnd, hits := wrote.find(lower, ws)
	verb := hits > 0
	colon := endsColon(s)
	if len(ws) > 45 {
		return false, false
	}
	compact := common(s) <= 4
	switch {
	case verb && has.date && (has.address || has.time) && (colon || fromEnd <= 1):
		return true, true
	case verb && has.address && colon && fromEnd <= 8:
		return true, first
	case verb && has.date && colon && first && len(ws) <= 20 && openers.starts(s):
		return true, true
	case has.angle && has.date && has.time && colon && compact && first:
		return true, true
	}
	if !quoted {
		return false, false
	}
	switch {
	case verb && has.date && (colon || fromEnd <= 1):
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
