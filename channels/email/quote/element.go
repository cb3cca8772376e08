package quote

import (
	"slices"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// sort is what an element is to a mail program.
type sort uint8

const (
	sortPlain     sort = iota
	sortCite           // the quoted mail: its lines are marked
	sortIndent         // moved to the right, perhaps a quote
	sortBox            // holds the quoted mail with the lines that introduce it
	sortIntro          // the lines that introduce it
	sortRest           // the quoted mail begins here and is closed by nothing
	sortSignature      // the signature
)

// Names that programs give to classes, ids and names of elements, without the prefixes that others put before them (see stem).
var (
	boxes = names(`yahoo_quoted protonmail_quote tutanota_quote zmail_extra olk_src_body_section ms-outlook-mobile-reference-message
		mail-editor-reference-message-container messagereplysection replycontainer isreplycontent isforwardcontent 
		front-quote blue_quote xmail_extra includetail original-message originalmessage quoted-text quotedtext mailquote
		mail_quote reply_quote hmquote edo-original-message orm history_container rps_quoted quote`)
	intros     = names(`moz-cite-prefix gmail_attr airmail_on gmail_quote_attribution reply-intro moz-forward-container yahoo-quoted-begin cite-prefix`)
	restStarts = names(`divrplyfwdmsg appendonsend stopspelling zwchr outlookmessageheader replysplit divtagdefaultwrapper-reply
		mail-editor-reference-message x_divrplyfwdmsg ms-outlook-mobile-reference`)
	signatures = names(`gmail_signature moz-signature signature messagesignaturesection protonmail_signature_block applemailsignature
		ms-outlook-mobile-signature ms-outlook-ios-signature emailsignature mailsignature sig outlooksignature bloop_sign _signatureplaceholder signatureplaceholder
		sig_post sig_pre signature_old composer_signature`)
	cites = names(`gmail_quote protonmail_quote yahoo_quoted clean_bq front-blockquote nylas-quote cite quote mozcite`)
)

func names(list string) map[string]bool {
	set := map[string]bool{}
	for n := range strings.FieldsSeq(list) {
		set[n] = true
	}
	return set
}

// stem takes from a class or id what web mail puts before it: x_, ecx, yiv123, m_-123, ydp1a2b.
func stem(name string) string {
	name = strings.ToLower(name)
	for {
		before := name
		name = strings.TrimPrefix(strings.TrimPrefix(strings.TrimPrefix(name, "x_"), "ecx"), "3d")
		if rest, ok := strings.CutPrefix(name, "yiv"); ok {
			name = strings.TrimLeft(rest, "0123456789")
		}
		if rest, ok := strings.CutPrefix(name, "ydp"); ok && len(rest) > 8 {
			name = strings.TrimLeft(rest[min(8, len(rest)):], "0123456789abcdef")
			if i := strings.Index(rest, "yahoo"); i >= 0 {
				name = rest[i:]
			}
		}
		if rest, ok := strings.CutPrefix(name, "m_"); ok {
			name = strings.TrimLeft(rest, "-0123456789")
		}
		if rest := strings.TrimRight(name, "0123456789"); rest != name && strings.HasSuffix(rest, "_") {
			name = strings.TrimRight(rest, "_-")
		}
		if name == before {
			return strings.Trim(name, "_- ")
		}
	}
}

// sortOf reads what an element is from its names, its attributes and its style.
func sortOf(n *html.Node) sort {
	quoteLike := n.DataAtom == atom.Blockquote
	for _, a := range n.Attr {
		switch a.Key {
		case "type":
			if quoteLike && strings.EqualFold(a.Val, "cite") {
				return sortCite
			}
		case "class", "id", "name", "data-smartmail", "data-marker":
			for w := range strings.FieldsSeq(clip(a.Val, 500)) {
				if s := named1(n, stem(w)); s != sortPlain {
					return s
				}
			}
		}
	}
	if quoteLike {
		return indent(n)
	}
	if n.Data == "signature" || attribute(n, "xmail-signature") || attribute(n, "data-signature-widget") { // of Mailspring, QQ, Mail.ru
		return sortSignature
	}
	if headBox(n) {
		return sortRest
	}
	return sortPlain
}

func named1(n *html.Node, name string) sort {
	switch {
	case n.DataAtom == atom.Blockquote && cites[name]:
		return sortCite
	case name == "gmail_quote" || name == "gmail_quote_container":
		if within(n, func(c *html.Node) bool { return c.DataAtom == atom.Blockquote }) {
			return sortPlain
		}
		return sortBox
	case name == "gmail_extra":
		return sortPlain
	case boxes[name]:
		if name == "quote" && n.DataAtom != atom.Div {
			return sortPlain
		}
		return sortBox
	case intros[name]:
		if name == "moz-forward-container" {
			return sortBox
		}
		return sortIntro
	case restStarts[name] || name == "divider" && n.DataAtom == atom.Hr:
		return sortRest
	case (signatures[name] || strings.HasSuffix(name, "-signature") || strings.HasSuffix(name, "_signature")) && n.DataAtom != atom.Body && n.DataAtom != atom.Html:
		return sortSignature
	}
	return sortPlain
}

// indent reads a blockquote without a name: editors make one to move text to the right, and say that it has no border.
func indent(n *html.Node) sort {
	style := squeezed(n)
	if strings.Contains(style, "border-left:") && !strings.Contains(style, "border-left:none") && !strings.Contains(style, "border-left:0") {
		return sortCite
	}
	if strings.Contains(style, "border:none") || strings.Contains(style, "border:0") || strings.Contains(style, "40px") {
		return sortPlain
	}
	return sortIndent
}

// headBox reports whether an element is the one that Outlook draws a line above: it holds the head of the quoted mail, as at least
// three bold labels.
func headBox(n *html.Node) bool {
	if n.DataAtom != atom.Div && n.DataAtom != atom.P && n.DataAtom != atom.Td {
		return false
	}
	style := squeezed(n)
	if !strings.Contains(style, "border-top:") || strings.Contains(style, "border-top:none") {
		return false
	}
	labels := 0
	within(n, func(c *html.Node) bool {
		if (c.DataAtom == atom.B || c.DataAtom == atom.Strong) && endsColon(strings.TrimSpace(strings.ReplaceAll(plainText(c), "：", ":"))) {
			labels++
		}
		return labels >= 3
	})
	return labels >= 3
}

func attribute(n *html.Node, key string) bool {
	return slices.ContainsFunc(n.Attr, func(a html.Attribute) bool { return a.Key == key })
}

func squeezed(n *html.Node) string {
	for _, a := range n.Attr {
		if a.Key == "style" {
			return strings.ToLower(strings.Join(strings.Fields(clip(a.Val, 2000)), ""))
		}
	}
	return ""
}

// within reports whether yes holds of an element below n. It looks at no more than a few hundred.
func within(n *html.Node, yes func(*html.Node) bool) bool {
	left := 400
	var walk func(*html.Node) bool
	walk = func(p *html.Node) bool {
		for c := p.FirstChild; c != nil && left > 0; c = c.NextSibling {
			left--
			if c.Type == html.ElementNode && yes(c) || walk(c) {
				return true
			}
		}
		return false
	}
	return walk(n)
}

// plainText is the beginning of the text below an element.
func plainText(n *html.Node) string {
	var out strings.Builder
	seen := 0
	for c := range n.Descendants() {
		if c.Type == html.TextNode {
			out.WriteString(c.Data)
		}
		if seen++; seen > 20 || out.Len() > 200 {
			break
		}
	}
	return out.String()
}

// unseen reports whether an element is not shown to a reader.
func unseen(n *html.Node) bool {
	switch n.DataAtom {
	case atom.Head, atom.Style, atom.Script, atom.Title, atom.Template, atom.Noscript, atom.Object, atom.Iframe, atom.Select, atom.Textarea:
		return true
	}
	return strings.Contains(squeezed(n), "display:none")
}
