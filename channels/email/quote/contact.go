package quote

import (
	"strings"
	"unicode"

	"sportello/channels"
)

// contact finds a signature that nothing delimits: short lines at the end of the letter, which begin with closing words on a line of
// their own ("Regards,") or name a person and how to reach him. The closing words and the name below them belong to the signature, as
// in the public collections of annotated mail; a closing with no name below it is part of the letter. Data that a sender gives because
// he was asked ("My address is:") stay open.
func (m *mail) contact(start, stop int) int {
	if stop > start && m.signedOff(stop-1) && m.lastFull(start, stop-1) >= 0 {
		return stop - 1
	}
	top, closing, full := stop, -1, 0
	for i := stop - 1; i >= start && full < contactLines; i-- {
		l := &m.lines[i]
		if l.blank() {
			continue
		}
		if l.mark != "" || !m.signatureLine(i) {
			break
		}
		full++
		if full > 1 && (m.signedOff(i) || closes(l.text) || m.parting(i, start, stop)) {
			closing, top = i, i
			for top > start && closes(m.lines[top-1].text) {
				top--
			}
			break
		}
		top = i
	}
	if closing < 0 {
		if top = m.nameLine(top, stop); top < 0 {
			return -1
		}
	}
	hard, evidence := m.evidence(top, stop)
	above := m.lastFull(start, top)
	switch {
	case above < 0 && (hard == 0 && closing < 0 || !m.headBelow(stop)): // the only content
		return -1
	case above >= 0 && endsColon(m.lines[above].text) && closing < 0:
		return -1
	case closing >= 0 && (hard >= 1 || full <= 6 && m.names(closing+1, stop)):
		return top
	case closing < 0 && hard >= 1 && bars(m.lines[top].text) >= 2:
		return top
	case closing < 0 && hard >= 1 && full >= 3 && m.quotedBelow(stop) && person(m.lines[top].text) && top > start && m.lines[top-1].blank():
		return top
	case closing < 0 && evidence >= 2 && (hard >= 1 && full >= 3 || hard == 0 && m.names(top, stop)) && (top == start || m.lines[top-1].blank()):
		return top
	}
	return -1
}

// evidence counts the lines that say how to reach somebody, and these together with addresses and firms.
func (m *mail) evidence(from, stop int) (hard, all int) {
	for i := from; i < stop; i++ {
		if m.lines[i].blank() {
			continue
		}
		if m.contactLine(i) {
			hard++
			all++
		} else if m.traits(i).post && place(m.lines[i].text) || company.has(m.lines[i].text) {
			all++
		}
	}
	return hard, all
}

// parting reports whether line i is closing words that no list has: few words, a comma, and below them nothing but a name and what goes
// with it, in a paragraph of their own.
func (m *mail) parting(i, start, stop int) bool {
	s := m.lines[i].text
	if !strings.HasSuffix(s, ",") && !strings.HasSuffix(s, "，") || len(words(s)) > 3 || strings.ContainsAny(s, "0123456789@") || i > start && !m.lines[i-1].blank() {
		return false
	}
	name := m.firstFull(i+1, stop)
	if name < 0 || m.lastFull(start, i) < 0 || !m.names(name, stop) {
		return false
	}
	up, _ := initial(m.lines[name].text)
	return named(m.lines[name].text) || up && len(words(m.lines[name].text)) <= 2
}

// signedOff reports whether line i is closing words with a name behind them, in a paragraph of their own: "Regards, Tom". Thanks may as
// well name whom they are for.
func (m *mail) signedOff(i int) bool {
	words, name, found := strings.Cut(m.lines[i].text, ",")
	if !found || i > 0 && !m.lines[i-1].blank() || len(m.lines[i].text) > 60 || strings.ContainsAny(name, ",!?:") {
		return false
	}
	up, letter := initial(name)
	return letter && up && len(strings.Fields(name)) <= 3 && named(name) && closings.covers(words, 0) && !thanks.has(words)
}

