package robot

import (
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"sportello/channels"
)

// Automatic answers without any field. Their words are weighed together, so that a person who says that he will be away, and wants
// something, stays a person:
//
//   - A subject that begins with "Automatic reply:" and the like is enough, unless the text asks something.
//   - A text is an absence only if it says three things: I am away; and whom to turn to, when I am back, or that nobody reads this.
//   - A question, or a request that is not "please turn to", makes it a person's.
//   - An automatic answer says nothing else: when a third of the words stand in clauses that say none of this, a person wrote them; half, when it
//     calls itself automatic.

const (
	mostRead  = 3000 // bytes of the text that are weighed
	mostWords = 220  // an automatic answer is short
)

// spoken knows automatic answers by their words.
func spoken(m Mail) (channels.Auto, string) {
	text := own(m.Text)
	if len(strings.Fields(text)) > mostWords {
		return "", ""
	}
	if startsAutomatic(m.Subject) && (!asks(text) || says(text, away) || says(text, received) || says(text, automatic)) {
		return channels.AutoReply, AutoSubject
	}
	if asks(text) {
		return "", ""
	}
	all, other := besides(m.Text)
	if says(text, automatic) && other*2 <= all && !says(text, wants) && (says(text, away) || says(text, received) || says(text, unread)) {
		return channels.AutoReply, AutoWords
	}
	if other*3 > all {
		return "", ""
	}
	subject := fold(m.Subject)
	switch {
	case says(text, away) && (says(text, elsewhere) || says(text, back) || says(text, unread)) && !says(text, wants) && !says(text, things):
		return channels.AutoReply, OutOfOffice
	case says(subject, away) && says(text, away) && !says(text, wants) && !says(text, things):
		return channels.AutoReply, OutOfOffice
	case says(text, received) && says(text, soon) && !says(text, wants) && !says(text, faults):
		return channels.AutoReply, AutoWords
	}
	return "", ""
}

// besides counts the words of a text, and those in clauses that no automatic answer has: of four words or more, and none of what such
// answers consist of.
func besides(text string) (all, other int) {
	for _, c := range clauses(text) {
		n := length(c)
		all += n
		if n >= 4 && !slices.ContainsFunc(parts, func(words []string) bool { return says(c, words) }) && !strings.Contains(c, "@") && !strings.Contains(c, "www.") {
			other += n
		}
	}
	return all, other
}

// parts are what automatic answers consist of.
var parts = [][]string{away, elsewhere, back, unread, automatic, received, soon, polite}

// clauses divides the sender's own text at what ends a sentence and at the words that join another thought.
func clauses(text string) []string {
	var all []string
	for paragraph := range strings.SplitSeq(written(text), "\n\n") {
		s := fold(paragraph)
		for _, j := range joints {
			s = strings.ReplaceAll(s, j, "\n")
		}
		all = append(all, strings.FieldsFunc(s, func(r rune) bool { return strings.ContainsRune("\n!;:。！；：，", r) })...)
	}
	return all
}

// length counts the words of a clause. Scripts that do not divide words have one for every two letters.
func length(c string) int {
	n := 0
	for _, r := range c {
		if unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul) {
			n++
		}
	}
	return len(strings.Fields(c)) + n/2
}

// startsAutomatic reports whether a subject begins as those of automatic answers do. Behind "Re:" it is a person's who answers one.
func startsAutomatic(subject string) bool {
	s := strings.TrimLeft(fold(subject), "[({*\"' 【")
	for _, words := range autoSubjects {
		if rest, ok := strings.CutPrefix(s, words); ok {
			rest = strings.TrimSpace(rest)
			if rest == "" || strings.ContainsRune(":：-–—])}】*\"'!", firstRune(rest)) || strings.HasPrefix(rest, "re:") {
				return true
			}
		}
	}
	return false
}

func firstRune(s string) rune {
	for _, r := range s {
		return r
	}
	return 0
}

// asks reports whether a text asks something.
func asks(text string) bool { return strings.ContainsAny(text, "?？¿") }

func says(text string, words []string) bool {
	return slices.ContainsFunc(words, func(w string) bool { return strings.Contains(text, w) })
}

// fold is s in lower case, composed, with one sort of apostrophe and single spaces.
func fold(s string) string {
	s = strings.NewReplacer("’", "'", "‘", "'", "`", "'").Replace(norm.NFC.String(s))
	return strings.Join(strings.FieldsFunc(strings.ToLower(s), unicode.IsSpace), " ")
}

// own is what the sender himself says, folded.
func own(text string) string { return fold(written(text)) }

// written is what the sender himself says: the lines above what he quotes.
func written(text string) string {
	text = text[:min(len(text), mostRead)]
	var kept []string
	for l := range strings.Lines(text) {
		l = strings.TrimSpace(l)
		if quotes(l) {
			break
		}
		if !strings.HasPrefix(l, ">") {
			kept = append(kept, l)
		}
	}
	return strings.Join(kept, "\n")
}

// quotes reports whether a line introduces an older mail.
func quotes(l string) bool {
	if strings.HasPrefix(l, "-----") && strings.HasSuffix(l, "-") && len(l) > 12 || strings.HasPrefix(l, "__________") {
		return true
	}
	low := strings.ToLower(l)
	for _, end := range []string{" wrote:", " ha scritto:", " schrieb:", " a écrit :", " a écrit:", " escribió:", " escreveu:", " schreef:", " napisał:", " skrev:", " пишет:", "写道：", "写道:"} {
		if strings.HasSuffix(low, end) {
			return true
		}
	}
	for _, head := range []string{"from: ", "da: ", "von: ", "de : ", "de: ", "van: ", "od: ", "från: ", "от: ", "发件人", "差出人"} {
		if strings.HasPrefix(low, head) && strings.Contains(low, "@") {
			return true
		}
	}
	return false
}
