package quote

import (
	"os"
	"strings"
	"testing"
)

// pageOf is a document of testdata/pages.txt: "@@@ name", its HTML, "=== " and its reply, "~~~ " and its signature if it has one.
type pageOf struct{ name, markup, reply, signature string }

func readPages(t *testing.T) []pageOf {
	t.Helper()
	content, err := os.ReadFile("testdata/pages.txt")
	if err != nil {
		t.Fatal(err)
	}
	var pages []pageOf
	for _, one := range strings.Split("\n"+string(content), "\n@@@ ")[1:] {
		name, rest, _ := strings.Cut(one, "\n")
		markup, want, found := strings.Cut(rest, "\n=== ")
		if !found {
			t.Fatalf("%s has no reply", name)
		}
		reply, signature, _ := strings.Cut(want, "\n~~~ ")
		pages = append(pages, pageOf{name, markup, reply, signature})
	}
	return pages
}

// E-44: documents of many programs in a dozen languages, written for this file.
func TestE44Pages(t *testing.T) {
	pages := readPages(t)
	if len(pages) < 95 {
		t.Fatalf("%d pages", len(pages))
	}
	for _, p := range pages {
		t.Run(p.name, func(t *testing.T) {
			text, folds, err := HTML(p.markup)
			if err != nil {
				t.Fatal(err)
			}
			sound(t, text, folds)
			reply, signature, quoted := Split(text, folds)
			if spaced(reply) != spaced(p.reply) || spaced(signature) != spaced(p.signature) {
				t.Errorf("reply %q\nwant %q\nsignature %q\nwant %q\nquoted %q", reply, p.reply, signature, p.signature, quoted)
			}
		})
	}
}
