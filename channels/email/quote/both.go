package quote

import (
	"slices"
	"strings"
	"unicode"

	"sportello/channels"
)

const (
	markupLimit = 1 << 20 // bytes of HTML that are read beside a plain text
	sample      = 48      // letters by which a quote is found again in the other form
	mostLent    = 200     // folds that are looked up
)

// Both finds the folds of a plain text that came with the same mail in HTML. What the text says by itself stands; where it shows no
// quote or no signature and the structure of the HTML does, the words of that are looked up in the text.
func Both(text, markup string) []channels.Fold {
	folds := Text(text)
	quote, sign := !older(folds), !signed(folds)
	if !quote && !sign || len(markup) > markupLimit {
		return folds
	}
	other, marks, err := HTML(markup)
	if err != nil || !(quote && older(marks)) && !(sign && signed(marks)) {
		return folds
	}
	m := &mail{text: text, lines: scan(text)}
	if !m.lend(other, marks, quote, sign) {
		return folds
	}
	return m.folds()
}

func older(folds []channels.Fold) bool {
	return slices.ContainsFunc(folds, func(f channels.Fold) bool { return f.Kind == channels.FoldQuote || f.Kind == channels.FoldForwarded })
}

func signed(folds []channels.Fold) bool {
	return slices.ContainsFunc(folds, func(f channels.Fold) bool { return f.Kind == channels.FoldSignature })
}

// lend marks the lines whose words are quoted or signature in the other form of the text, and reports whether there are any.
func (m *mail) lend(other string, marks []channels.Fold, quote, sign bool) bool {
	var all strings.Builder
	starts := make([]int, len(m.lines)+1) // of each line in all
	for i := range m.lines {
		starts[i] = all.Len()
		all.WriteString(squeeze(m.lines[i].text))
	}
	starts[len(m.lines)] = all.Len()
	found := false
	read, passed := 0, 0 // how much of the other form has been passed, and its letters
	for i, f := range marks[:min(len(marks), mostLent)] {
		passed += len(squeeze(other[read:f.From]))
		key := squeeze(other[f.From:f.To])
		before := min(passed*7/10, all.Len())
		read, passed = f.To, passed+len(key)
		as := hintQuote
		if f.Kind == channels.FoldSignature || f.Kind == channels.FoldDisclaimer {
			as = hintSignature
		}
		if as == hintQuote && !quote || as == hintSignature && (!sign || f.Kind == channels.FoldDisclaimer) {
			continue
		}
		at := strings.Index(all.String()[before:], clip(key, sample))
		if at < 0 || as == hintQuote && len(key) < sample/4 || len(key) < 3 {
			continue
		}
		at += before
		end := all.Len()
		if as == hintSignature || i < len(marks)-1 || squeeze(other[f.To:]) != "" {
			if end = at + len(key); end > all.Len() || !strings.HasSuffix(all.String()[:end], last(key)) {
				continue
			}
		}
		from, whole := slices.BinarySearch(starts, at)
		to, ends := slices.BinarySearch(starts, end)
		if as == hintSignature && !(whole && ends) { // words within a line
			continue
		}
		for j := from; j < min(to, len(m.lines)); j++ {
			if starts[j] < starts[j+1] && starts[j+1] <= end {
				m.lines[j].hint |= as
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
