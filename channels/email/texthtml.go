package email

import (
	"html"
	"regexp"
	"strings"

	"sportello/channels/email/field"
)

var bareLink = regexp.MustCompile(`https?://[^\s<>"']+[^\s<>"'.,;:!?)\]]`)

// textHTML writes plain text as simple HTML: its lines kept, its links made live.
func textHTML(text string) string {
	text = strings.TrimRight(field.Clean(text), "\n")
	var out strings.Builder
	out.WriteString("<!DOCTYPE html>\n<html><body>\n<div style=\"font-family: sans-serif\">")
	at := 0
	for _, m := range bareLink.FindAllStringIndex(text, -1) {
		out.WriteString(htmlLines(text[at:m[0]]))
		link := html.EscapeString(text[m[0]:m[1]])
		out.WriteString(`<a href="` + link + `">` + link + `</a>`)
		at = m[1]
	}
	out.WriteString(htmlLines(text[at:]))
	out.WriteString("</div>\n</body></html>\n")
	return out.String()
}

func htmlLines(s string) string {
	return strings.ReplaceAll(html.EscapeString(s), "\n", "<br>\n")
}
