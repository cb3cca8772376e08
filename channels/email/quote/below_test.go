package quote

import (
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// E-25: of a mail that is passed on within HTML, what stands below its head.
func TestE25Below(t *testing.T) {
	head := "From: Olga &lt;olga@x.example&gt;<br>Date: 4 Mar 2025 09:11<br>Subject: Handle<br>"
	for name, c := range map[string]struct{ markup, want string }{
		"in one box":     {"<p>FYI</p><div>" + head + "<br>The <b>handle</b> broke.<br>Olga</div>", "The <b>handle</b> broke.<br/>Olga"},
		"in paragraphs":  {"<p>FYI</p><p>" + head + "</p><table><tbody><tr><td></td><td>The handle</td></tr></tbody></table>", "<table><tbody><tr><td></td><td>The handle</td></tr></tbody></table>"},
		"in a quote":     {"FYI<blockquote type=\"cite\"><div>" + head + "</div><p>The handle broke.</p></blockquote>", "<p>The handle broke.</p>"},
		"in pre":         {"<pre>FYI\n\nSubject: Handle\n\nThe handle\nbroke.</pre>", "The handle\nbroke."},
		"image":          {"<p>FYI</p><p>Subject: Handle</p><p><img src=\"cid:a\"></p><p>broke</p>", "<img src=\"cid:a\"/>"},
		"nothing below":  {"<p>FYI</p><p>Subject: Handle</p>", ""},
		"no head":        {"<p>FYI</p>", ""},
		"empty":          {"", ""},
		"answered below": {"<p>FYI</p><p>Subject: Handle</p><p>It works.</p><p>On 4 Mar 2025, Anna &lt;a@x.example&gt; wrote:</p><blockquote type=\"cite\">Does it?</blockquote>", "data-fold=\"quote\""},
	} {
		got := Below(c.markup, func(text string) (int, bool) {
			_, below, ok := strings.Cut(text, "Subject: Handle\n")
			return len(text) - len(below), ok
		})
		if !strings.Contains(got, c.want) || c.want == "" && got != "" || strings.Contains(got, "FYI") || strings.Contains(got, "Subject:") {
			t.Errorf("%s: %q", name, got)
		}
	}
}

// FuzzBelow: nothing is invented, whatever the document and the place.
func FuzzBelow(f *testing.F) {
	f.Add("<p>FYI</p><table><tr><td>a</table><blockquote>b", 3)
	f.Add("<pre>a\nb", 2)
	f.Fuzz(func(t *testing.T, markup string, at int) {
		start := time.Now()
		got := Below(markup, func(text string) (int, bool) { return at, true })
		if took := time.Since(start); took > 2*time.Second {
			t.Fatalf("took %v", took)
		}
		if doc, err := html.Parse(strings.NewReader(got)); err != nil || got != "" && strings.TrimSpace(inner(first(doc, atom.Body))) != got {
			t.Fatalf("%v: %q", err, got)
		}
		if len(got) > 8*len(markup)+1000 {
			t.Fatalf("%d bytes of %d", len(got), len(markup))
		}
	})
}
