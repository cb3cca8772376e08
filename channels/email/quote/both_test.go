package quote

import "testing"

// E-44: a text whose quote only the HTML of the same mail shows.
func TestE44Both(t *testing.T) {
	outlook := programs["outlook in an unknown language"]
	for name, c := range map[string]struct{ text, markup, reply string }{
		"outlook":        {"Va bene, grazie.\n\nXa: Anna\nXb: Xc 5\nXd: Help\nXe: Ordine\n\nIl pacco parte domani.\n", outlook, answerHTML},
		"yahoo":          {"Va bene, grazie.\n\n  Xyz Anna\n\n  Il pacco\nparte domani.", programs["yahoo in an unknown language"], answerHTML},
		"answers":        {"Sì.\nQuando parte il pacco che ho ordinato?\nDomani.", `<p>Sì.</p><blockquote type="cite">Quando parte il pacco che ho ordinato?</blockquote><p>Domani.</p>`, "Sì.\nDomani."},
		"text knows":     {"Va bene, grazie.\n\n> Il pacco parte domani.\n", `<p>Va bene, grazie.</p><p>Il pacco parte domani.</p>`, answerHTML},
		"another text":   {"Leggete la versione in HTML.", outlook, "Leggete la versione in HTML."},
		"nothing quoted": {"Va bene, grazie.", "<p>Va bene, grazie.</p>", answerHTML},
		"signature":      {"Va bene, grazie.\n\nDana Bruni\nFioraia\n\n> Il pacco parte domani.\n", `<div>Va bene, grazie.</div><div class="gmail_signature">Dana Bruni<br>Fioraia</div><blockquote type="cite">Il pacco parte domani.</blockquote>`, answerHTML},
		"short name":     {"Va bene, grazie.\n\nDana", `<div>Va bene, grazie.</div><div id="Signature">Dana</div>`, answerHTML},
		"part of a line": {"Va bene, grazie Dana.", `<div>Va bene, grazie</div><div id="Signature">Dana</div>`, "Va bene, grazie Dana."},
		"no HTML":        {"Va bene, grazie.", "", answerHTML},
	} {
		folds := Both(c.text, c.markup)
		if reply, _, _ := Split(c.text, folds); reply != c.reply {
			t.Errorf("%s: %v, reply %q", name, folds, reply)
		}
		sound(t, c.text, folds)
	}
}
