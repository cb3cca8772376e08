package letter

import (
	"regexp"
	"strings"

	"golang.org/x/net/html"

	"sportello/channels"
	"sportello/channels/email/field"
	"sportello/channels/email/quote"
)

// htmlText is the readable text of HTML, with what of it is folded.
func (m *Mail) htmlText(markup string) (string, []channels.Fold) {
	text, folds, err := quote.HTML(markup)
	if err != nil {
		m.note("HTML read without its structure: " + err.Error())
		return bareText(markup), nil
	}
	return text, folds
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
