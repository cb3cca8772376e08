package quote

import (
	"strings"

	"sportello/channels"
)

// Split divides a text along its folds: reply is what is open, signature what is folded as signature or disclaimer, quoted the rest.
// Runs of one sort are joined by a line end; white space around each is gone. Folds that do not fit the text are left out.
func Split(text string, folds []channels.Fold) (reply, signature, quoted string) {
	var open, signed, older []string
	add := func(to *[]string, s string) {
		if s = strings.TrimSpace(s); s != "" {
			*to = append(*to, s)
		}
	}
	at := 0
	for _, f := range folds {
		if f.From < at || f.To < f.From || f.To > len(text) {
			continue
		}
		add(&open, text[at:f.From])
		at = f.To
		switch f.Kind {
		case channels.FoldSignature, channels.FoldDisclaimer:
			add(&signed, text[f.From:f.To])
		default:
			add(&older, text[f.From:f.To])
		}
	}
	add(&open, text[at:])
	return strings.Join(open, "\n"), strings.Join(signed, "\n"), strings.Join(older, "\n")
}
