package authn

import (
	"testing"

	"sportello/channels"
)

// E-47: a name of ours, or somebody's address, shown by a stranger is a warning.
func TestE47BorrowedNames(t *testing.T) {
	names, own := []string{"Negozio Élite", "Sportello", "Ada"}, []string{"aiuto@negozio.it"}
	for name, want := range map[string]bool{
		"Negozio Elite": true, "NEGOZIO ÉLITE - Fatture": true, "Negоzio Elite": true, "Neg0zio\u200b Élite": true, "il negozio elite": true,
		"NegozioElite": true, "n e g o z i o  e l i t e": true, "NEGOZlO ELlTE": true, "ΝΕGOZIO ELITE": true, "SporteIIo": true, "$portel1o": true, "Ｓｐｏｒｔｅｌｌｏ": true,
		"\u202eSpor\u00adtello": true, "Ｎegozi0-Elite (assistenza)": true, "Negozio di Elite": false, "Lo Sportellino": false,
		"aiuto@negozio.it": true, "Anna <anna@banca.it>": true, "anna@altrove.example.org": false, "anna@posta.altrove.org": false,
		"Anna Rossi": false, "Negozio": false, "Sportellone": false, "Ada": false, "": false, "@": false, "a@b": false,
	} {
		from := channels.Address{Kind: channels.Email, Name: name, Value: "x@posta.altrove.org"}
		if name == "anna@altrove.example.org" {
			from.Value = "x@altrove.example.org"
		}
		if got := Borrowed(from, names, own); got != want {
			t.Errorf("%q: %v", name, got)
		}
	}
	if !Shows("Elerna Rossi", "Elema Rossi") || Shows("Ada", "Ada") || Shows("", "") || Shows("x", "(---)") || Shows("東京", "東京") {
		t.Error("names as an eye reads them")
	}
	if Borrowed(channels.Address{Name: "Negozio Elite", Value: "vendite@shop.negozio.it"}, names, own) {
		t.Error("our own domain borrows from nobody")
	}
}
