package campaign

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"html"
	"maps"
	"regexp"
	"slices"
	"strings"

	xhtml "golang.org/x/net/html"

	"sportello/channels/email/field"
	"sportello/channels/email/safe"
)

// Template is what a campaign says. In it {name|word} and {first_name|word} are the reader's name, or the word when none is known, {list}
// is the list's name, and {unsubscribe} the address of the page that ends it.
type Template struct {
	subject, text string
	markup        string // sanitised; "" when there is none
	digest        string
	ends          bool // the text says itself how to end the list
	marked        bool // so does the markup
}

// Person is what a template can say of its reader.
type Person struct {
	Name        string
	Locale      string // BCP 47
	Unsubscribe string // https address
}

// Words is one filling of a template.
type Words struct{ Subject, Text, HTML string }

const (
	mostName = 80 // runes of a name that are shown
	mostText = 1 << 20
)

// placeholder is a word in braces, with what stands in for it.
var placeholder = regexp.MustCompile(`\{([a-z_]+)(?:\|([^{}]*))?\}`)

// personal are the placeholders that may have no value; the others always have one.
var personal = map[string]bool{"name": true, "first_name": true, "list": false, "unsubscribe": false}

// stand is an address that stands for {unsubscribe} while markup is sanitised: only real addresses pass.
const stand = "https://unsubscribe.invalid/"

// Parse reads a template. markup may be "": then the text is all. The error names everything that is wrong with it.
func Parse(subject, text, markup string) (*Template, error) {
	sum := sha256.New()
	for _, s := range []string{subject, text, markup} {
		fmt.Fprintf(sum, "%d %s", len(s), s)
	}
	t := &Template{subject: field.OneLine(subject), text: strings.ReplaceAll(strings.TrimSpace(text), "\r\n", "\n"), digest: hex.EncodeToString(sum.Sum(nil))}
	var errs []error
	if strings.TrimSpace(t.subject) == "" {
		errs = append(errs, errors.New("subject: is empty"))
	}
	if t.text == "" || len(text) > mostText {
		errs = append(errs, errors.New("text: is empty, or larger than a megabyte"))
	}
	errs = append(errs, check("subject", t.subject)...)
	errs = append(errs, check("text", t.text)...)
	if strings.Contains(t.subject, "{unsubscribe}") {
		errs = append(errs, errors.New("subject: {unsubscribe} stands in the text"))
	}
	t.ends = strings.Contains(t.text, "{unsubscribe}")
	if strings.TrimSpace(markup) != "" {
		errs = append(errs, check("html", markup)...)
		clean, err := sanitised(markup)
		if err != nil {
			errs = append(errs, fmt.Errorf("html: %w", err))
		}
		t.markup, t.marked = clean, strings.Contains(clean, stand)
	}
	return t, errors.Join(errs...)
}

// check lists the placeholders that are not known, or may have no value and say nothing instead.
func check(where, template string) (errs []error) {
	for _, m := range placeholder.FindAllStringSubmatch(template, -1) {
		may, known := personal[m[1]]
		switch {
		case !known:
			errs = append(errs, fmt.Errorf("%s: %s is none of {%s}", where, m[0], strings.Join(slices.Sorted(maps.Keys(personal)), "} {")))
		case may && m[2] == "":
			errs = append(errs, fmt.Errorf("%s: %s says nothing when the name is not known; write {%s|a word}", where, m[0], m[1]))
		}
	}
	return errs
}

// sanitised is markup as it may be sent: what is shown of a stranger's mail, with its images. A placeholder that would be lost or that
// stands in a tag is an error.
func sanitised(markup string) (string, error) {
	count := len(placeholder.FindAllString(markup, -1))
	clean, err := safe.Clean(strings.ReplaceAll(markup, "{unsubscribe}", stand))
	if err != nil {
		return "", err
	}
	clean = strings.NewReplacer(` data-src="`, ` src="`, ` title="unsubscribe.invalid"`, "",
		`<span class="`+safe.HostClass+`">[unsubscribe.invalid]</span>`, "").Replace(clean)
	kept := strings.Count(clean, stand)
	for z := xhtml.NewTokenizer(strings.NewReader(clean)); z.Next() != xhtml.ErrorToken; {
		if token := z.Token(); token.Type == xhtml.TextToken {
			kept += len(placeholder.FindAllString(token.Data, -1))
		}
	}
	if kept != count {
		return "", errors.New("a placeholder stands within a tag, or in something that may not be sent")
	}
	return clean, nil
}

// Digest says whether two templates say the same.
func (t *Template) Digest() string { return t.digest }

// Subject is the subject before it is filled in.
func (t *Template) Subject() string { return t.subject }

// Fill says it to one person, with the house's address and, unless the template does so itself, how to end the list.
func (t *Template) Fill(l List, p Person) Words {
	plain := func(s string) string { return s }
	values := map[string]string{"name": clip(p.Name), "list": l.Name, "unsubscribe": p.Unsubscribe}
	values["first_name"], _, _ = strings.Cut(values["name"], " ")
	w := Words{Subject: field.OneLine(fill(t.subject, values, plain)), Text: fill(t.text, values, plain) + t.footer(l, p)}
	if t.markup == "" {
		return w
	}
	end := ""
	if !t.marked {
		end = `<br><a href="` + stand + `">` + html.EscapeString(endOf(l, p)) + `</a>`
	}
	w.HTML = fill(t.markup, values, html.EscapeString) + `<hr><p><small>` + html.EscapeString(l.Name+" · "+l.Postal) + end + `</small></p>`
	w.HTML = strings.ReplaceAll(w.HTML, stand, html.EscapeString(p.Unsubscribe))
	return w
}

// fill puts values for placeholders.
func fill(template string, values map[string]string, escape func(string) string) string {
	return placeholder.ReplaceAllStringFunc(template, func(m string) string {
		parts := placeholder.FindStringSubmatch(m)
		if v := values[parts[1]]; v != "" {
			return escape(v)
		}
		return parts[2]
	})
}

func (t *Template) footer(l List, p Person) string {
	end := ""
	if !t.ends {
		end = "\n" + endOf(l, p) + ": " + p.Unsubscribe
	}
	return "\n\n-- \n" + field.OneLine(l.Name+" · "+l.Postal) + end + "\n"
}

// clip is a name in one line, of a length that people have.
func clip(name string) string {
	return field.Clip(strings.Join(strings.Fields(strings.NewReplacer("{", "", "}", "").Replace(field.OneLine(name))), " "), mostName)
}

// endOf says in the reader's language what the address below it is for.
func endOf(l List, p Person) string {
	locale := p.Locale
	if locale == "" {
		locale = l.Locale
	}
	if strings.HasPrefix(strings.ToLower(locale), "it") {
		return "Per non ricevere più questi messaggi"
	}
	return "To stop receiving these messages"
}
