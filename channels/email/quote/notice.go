package quote

import (
	"strings"

	"sportello/channels"
)

// notice reports whether a paragraph is a legal notice or the like.
func (m *mail) notice(from, stop int) bool {
	size, at := 0, from
	for i := from; i < stop; i++ {
		size += len(m.lines[i].text) + 1
	}
	if m.alone(from, stop) && size <= 60 && !asks(m.lines[from].text) && classes.covers(m.lines[from].text, 0) {
		return true
	}
	if size < 20 || size > 12000 || bullet(m.lines[at].bare) {
		return false
	}
	var all strings.Builder
	for i := from; i < stop; i++ {
		all.WriteString(m.lines[i].text)
		all.WriteByte(' ')
	}
	lower := strings.ToLower(all.String())
	if asks(lower) {
		return false
	}
	ws := words(lower)
	_, hits := secrets.find(lower, ws)
	_, other := paper.find(lower, ws)
	_, firm := registry.find(lower, ws)
	astray := misdirected.has(lower)
	long := size
	if undivided(lower) {
		long *= 2
	}
	switch {
	case long >= 120 && hits >= 5 && hits*30 >= len(ws):
		return true
	case long >= 80 && hits >= 4 && hits*12 >= len(ws):
		return true
	case astray && hits >= 2 && long >= 80 && hits*14 >= len(ws):
		return true
	case other > 0 && hits >= 2 && long >= 80:
		return true
	case firm >= 2 && size >= 60 && firm*16 >= len(ws) && m.noticed(from):
		return true
	}
	return other > 0 && (size <= 300 && (paper.starts(all.String()) || hits+other >= 2))
}

// noticed reports whether a legal notice or a signature stands above a paragraph: closing words do.
func (m *mail) noticed(from int) bool {
	for i := from - 1; i >= 0 && i >= from-contactLines; i-- {
		if s := m.lines[i].text; closes(s) || delimiter(m.lines[i].bare) > 0 || m.contactLine(i) || len(s) > wideLine && m.notice(i, i+1) {
			return true
		}
	}
	return false
}

// alone reports whether lines are a paragraph below another.
func (m *mail) alone(from, stop int) bool {
	return from > 0 && m.lines[from-1].blank() && stop-from == 1
}

// asks reports whether there is a question in a text: a mark that is not within a link.
func asks(s string) bool {
	for at := strings.IndexByte(s, '?'); at >= 0; {
		if at+1 == len(s) || strings.IndexByte(" \n\"')", s[at+1]) >= 0 {
			return true
		}
		next := strings.IndexByte(s[at+1:], '?')
		if next < 0 {
			break
		}
		at += 1 + next
	}
	return strings.Contains(s, "？")
}

// banner marks the warning that a mail gate puts above a letter from outside.
func (m *mail) banner() {
	for at := 0; at >= 0; {
		at = m.bannerAt(at)
	}
}

// bannerAt looks at the first paragraph from line at on, and returns the line behind it, -1 when it is no warning.
func (m *mail) bannerAt(at int) int {
	from := m.firstFull(at, len(m.lines))
	if from < 0 || m.lines[from].mark != "" {
		return -1
	}
	stop := from
	size := 0
	for stop < len(m.lines) && !m.lines[stop].blank() && m.lines[stop].mark == "" {
		if stop > from && endsSentence(m.lines[stop-1].text) && !outsider.has(m.lines[stop].text) {
			break // a box of HTML with the letter right below it
		}
		size += len(m.lines[stop].text)
		stop++
	}
	if size > 600 || !m.openBelow(stop) {
		return -1
	}
	lower := ""
	for i := from; i < stop; i++ {
		lower += strings.ToLower(m.lines[i].text) + " "
	}
	if !outside.starts(strings.TrimLeft(lower, "[*!⚠️ ")) || !outsideWords(lower) {
		return -1
	}
	m.set(from, stop, channels.FoldDisclaimer)
	return stop
}

func (m *mail) openBelow(i int) bool {
	for ; i < len(m.lines); i++ {
		if m.lines[i].mark == "" && letters(m.lines[i].text) > 0 {
			return true
		}
	}
	return false
}

func outsideWords(lower string) bool {
	_, hits := outsider.find(lower, words(lower))
	return hits >= 3 || strings.Contains(lower, "often get email")
}

var outside = newList(`caution, warning, external, external email, attention, achtung, attenzione, atención, atenção, let op, avviso, extern, externe, mail esterna, email esterna, this email originated, this message originated, this message came from, questa email proviene, diese e-mail, ce message provient, ce courriel, be careful, you don't often get email, non si ricevono spesso`)

var outsider = newList(`external, outside, originated, organization, organisation, organizzazione, esterna, esterno, esterni, proviene, cliccare, allegati, links, link, attachments, click, sender, recognize, trust, extern-, außerhalb, organisation, anhänge, öffnen, provient, extérieur, pièces, cliquez, fuera, externo, enlaces, adjuntos, remitente, fora, externa, anexos, buiten, afkomstig, bijlagen, often, important`)
