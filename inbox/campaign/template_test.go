package campaign_test

import (
	"strings"
	"testing"

	xhtml "golang.org/x/net/html"

	"sportello/inbox/campaign"
	"sportello/inbox/customer"
)

var news = campaign.List{ID: "news", Name: "Negozio News", Account: "posta", Purpose: customer.Marketing, Postal: "Negozio Srl, Via <Roma> 1, Roma", Locale: "it", ListID: "news.negozio.example"}

func parse(t *testing.T, subject, text, markup string) *campaign.Template {
	t.Helper()
	parsed, err := campaign.Parse(subject, text, markup)
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

// E-53: every mail says whose it is, where its sender lives and how it ends, in its reader's language, in both of its forms.
func TestE53EveryMailSaysHowItEnds(t *testing.T) {
	p := parse(t, "Saldi per {first_name|te}", "Gentile {name|cliente},\r\nsaldi da {list}!", `<p>Gentile {name|cliente},</p><img src="https://negozio.example/a.png">`)
	w := p.Fill(news, campaign.Person{Name: "Anna Rossi", Unsubscribe: "https://help.negozio.example/u/abc"})
	if w.Subject != "Saldi per Anna" || !strings.HasPrefix(w.Text, "Gentile Anna Rossi,\nsaldi da Negozio News!\n\n-- \n") {
		t.Errorf("%q %q", w.Subject, w.Text)
	}
	for _, must := range []string{"Via <Roma> 1", "Per non ricevere più questi messaggi: https://help.negozio.example/u/abc"} {
		if !strings.Contains(w.Text, must) {
			t.Errorf("%q is not in %q", must, w.Text)
		}
	}
	for _, must := range []string{"Gentile Anna Rossi,", "Via &lt;Roma&gt; 1", `href="https://help.negozio.example/u/abc"`, ` src="https://negozio.example/a.png"`} {
		if !strings.Contains(w.HTML, must) {
			t.Errorf("%q is not in %q", must, w.HTML)
		}
	}
	w = p.Fill(news, campaign.Person{Locale: "en-GB", Unsubscribe: "https://help.negozio.example/u/abc"})
	if w.Subject != "Saldi per te" || !strings.Contains(w.Text, "Gentile cliente,") || !strings.Contains(w.Text, "To stop receiving these messages: https://") {
		t.Errorf("%+v", w)
	}
	w = parse(t, "s", "Fine: {unsubscribe}", `<a href="{unsubscribe}">www.negozio.example/fine</a>`).Fill(news, campaign.Person{Unsubscribe: "https://help.negozio.example/u/abc"})
	if strings.Count(w.Text, "/u/abc") != 1 || strings.Count(w.HTML, "/u/abc") != 1 || strings.Contains(w.HTML, "unsubscribe.invalid") || !strings.Contains(w.Text, "Via <Roma> 1") {
		t.Errorf("%+v", w)
	}
}

// What cannot be filled in, or would say nothing, is refused before anybody gets it; all of it is named at once.
func TestE53TemplatesAreChecked(t *testing.T) {
	for name, c := range map[string][3]string{
		"unknown word":      {"s", "Ciao {nome|x}", ""},
		"no fallback":       {"Ciao {name}", "t", ""},
		"no subject":        {" \r\n ", "t", ""},
		"no text":           {"s", " ", "<p>x</p>"},
		"link in subject":   {"{unsubscribe}", "t", ""},
		"in an attribute":   {"s", "t", `<a href="https://x.it/{name|x}">x</a>`},
		"in a style":        {"s", "t", `<p style="color: {name|red}">x</p>`},
		"in what is lost":   {"s", "t", `<script>{name|x}</script>`},
		"unknown in markup": {"s", "t", `<p>{x}</p>`},
	} {
		if _, err := campaign.Parse(c[0], c[1], c[2]); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
	if _, err := campaign.Parse("{name}", "{x}", "<p>{y}</p>"); err == nil || strings.Count(err.Error(), "\n") != 2 {
		t.Error(err)
	}
	if parse(t, "ab", "c", "").Digest() == parse(t, "a", "bc", "").Digest() || parse(t, "a", "b", "").Digest() != parse(t, "a", "b", "").Digest() {
		t.Error("a digest is not what a template says")
	}
}

// Markup is made harmless as a stranger's is.
func TestE53MarkupIsSanitised(t *testing.T) {
	w := parse(t, "s", "t", `<p onclick="x()">a<script>b()</script><iframe src="https://x"></iframe><a href="javascript:c()">d</a><form action="https://x">e</form></p>`).
		Fill(news, campaign.Person{Unsubscribe: "https://h.example/u/a"})
	for _, bad := range []string{"onclick", "script", "iframe", "form"} {
		if strings.Contains(w.HTML, bad) {
			t.Errorf("%s in %s", bad, w.HTML)
		}
	}
}

// FuzzE53Name: whatever somebody calls himself stays words: no tag, no attribute, no line of a header, no other placeholder.
func FuzzE53Name(f *testing.F) {
	for _, s := range []string{"Anna", "<script>alert(1)</script>", "\"'><img src=x onerror=y>", "a\r\nBcc: b@example.it", "{unsubscribe}", "&lt;b&gt;", "\x00\xff", "{name|{name|x}}", strings.Repeat("à", 500)} {
		f.Add(s)
	}
	p, err := campaign.Parse("Per {name|te}", "Ciao {name|tu}, {first_name|tu}", `<p title="x">Ciao <b>{name|tu}</b></p>`)
	if err != nil {
		f.Fatal(err)
	}
	tags := func(markup string) (all []string) {
		for z := xhtml.NewTokenizer(strings.NewReader(markup)); z.Next() != xhtml.ErrorToken; {
			if token := z.Token(); token.Type != xhtml.TextToken {
				all = append(all, token.String())
			}
		}
		return all
	}
	who := campaign.Person{Name: "Anna", Unsubscribe: "https://h.example/u/a"}
	want := strings.Join(tags(p.Fill(news, who).HTML), "")
	f.Fuzz(func(t *testing.T, name string) {
		who := who
		who.Name = name
		w := p.Fill(news, who)
		if got := strings.Join(tags(w.HTML), ""); got != want {
			t.Errorf("%q: %s", name, got)
		}
		if strings.ContainsAny(w.Subject, "\r\n\x00{}") || strings.ContainsAny(w.Text, "{}") || strings.Count(w.Text, "/u/a") != 1 || len([]rune(w.Subject)) > 100 {
			t.Errorf("%q: %+v", name, w)
		}
	})
}