var thanks = newList(`thank-, thanks, thx, graz-, dank-, merci, gracias, obrigad-, bedankt, dziękuj-, tack, takk, tak, kiitos, спасибо, дякую, teşekkürler, mulțumesc, 谢谢, 謝謝, ありがとう, 감사`)

// quotedBelow reports whether a quoted mail follows: then what stands above it is the end of the letter.
func (m *mail) quotedBelow(stop int) bool {
	at := m.next(stop - 1)
	return at >= 0 && m.lines[at].depth == 0 && m.lines[at].mark == channels.FoldQuote
}

// person reports whether a line can be the name of a person: two to four words, all with a capital.
func person(s string) bool {
	ws := strings.Fields(s)
	if len(ws) < 2 || len(ws) > 4 || strings.ContainsAny(s, "0123456789@:,;") {
		return false
	}
	for _, w := range ws {
		if up, _ := initial(w); !up {
			return false
		}
	}
	return true
}

// names reports whether the lines below closing words are a name and what goes with it: a title, a firm.
func (m *mail) names(from, stop int) bool {
	for i := from; i < stop; i++ {
		l := &m.lines[i]
		if n := len(words(l.text)); n > 8 && !(n <= 14 && m.traits(i).post && place(l.text)) || endsSentence(l.text) && n > 3 || common(l.text) > 2 {
			return false
		}
	}
	return true
}

// nameLine moves down from the first short line to one that can begin a signature: a name, alone at the start of a paragraph.
func (m *mail) nameLine(top, stop int) int {
	for i := top; i < stop; i++ {
		if m.lines[i].blank() || !named(m.lines[i].text) && !named(segment(m.lines[i].text)) || i > 0 && i > top && !m.lines[i-1].blank() {
			continue
		}
		return i
	}
	return -1
}

// segment is the first part of a line that is divided by bars or dots, "" of one that is not.
func segment(s string) string {
	if i := strings.IndexAny(s, separators); i > 0 && bars(s) >= 2 {
		return s[:i]
	}
	return ""
}

const separators = "|·•"

// bars counts what divides a line into parts.
func bars(s string) int {
	n := 0
	for _, r := range s {
		if strings.ContainsRune(separators, r) {
			n++
		}
	}
	return n
}

func (m *mail) lastFull(start, i int) int {
	for i--; i >= start; i-- {
		if !m.lines[i].blank() {
			return i
		}
	}
	return -1
}

// signatureLine reports whether a line can stand in a signature: it is short and no sentence, no question, no item of a list.
func (m *mail) signatureLine(i int) bool {
	l := &m.lines[i]
	s := l.text
	if len(s) > 2*wideLine || bullet(l.bare) || strings.HasSuffix(s, "?") || strings.HasSuffix(s, ":") && !closes(s) {
		return false
	}
	if m.contactLine(i) {
		return common(s) <= 6 && !(caseless(s) && strings.ContainsAny(s, "。？！"))
	}
	if len(s) > wideLine || caseless(s) && (len([]rune(s)) > 26 || stops(s) && !closes(s) || strings.ContainsAny(s, "，。！、؟،") && len(words(s)) > 3) {
		return false
	}
	return closes(s) || common(s) <= 3 && !(endsSentence(s) && common(s) > 2) || strings.Contains(s, "|") && common(s) <= 6
}

// stops reports whether a text ends as a sentence of East Asia does.
func stops(s string) bool {
	return strings.HasSuffix(s, "。") || strings.HasSuffix(s, "！") || strings.HasSuffix(s, "？")
}

// closes reports whether a line is the closing words of a letter and hardly more.
func closes(s string) bool {
	if len(s) > 160 || strings.HasSuffix(s, "?") {
		return false
	}
	if formal.starts(s) && formalWords.has(s) {
		return true
	}
	return len(s) <= 90 && (closings.covers(s, 1) || strings.HasSuffix(s, ",") && closings.covers(s, 4) || closings.covers(s, 3) && capitalLast(s))
}

// capitalLast reports whether the last of at least four words has a capital and the one before it has not: "Herzliche Grüße aus Kiel".
func capitalLast(s string) bool {
	ws := strings.Fields(strings.TrimRight(s, ".!,"))
	if len(ws) < 4 {
		return false
	}
	last, letter := initial(ws[len(ws)-1])
	before, _ := initial(ws[len(ws)-2])
	return letter && last && !before
}

