package letter

import (
	"html"
	"slices"
	"strings"

	"sportello/channels"
	"sportello/channels/email/field"
	"sportello/channels/email/part"
	"sportello/channels/email/quote"
	"sportello/channels/email/safe"
)

const textLimit = 1 << 20 // bytes of readable text that are kept; the raw mail has the rest

// block is one stretch of the readable body, in one or both forms.
type block struct {
	text, html string
	depth      int // seals around it
}

// sorter divides the parts of a mail into what is read and what is filed.
type sorter struct {
	mail   *Mail
	blocks []block
	files  []*part.Part

	unwrapped []block // texts of winmail.dat
	announced bool    // the next file is an OpenPGP message: a mail server has taken the multipart around the two apart
}

// add puts a block among what is read.
func (s *sorter) add(b block) {
	if b.depth = s.mail.depth(); !blank(b.text) || b.html != "" {
		s.mail.outside()
	}
	s.blocks = append(s.blocks, b)
}

// file puts a part among the files.
func (s *sorter) file(p *part.Part) {
	s.mail.outside()
	s.files = append(s.files, p)
}

// readBody divides the parts into what is read and what is filed. In an alternative, the plain and the HTML form are the same block;
// elsewhere every text part is its own, in order, so that a mail of several texts is complete in both forms.
func (m *Mail) readBody(root *part.Part) {
	s := sorter{mail: m}
	if isBody(root) {
		s.words(root)
	} else {
		s.collect(root)
	}
	s.unwrap()
	s.promote()
	m.sum()
	shown := m.show(s.blocks)
	for _, p := range s.files {
		m.Files = append(m.Files, newFile(p, shown, len(m.Files)+1))
	}
}

// promote shows the texts that are files in a mail that has no text besides: some programs give their only text a name. They stay files.
func (s *sorter) promote() {
	for _, b := range s.blocks {
		if !blank(b.text) || b.html != "" {
			return
		}
	}
	for _, p := range s.files[:len(s.files):len(s.files)] {
		if (p.Type == "text/plain" || p.Type == "text/html") && (p.Disposition != "attachment" || p.Name == "") {
			s.blocks = append(s.blocks, s.textBlock(p))
		}
	}
}

// isBody reports whether a mail of one part is its own text, also when that has a name.
func isBody(root *part.Part) bool {
	return root.Disposition != "attachment" && (root.Type == "text/plain" || root.Type == "text/html") && len(root.Children) == 0
}

// show writes Text and HTML, and returns the Content-IDs that the HTML refers to.
func (m *Mail) show(blocks []block) map[string]bool {
	var text, markup, written []string
	var folds []channels.Fold
	hasHTML := false
	for _, b := range blocks {
		hasHTML = hasHTML || b.html != ""
	}
	for _, b := range blocks {
		clean := ""
		if b.html != "" {
			written = append(written, b.html)
			var err error
			if clean, err = safe.Clean(b.html); err != nil {
				m.note("HTML not shown: " + err.Error())
				if blank(b.text) {
					b.text, b.html = bareText(b.html), ""
				}
			}
		} else if b.text != "" && hasHTML {
			clean = "<div style=\"white-space: pre-wrap\">" + html.EscapeString(b.text) + "</div>"
		}
		if blank(b.text) && b.html != "" {
			b.text, folds = m.htmlText(b.html)
		} else if b.html != "" {
			folds = quote.Both(strings.TrimSpace(b.text), b.html)
		}
		if b.text = strings.TrimSpace(b.text); b.text != "" {
			text = append(text, b.text)
		}
		if clean != "" && hasHTML {
			markup = append(markup, clean)
		}
	}
	m.Text = strings.Join(text, "\n\n")
	if len(text) == 1 && len(m.Text) <= textLimit {
		m.Details.Folds = folds
	}
	if len(m.Text) > textLimit {
		m.Text = strings.ToValidUTF8(m.Text[:textLimit], "")
		m.note("text cut")
	}
	m.HTML = strings.Join(markup, "\n")
	return shownCIDs(strings.Join(written, "\n"))
}

func blank(s string) bool { return strings.TrimSpace(s) == "" }

// note adds a flaw.
func (m *Mail) note(flaw string) {
	if m.Flaw != "" {
		m.Flaw += "; "
	}
	m.Flaw += field.Clip(field.OneLine(flaw), 300)
}

// collect walks the tree below p, depth first.
func (s *sorter) collect(p *part.Part) {
	switch {
	case p.Type == "multipart/alternative":
		s.blocks = append(s.blocks, s.alternative(p)...)
	case s.special(p):
	case len(p.Children) > 0:
		for _, c := range p.Children {
			s.collect(c)
		}
	case p.Is("multipart/") && len(p.Data) == 0:
	case isText(p):
		s.words(p)
	default:
		s.file(p)
	}
}

// alternative merges the forms of one text. A form may itself hold parts (HTML with its images). Where a form holds a seal of its own the
// others do not count, since nobody can say that they are the same text, and its blocks stay apart.
func (s *sorter) alternative(p *part.Part) []block {
	whole := block{depth: s.mail.depth()}
	var sealed []block
	for _, c := range p.Children {
		if c.Type == "text/x-amp-html" || c.Type == "text/watch-html" { // the same text for other programs
			continue
		}
		inner := sorter{mail: s.mail, files: s.files}
		if isBody(c) {
			inner.words(c)
		} else {
			inner.collect(c)
		}
		s.files, s.unwrapped = inner.files, append(s.unwrapped, inner.unwrapped...)
		if slices.ContainsFunc(inner.blocks, func(b block) bool { return b.depth > whole.depth }) {
			sealed = append(sealed, inner.blocks...)
			continue
		}
		var text, markup []string
		for _, b := range inner.blocks {
			if !blank(b.text) {
				text = append(text, b.text)
			}
			if b.html != "" {
				markup = append(markup, b.html)
			}
		}
		if whole.text == "" {
			whole.text = strings.Join(text, "\n\n")
		}
		if len(markup) > 0 {
			whole.html = strings.Join(markup, "\n")
		}
	}
	if sealed != nil {
		return sealed
	}
	return []block{whole}
}

// isText reports whether a leaf is read as part of the body. A part without a Content-Type is plain text (RFC 2045 section 5.2).
func isText(p *part.Part) bool {
	if p.Disposition == "attachment" {
		return false
	}
	switch p.Type {
	case "", "text/plain", "text/html":
		return p.Name == ""
	}
	return false
}

// textBlock reads a text part. Files that stand within plain text, uuencoded, become files of the mail.
func (s *sorter) textBlock(p *part.Part) block {
	content := p.Data
	if p.Type != "text/html" {
		packed, rest := part.Unpack(content)
		for _, f := range packed {
			s.file(&part.Part{Name: f.Name, Data: f.Data, Disposition: "attachment"})
		}
		content = rest
	}
	if limit := max(4*textLimit, 2*safe.Limit); len(content) > limit {
		content = content[:limit]
	}
	text := field.Decode(content, p.Params["charset"])
	if p.Type == "text/html" {
		return block{html: text}
	}
	return block{text: unflow(text, p.Params)}
}

// unflow joins the lines of format=flowed text (RFC 3676 section 4) so that a paragraph is one line again.
func unflow(text string, params map[string]string) string {
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
		if joined && (quotes != depth || rest == "-- ") {
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
