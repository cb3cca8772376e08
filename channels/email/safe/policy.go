package safe

import (
	"regexp"
	"sync"

	"github.com/microcosm-cc/bluemonday"

	"sportello/channels/email/quote"
)

// dataImage is an image that lies in the markup; SVG is not one, for it is a document.
var dataImage = regexp.MustCompile(`^data:image/(?:png|jpeg|gif|webp);base64,[A-Za-z0-9+/=]+$`)

// policy is what may remain, after prune has made it fit. A Policy is safe for concurrent use once it is built.
var policy = sync.OnceValue(func() *bluemonday.Policy {
	p := bluemonday.NewPolicy()
	p.AllowElements("a", "abbr", "address", "article", "aside", "b", "bdi", "bdo", "big", "blockquote", "br", "caption", "center", "cite",
		"code", "col", "colgroup", "dd", "del", "dfn", "div", "dl", "dt", "em", "figcaption", "figure", "font", "footer", "h1", "h2",
		"h3", "h4", "h5", "h6", "header", "hr", "i", "img", "ins", "kbd", "li", "main", "mark", "ol", "p", "pre", "q", "s", "samp",
		"section", "small", "span", "strike", "strong", "sub", "sup", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "tt",
		"u", "ul", "var", "wbr")
	p.AllowNoAttrs().OnElements("a", "span", "font")
	p.AllowURLSchemes("http", "https", "mailto", "tel", "cid", "data")
	p.RequireParseableURLs(true)
	p.RequireNoReferrerOnLinks(false)
	p.AllowAttrs("href").OnElements("a")
	p.AllowAttrs("src").Matching(regexp.MustCompile(`^cid:[^\s"'<>]+$|` + dataImage.String())).OnElements("img")
	p.AllowAttrs("data-src").Matching(regexp.MustCompile(`^https?://[^\s"'<>]+$`)).OnElements("img")
	p.AllowAttrs("alt").OnElements("img")
	p.AllowAttrs("dir").Matching(regexp.MustCompile(`(?i)^(rtl|ltr|auto)$`)).Globally()
	p.AllowAttrs("lang").Matching(regexp.MustCompile(`^[a-zA-Z-]{2,20}$`)).Globally()
	p.AllowAttrs("width", "height").Matching(regexp.MustCompile(`^[0-9]{1,4}%?$`)).OnElements("img", "table", "tr", "td", "th", "col", "hr")
	p.AllowAttrs("align", "valign").Matching(regexp.MustCompile(`(?i)^(left|right|center|justify|top|middle|bottom|baseline)$`)).
		OnElements("table", "tbody", "tr", "td", "th", "p", "div", "img", "h1", "h2", "h3", "hr")
	p.AllowAttrs("colspan", "rowspan", "border", "cellpadding", "cellspacing", "start").Matching(regexp.MustCompile(`^[0-9]{1,3}$`)).
		OnElements("table", "td", "th", "ol", "img")
	p.AllowAttrs("bgcolor", "color").Matching(plainColour).OnElements("table", "tbody", "tr", "td", "th", "font")
	p.AllowAttrs("face").Matching(plainValue).OnElements("font")
	p.AllowAttrs("size").Matching(regexp.MustCompile(`^[+-]?[1-7]$`)).OnElements("font")
	p.AllowAttrs("type").Matching(regexp.MustCompile(`^cite$`)).OnElements("blockquote")
	p.AllowAttrs(quote.Attribute).Matching(regexp.MustCompile(`^(quote|signature|disclaimer|forwarded)$`)).Globally()
	p.AllowStyles(kept...).MatchingHandler(func(v string) bool { return plainValue.MatchString(v) || colourValue.MatchString(v) }).Globally()
	return p
})
