// Package safe makes the HTML of strangers harmless to show (E-43).
//
// Clean is a pure function; nothing here fetches, stores or logs. It must never let through what runs, loads, submits, or draws outside
// of its place. channels/email calls it when a mail is taken in; what it returns is what is stored.
package safe

import (
	"errors"
	"regexp"
	"strings"
	"sync"

	"github.com/microcosm-cc/bluemonday"
	"golang.org/x/net/html"
)

// Limit is how many bytes of HTML are shown; larger is shown as text.
const Limit = 1 << 20

// Clean makes the HTML of a mail safe to show within a page (E-43): no script, frame, form or style sheet; links open elsewhere
// and tell nothing of where they were clicked; images that came with the mail keep src="cid:…"; images on other servers have their
// address in data-src, so that nothing is loaded until a person asks; images of one pixel are gone. The result is balanced.
func Clean(markup string) (string, error) {
	if len(markup) > Limit {
		return "", errors.New("too large")
	}
	doc, err := html.Parse(strings.NewReader(markup))
	if err != nil {
		return "", err
	}
	disarm(doc)
	var out strings.Builder
	if err := html.Render(&out, doc); err != nil {
		return "", err
	}
	if out.Len() > 2*Limit { // unclosed tags are repeated in every paragraph
		return "", errors.New("too large when its tags are closed")
	}
	return strings.TrimSpace(policy().Sanitize(out.String())), nil
}

// policy is what may remain. A Policy is safe for concurrent use once it is built.
var policy = sync.OnceValue(func() *bluemonday.Policy {
	p := bluemonday.NewPolicy()
	p.AllowStandardAttributes()
	p.AllowElements("a", "abbr", "address", "article", "aside", "b", "bdi", "big", "blockquote", "br", "caption", "center", "cite",
		"code", "col", "colgroup", "dd", "del", "dfn", "div", "dl", "dt", "em", "figcaption", "figure", "font", "footer", "h1", "h2",
		"h3", "h4", "h5", "h6", "header", "hr", "i", "img", "ins", "kbd", "li", "main", "mark", "ol", "p", "pre", "q", "s", "samp",
		"section", "small", "span", "strike", "strong", "sub", "sup", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "tt",
		"u", "ul", "var", "wbr")
	p.AllowURLSchemes("http", "https", "mailto", "tel", "cid")
	p.RequireParseableURLs(true)
	p.AllowAttrs("href").OnElements("a")
	p.AllowAttrs("src").Matching(regexp.MustCompile(`^cid:[^\s"'<>]+$`)).OnElements("img")
	p.AllowAttrs("data-src").Matching(regexp.MustCompile(`^https?://[^\s"'<>]+$`)).OnElements("img")
	p.AllowAttrs("alt").OnElements("img")
	p.AllowAttrs("width", "height").Matching(bluemonday.NumberOrPercent).OnElements("img", "table", "td", "th", "col")
	p.AllowAttrs("align", "valign").Matching(regexp.MustCompile(`(?i)^(left|right|center|justify|top|middle|bottom|baseline)$`)).
		OnElements("table", "tr", "td", "th", "p", "div", "img", "h1", "h2", "h3")
	p.AllowAttrs("colspan", "rowspan", "border", "cellpadding", "cellspacing", "start").Matching(bluemonday.Integer).
		OnElements("table", "td", "th", "ol")
	p.AllowAttrs("bgcolor", "color").Matching(regexp.MustCompile(`(?i)^(#[0-9a-f]{3,8}|[a-z]{3,20})$`)).
		OnElements("table", "tr", "td", "th", "font")
	p.AllowAttrs("type").Matching(regexp.MustCompile(`^cite$`)).OnElements("blockquote")
	p.AllowAttrs("class").Matching(regexp.MustCompile(`^gmail_(quote|attr|signature)$`)).OnElements("div", "blockquote")
	p.AllowStyles("color", "background-color", "font-size", "font-weight", "font-style", "font-family", "text-align",
		"text-decoration", "line-height", "white-space", "vertical-align", "padding", "padding-left", "padding-right",
		"padding-top", "padding-bottom", "margin", "margin-left", "margin-right", "margin-top", "margin-bottom",
		"border-collapse", "width", "max-width", "list-style-type").Globally()
	p.RequireNoReferrerOnLinks(true)
	p.RequireNoFollowOnLinks(true)
	p.AddTargetBlankToFullyQualifiedLinks(true)
	return p
})

// disarm walks the document and takes away what would be loaded or is hidden from the reader.
func disarm(n *html.Node) {
	for c := n.FirstChild; c != nil; {
		next := c.NextSibling
		if c.Type == html.ElementNode && (hidden(c) || c.Data == "img" && pixel(c)) {
			n.RemoveChild(c)
		} else {
			if c.Type == html.ElementNode && c.Data == "img" {
				c.Attr = imageAttributes(c.Attr)
			}
			disarm(c)
		}
		c = next
	}
}

func imageAttributes(attrs []html.Attribute) []html.Attribute {
	var kept []html.Attribute
	for _, a := range attrs {
		switch a.Key {
		case "srcset", "data-src":
			continue
		case "src":
			a.Val = strings.TrimSpace(a.Val)
			if len(a.Val) < 4 || !strings.EqualFold(a.Val[:4], "cid:") {
				a.Key = "data-src"
				if strings.HasPrefix(a.Val, "//") {
					a.Val = "https:" + a.Val
				}
			} else {
				a.Val = "cid:" + a.Val[4:]
			}
		}
		kept = append(kept, a)
	}
	return kept
}

// pixel reports whether an image is there to be counted and not to be seen.
func pixel(n *html.Node) bool {
	small := func(v string) bool { v = strings.TrimSuffix(strings.TrimSpace(v), "px"); return v == "0" || v == "1" }
	return small(attribute(n, "width")) && small(attribute(n, "height"))
}

// hidden reports whether the author meant an element not to be seen, such as the preview text of a newsletter.
func hidden(n *html.Node) bool {
	style := strings.ToLower(strings.Join(strings.Fields(attribute(n, "style")), ""))
	return strings.Contains(style, "display:none")
}

func attribute(n *html.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}
