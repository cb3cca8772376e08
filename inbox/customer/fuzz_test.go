package customer

import (
	"strings"
	"testing"
)

// FuzzSearchWords: whatever is typed becomes a few words that a database takes.
func FuzzSearchWords(f *testing.F) {
	for _, s := range []string{"", "Però", "+39 (333) 1", "100%_\\", "a b c d e f g h", "\x00\xff"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		words := searchWords(s)
		if len(words) > mostWords {
			t.Fatal(len(words))
		}
		for _, w := range words {
			if w == "" || strings.ContainsRune(w, 0) || strings.ContainsAny(w, " \n") {
				t.Fatalf("%q", w)
			}
		}
	})
}
