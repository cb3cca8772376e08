package quote

import (
	"strings"
	"testing"

	"sportello/channels"
)

// E-44: an attribution that is wrapped over two lines, a signature above it.
func TestE44TopReply(t *testing.T) {
	text := "Grazie mille, aspetto notizie.\n\nCordiali saluti,\nMario Rossi\nAcme Srl\nTel. +39 02 123456\n\n" +
		"Il giorno lun 5 feb 2024 alle ore 10:30 Assistenza <help@acme.example>\nha scritto:\n\n> Buongiorno,\n> ecco.\n"
	folds := Text(text)
	reply, signature, quoted := Split(text, folds)
	if reply != "Grazie mille, aspetto notizie." || signature != "Cordiali saluti,\nMario Rossi\nAcme Srl\nTel. +39 02 123456" || !strings.HasPrefix(quoted, "Il giorno") || !strings.HasSuffix(quoted, "> ecco.") {
		t.Errorf("%v: %q, %q, %q", folds, reply, signature, quoted)
	}
	if folds[1].Kind != channels.FoldQuote {
		t.Errorf("%v", folds)
	}
}
