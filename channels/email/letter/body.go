package letter

import (
	"html"
	"strings"

	"github.com/jhillyerd/enmime/v2"

	"sportello/channels/email/field"
	"sportello/channels/email/safe"
)

const textLimit = 1 << 20 // bytes of readable text that are kept; the raw mail has the rest

// block is one stretch of the readable body, in one or both forms.
type block struct{ text, html string }

// readBody divides the parts into what is read and what is filed. In an alternative, the plain and the HTML form are the same block;
// elsewhere every text part is its own, in order, so that a mail of several texts is complete in both forms.
func (m *Mail) readBody(root *enmime.Part) {
	var blocks []block
	var files []*enmime.Part
	collect(root, &blocks, &files)

	var text, markup []string
	hasHTML := false
	for _, b := range blocks {
		hasHTML = hasHTML || b.html != ""
	}
	for _, b := range blocks {
		clean := ""
		if b.html != "" {
			var err error
			if clean, err = safe.Clean(b.html); err != nil {
				m.note("HTML not shown: " + err.Error())
				if b.text == "" {
					b.text = bareText(b.html)
				}
			}
		} else if b.text != "" && hasHTML {
			clean = "<div style=\"white-space: pre-wrap\">" + html.EscapeString(b.text) + "</div>"
		}
		if b.text == "" && b.html != "" {
			b.text = htmlText(clean)
		}
		if b.text = strings.TrimSpace(b.text); b.text != "" {
			text = append(text, b.text)
		}
		if clean != "" && hasHTML {
			markup = append(markup, clean)
		}
	}
	m.Text = strings.Join(text, "\n\n")
	if len(m.Text) > textLimit {
		m.Text = strings.ToValidUTF8(m.Text[:textLimit], "")
		m.note("text cut")
	}
	m.HTML = strings.Join(markup, "\n")
	for _, p := range files {
		m.Files = append(m.Files, newFile(p, m.HTML, len(m.Files)+1))
	}
}

// note adds a flaw.
func (m *Mail) note(flaw string) {
	if m.Flaw != "" {
		m.Flaw += "; "
	}
	m.Flaw += field.Clip(field.OneLine(flaw), 300)
}

// collect walks the tree below p, depth first.
func collect(p *enmime.Part, blocks *[]block, files *[]*enmime.Part) {
	switch {
	case strings.HasPrefix(p.ContentType, "multipart/alternative"):
		*blocks = append(*blocks, alternative(p, files))
	case p.FirstChild != nil:
		for c := p.FirstChild; c != nil; c = c.NextSibling {
			collect(c, blocks, files)
		}
	case strings.HasPrefix(p.ContentType, "multipart/") && len(p.Content) == 0:
	case isText(p):
		*blocks = append(*blocks, textBlock(p))
	default:
		*files = append(*files, p)
	}
}

// alternative merges the forms of one text. A form may itself hold parts (HTML with its images).
func alternative(p *enmime.Part, files *[]*enmime.Part) block {
	var whole block
	for c := p.FirstChild; c != nil; c = c.NextSibling {
		var inner []block
		collect(c, &inner, files)
		var one block
		for _, b := range inner {
			one.text += b.text
			one.html += b.html
		}
		if whole.text == "" {
			whole.text = one.text
		}
		if one.html != "" {
			whole.html = one.html
		}
	}
	return whole
}

// isText reports whether a leaf is read as part of the body. A part without a Content-Type is plain text (RFC 2045 section 5.2).
func isText(p *enmime.Part) bool {
	if p.Disposition == "attachment" {
		return false
	}
	switch p.ContentType {
	case "", "text/plain", "text/html":
		return p.FileName == ""
	}
	return false
}

func textBlock(p *enmime.Part) block {
	content := p.Content
	if limit := max(4*textLimit, 2*safe.Limit); len(content) > limit {
		content = content[:limit]
	}
	text := field.Decode(content, partCharset(p))
	if p.ContentType == "text/html" {
		return block{html: text}
	}
	return block{text: unflow(text, p.Header.Get("Content-Type"))}
}

// unflow joins the lines of format=flowed text (RFC 3676 section 4) so that a paragraph is one line again.
func unflow(text, contentType string) string {
	_, params, _, _ := parseMediaType(contentType)
	if !strings.EqualFold(params["format"], "flowed") {
		return text
	}
	delsp := strings.EqualFold(params["delsp"], "yes")
	var out strings.Builder
	joined, depth := false, 0
	for i, line := range strings.Split(text, "\n") {
		rest := strings.TrimLeft(line, ">")
		quotes := len(line) - len(rest)
		rest = strings.TrimPrefix(rest, " ")
		if joined && quotes != depth {
			joined = false
		}
		if i > 0 && !joined {
			out.WriteByte('\n')
		}
		if !joined && quotes > 0 {
			out.WriteString(strings.Repeat(">", quotes) + " ")
		}
		joined, depth = strings.HasSuffix(rest, " ") && rest != "-- ", quotes
		if joined && delsp {
			rest = strings.TrimSuffix(rest, " ")
		}
		out.WriteString(rest)
	}
	return out.String()
}
