package quote

import (
	"strings"
	"testing"

	"golang.org/x/net/html"
)

func marked(t *testing.T, markup string) string {
	t.Helper()
	doc, err := html.Parse(strings.NewReader(markup))
	if err != nil {
		t.Fatal(err)
	}
	Mark(doc)
	var out strings.Builder
	if err := html.Render(&out, doc); err != nil {
		t.Fatal(err)
	}
	return strings.TrimSuffix(strings.TrimPrefix(out.String(), "<html><head></head><body>"), "</body></html>")
}

// E-44: the console folds the same parts in the HTML.
func TestE44MarkGmail(t *testing.T) {
	in := `<div dir="ltr">Va bene, grazie.</div><br><div class="gmail_quote"><div dir="ltr" class="gmail_attr">Il giorno lun 5 feb 2024 alle ore 10:30 Anna &lt;<a href="mailto:anna@e.test">anna@e.test</a>&gt; ha scritto:<br></div><blockquote class="gmail_quote">Buongiorno<br></blockquote></div>`
	text, folds, err := HTML(in)
	if err != nil {
		t.Fatal(err)
	}
	reply, _, quoted := Split(text, folds)
	if reply != "Va bene, grazie." || !strings.HasPrefix(quoted, "Il giorno") || !strings.HasSuffix(quoted, "\n> Buongiorno") {
		t.Errorf("%q %v", text, folds)
	}
	if got := marked(t, in); !strings.Contains(got, `<div class="gmail_quote" data-fold="quote">`) || strings.Count(got, Attribute) != 1 {
		t.Error(got)
	}
}