// formal begins closing words that are a sentence, and formalWords are those by which it is one.
var formal = newList(`je vous prie, nous vous prions, veuillez, veuillez agréer, dans l'attente, in attesa, restando in attesa, nell'attesa, ringraziando, sin otro particular, quedo a, quedamos a, sem mais, certo de, in afwachting, w oczekiwaniu, i väntan på, mit der bitte, verbleibe, verbleiben, ich verbleibe, wir verbleiben`)

var formalWords = newList(`agréer, recevoir, salutations, sentiments, porgo, porgiamo, porgere, saluti, saludo, saludos, saluda, saludamos, cumprimentos, subscrevo, subscrevemo, groet, groeten, pozdrawiam, poważaniem, hälsningar, hälsning, grüßen, gruß, gruss`)

// caseless reports whether a text is in a script without capitals, so that names do not stand out.
func caseless(s string) bool {
	for _, r := range s {
		if unicode.IsLetter(r) && !unicode.IsUpper(r) && !unicode.IsLower(r) {
			return true
		}
	}
	return false
}

// contactLine reports whether a line says how to reach somebody.
func (m *mail) contactLine(i int) bool {
	s := m.lines[i].text
	if s == "" || len(s) > 2*wideLine {
		return false
	}
	t := m.traits(i)
	return (t.phone || t.address || t.link || strings.HasPrefix(strings.ToLower(s), "www.")) && common(s) <= 6 || reach.starts(s) && t.post
}

// named reports whether a line can be a name: one to five words, most with a capital, no sentence, no digits.
func named(s string) bool {
	if at := strings.IndexByte(s, '('); at > 0 && strings.HasSuffix(s, ")") { // "Sky Turner (they/them)"
		s = s[:at]
	}
	ws := words(s)
	if len(ws) == 0 || len(ws) > 7 || endsSentence(s) && len(ws) > 2 || strings.ContainsAny(s, "0123456789@?:") {
		return false
	}
	upper := 0
	for _, w := range ws {
		if up, _ := initial(w); up {
			upper++
		}
	}
	return upper*2 > len(ws)
}

// place reports whether a line with a number can be an address: words with capitals.
func place(s string) bool {
	ws := words(s)
	upper := 0
	for _, w := range ws {
		if up, letter := initial(w); up && letter {
			upper++
		}
	}
	return upper >= 1 && len(ws) <= 14 && common(s) <= 2
}

var reach = newList(`tel, telephone, phone, ph, p, t, m, f, e, w, mob, mobile, cell, cellulare, fax, email, e-mail, mail, web, website, www, skype, whatsapp, linkedin, telefono, telefon, mobil, handy, téléphone, tél, portable, móvil, teléfono, telefone, celular, telefoon, mobiel, komórka, tel kom, puh, gsm, тел, телефон, моб, 电话, 電話, 手机, 邮箱, 携帯, 전화, 휴대폰, p iva, p.iva, piva, ust, vat, nip, siret, kvk, cf, pec, sdi, direct, office, int, tlf, mobiltelefon`)

var company = newList(`srl, s r l, spa, s p a, snc, sas, gmbh, ag, kg, ug, ohg, inc, llc, ltd, plc, corp, co, sarl, s a r l, sa, s a, bv, b v, nv, n v, oy, ab, as, aps, sp z o o, s r o, kft, ooo, ооо, оао, зао, lda, ltda, sl, s l, slu, 有限公司, 株式会社, 会社, 公司, 주식회사,
manager, director, ceo, cto, cfo, founder, engineer, consultant, assistant, president, head of, sales, marketing, responsabile, direttore, ufficio, geschäftsführer, leiter, leiterin, vertrieb, directeur, directrice, responsable, directora, gerente, diretor, comercial, directeur, kierownik, dyrektor, specjalista, chef, säljare, директор, менеджер, 经理, 部, 課長, 部長, customer service, support, team`)
