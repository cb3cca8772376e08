package quote

import (
	"strings"
	"unicode"

	"sportello/channels"
)

const (
	markupLimit = 1 << 20 // bytes of HTML that are read beside a plain text
	sample      = 48      // letters by which a quote is found again in the other form
)

// Both finds the folds of a plain text that came with the same mail in HTML. What the text says by itself stands; where it shows no
// quote and the structure of the HTML does, the words of that quote are looked up in the text.
func Both(text, markup string) []channels.Fold {
	folds := Text(text)
	if older(folds) || len(markup) > markupLimit {
		return folds
	}
	other, marks, err := HTML(markup)
	if err != nil || !older(marks) {
		return folds
	}
	m := &mail{text: text, lines: scan(text)}
	if !m.lend(other, marks) {
		return folds
	}
	return m.folds()
}

func older(folds []channels.Fold) bool {
	for _, f := range folds {
		if f.Kind == channels.FoldQuote || f.Kind == channels.FoldForwarded {
			return true
		}
	}
	return false
}

// lend marks the lines whose words are quoted in the other form of the text, and reports whether there are any.
func (m *mail) lend(other string, marks []channels.Fold) bool {
	var all strings.Builder
	starts := make([]int, len(m.lines)+1) // of each line in all
	for i := range m.lines {
		starts[i] = all.Len()
		all.WriteString(squeeze(m.lines[i].text))
	}
	starts[len(m.lines)] = all.Len()
	found := false
	for i, f := range marks {
		if f.Kind != channels.FoldQuote && f.Kind != channels.FoldForwarded {
			continue
		}
		key := squeeze(other[f.From:f.To])
		before := min(len(squeeze(other[:f.From]))*7/10, all.Len())
		at := strings.Index(all.String()[before:], clip(key, sample))
		if len(key) < sample/4 || at < 0 {
			continue
		}
		at += before
		end := all.Len()
		if i < len(marks)-1 || squeeze(other[f.To:]) != "" {
			if end = at + len(key); end > all.Len() || !strings.HasSuffix(all.String()[:end], last(key)) {
				continue
			}
		}
		for j := range m.lines {
			if starts[j] >= at && starts[j+1] <= end && starts[j] < starts[j+1] {
				m.lines[j].hint |= hintQuote
				found = true
			}
		}
	}
	return found
}

// squeeze leaves the letters and digits of a text, small: two programs that write one text differ in the rest.
func squeeze(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, s)
}

func last(s string) string { return s[max(0, len(s)-sample):] }
