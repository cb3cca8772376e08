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

// FuzzE53Link: whatever stands in a link of unsubscribing, only what we sealed is believed, and it names whom and what it was made for.
func FuzzE53Link(f *testing.F) {
	u, err := NewUnsubscriber(nil, make([]byte, 32), "https://h.example")
	if err != nil {
		f.Fatal(err)
	}
	own := strings.TrimPrefix(u.Link("0197f3a0-0000-7000-8000-000000000001", "news").URL, "https://h.example/u/")
	for _, s := range []string{"", own, own[1:], own + "A", strings.ToUpper(own), strings.Repeat("A", 2000), "\x00", own[:len(own)-3] + "%41A"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, token string) {
		id, list, ok := u.Read(token)
		if ok && (id != "0197f3a0-0000-7000-8000-000000000001" || list != "news") {
			t.Fatalf("%q was believed for %q and %q", token, id, list)
		}
		if !ok && token == own || !ok && id+ID(list) != "" {
			t.Fatalf("%q: %q %q", token, id, list)
		}
	})
}
