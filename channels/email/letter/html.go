package letter

import (
	"regexp"
	"strings"

	"github.com/inbucket/html2text"
	"github.com/microcosm-cc/bluemonday"
	"golang.org/x/net/html"

	"sportello/channels/email/field"
)

// htmlText is the readable text of sanitised HTML.
func htmlText(markup string) string {
	if markup == "" {
		return ""
	}
	text, err := html2text.FromString(markup, html2text.Options{OmitLinks: false})
	if err != nil {
		text = bluemonday.StrictPolicy().Sanitize(markup)
	}
	return field.Clean(text)
}

var blankLines = regexp.MustCompile(`\n\s*\n+`)

// bareText is the text of HTML that cannot be sanitised: its words without any markup. Its work grows with the length only.
func bareText(markup string) string {
	tokens := html.NewTokenizer(strings.NewReader(markup))
	var out strings.Builder
	mute := ""
	for {
		switch tokens.Next() {
		case html.ErrorToken:
			return blankLines.ReplaceAllString(html.UnescapeString(field.Clean(out.String())), "\n\n")
		case html.TextToken:
			if mute == "" {
				out.Write(tokens.Raw())
			}
		case html.StartTagToken, html.EndTagToken:
			name, _ := tokens.TagName()
			switch tag := string(name); tag {
			case "script", "style", "title":
				if mute == tag {
					mute = ""
				} else if mute == "" {
					mute = tag
				}
			case "p", "div", "br", "tr", "li", "h1", "h2", "h3":
				out.WriteByte('\n')
			}
		}
	}
}
