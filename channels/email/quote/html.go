package quote

import (
	"strconv"
	"strings"
	"unicode"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"sportello/channels"
)

const (
	deepest = 9   // quote marks that are written before a line
	levels  = 600 // of elements that are walked; html.Parse allows 512
	ruling  = "________________________________"
)

// HTML writes the readable text of the HTML of a mail with its folds. What mail programs say by the structure of their HTML decides;
// where they say nothing, the rules for plain text do. Quoted lines have marks ("> "), so that the text reads the same without the
// HTML. The text has no white space at its ends, no control characters, and LF line ends. The error is that of html.Parse.
func HTML(markup string) (text string, folds []channels.Fold, err error) {
	doc, err := html.Parse(strings.NewReader(markup))
	if err != nil {
		return "", nil, err
	}
	p := newPage(false)
	p.walk(doc, 0)
	m := p.mail()
	return m.text, m.folds(), nil
}

type leaf struct {
	node *html.Node
	at   int
}

// page is a document while its text is written.
type page struct {
	out    strings.Builder
	hints  []hint // per line
	want   int    // line ends to write before the next word
	held   bool   // a space that is not broken was met in the element
	space  bool   // white space to write before the next word
	depth  int    // quote marks
	now    hint   // of the lines that are written
	once   hint   // of the next line only
	pre    bool
	marks  bool   // leaves are wanted
	leaves []leaf // where each text and image begins in the text, in order
	lists  []int  // the next number of each ordered list that is open, 0 of unordered ones
}

func newPage(leaves bool) *page {
	return &page{hints: []hint{0}, marks: leaves}
}

// mail is the text as lines with what the structure says of them.
func (p *page) mail() *mail {
	m := &mail{text: strings.TrimRight(p.out.String(), " \t")}
	m.lines = scan(m.text)
	for i := range m.lines {
		m.lines[i].hint = p.hints[i]
	}
	return m
}

func (p *page) walk(n *html.Node, level int) {
	if level > levels {
		return
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		switch c.Type {
		case html.TextNode:
			p.leaf(c)
			p.write(c.Data)
		case html.ElementNode:
			if !unseen(c) {
				p.element(c, level+1)
			}
		}
	}
}

// keeps reports whether an element keeps the white space within it.
func keeps(n *html.Node) bool {
	return n.Type == html.ElementNode && (n.DataAtom == atom.Pre || strings.Contains(squeezed(n), "white-space:pre"))
}

// leaf notes where a text or an image will begin.
func (p *page) leaf(n *html.Node) {
	if p.marks {
		at := p.out.Len()
		if p.want > 0 && at > 0 {
			at += p.want
		}
		p.leaves = append(p.leaves, leaf{n, at})
	}
}

func (p *page) element(n *html.Node, level int) {
	s := sortOf(n)
	if s == sortRest {
		p.once |= hintRest
	}
	switch n.DataAtom {
	case atom.Br:
		p.leaf(n)
		p.want++
		p.want = min(p.want, 3)
		p.space = false
		return
	case atom.Hr:
		p.lineEnd(1)
		p.leaf(n)
		p.write(ruling)
		p.lineEnd(1)
		return
	case atom.Img:
		p.leaf(n)
		return
	}
	ends, from := gap(n), p.out.Len()
	p.lineEnd(ends)
	p.held = false
	before, pre := p.now, p.pre
	p.pre = p.pre || keeps(n)
	depth := p.depth
	switch s {
	case sortCite:
		p.depth++
		p.now |= hintQuote
		p.lineEnd(1)
	case sortIndent:
		p.depth++
		p.lineEnd(1)
	case sortBox:
		p.now |= hintQuote
		p.lineEnd(1)
	case sortIntro:
		p.now |= hintIntro
		p.lineEnd(1)
	case sortSignature:
		p.now |= hintSignature
		p.lineEnd(1)
	}
	p.inside(n, level)
	if s != sortPlain && s != sortRest {
		p.lineEnd(1)
	}
	p.now, p.pre, p.depth = before, pre, depth
	if s == sortCite && n.Parent != nil && p.depth == 0 { // what is written below the quote within its box is an answer
		p.now &^= hintQuote
	}
	p.lineEnd(ends)
	if ends > 0 && p.held && p.out.Len() == from && from > 0 { // it was kept open by a space, to be seen as a blank line
		p.want = max(p.want, 2)
	}
}

// inside writes what is between the tags of an element, with what only some of them have.
func (p *page) inside(n *html.Node, level int) {
	switch n.DataAtom {
	case atom.Ul, atom.Ol:
		first := 0
		if n.DataAtom == atom.Ol {
			first = 1
		}
		p.lists = append(p.lists, first)
		p.walk(n, level)
		p.lists = p.lists[:len(p.lists)-1]
	case atom.Li:
		p.item()
		p.walk(n, level)
	case atom.Td, atom.Th:
		p.space = true
		p.walk(n, level)
		p.space = true
	case atom.A:
		p.link(n, level)
	default:
		p.walk(n, level)
	}
}

func (p *page) item() {
	mark := "- "
	if n := len(p.lists); n > 0 && p.lists[n-1] > 0 {
		mark = strconv.Itoa(p.lists[n-1]) + ". "
		p.lists[n-1]++
	}
	p.write(mark)
	p.space = false
	if p.want == 0 {
		p.out.WriteByte(' ')
	}
}

// link writes where a link leads when its text does not say so.
func (p *page) link(n *html.Node, level int) {
	from := p.out.Len()
	p.walk(n, level)
	to := ""
	for _, a := range n.Attr {
		if a.Key == "href" {
			to = strings.TrimSpace(a.Val)
		}
	}
	said := p.out.String()[min(from, p.out.Len()):]
	address, mailto := strings.CutPrefix(to, "mailto:")
	if mailto {
		if address, _, _ = strings.Cut(address, "?"); address != "" && !strings.Contains(said, "@") && strings.TrimSpace(said) != "" {
			p.write(" <" + address + ">")
		}
		return
	}
	if !strings.HasPrefix(to, "http://") && !strings.HasPrefix(to, "https://") || strings.TrimSpace(said) == "" || strings.ContainsAny(to, " \n<>") {
		return
	}
	bare := func(s string) string {
		s = strings.TrimPrefix(strings.TrimPrefix(s, "https://"), "http://")
		return strings.TrimSuffix(strings.TrimPrefix(s, "www."), "/")
	}
	if bare(strings.TrimSpace(said)) != bare(to) {
		p.write(" (" + to + ")")
	}
}

// gap is how many line ends stand around an element: none around what flows within a line, one around a block, two around a paragraph.
func gap(n *html.Node) int {
	switch n.DataAtom {
	case atom.P, atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6, atom.Ul, atom.Ol, atom.Dl, atom.Table, atom.Blockquote, atom.Pre:
		if tight(n) {
			return 1
		}
		return 2
	case atom.Div, atom.Li, atom.Tr, atom.Dt, atom.Dd, atom.Section, atom.Article, atom.Header, atom.Footer, atom.Main, atom.Address, atom.Center,
		atom.Caption, atom.Figure, atom.Fieldset, atom.Form, atom.Body, atom.Nav, atom.Aside:
		return 1
	}
	return 0
}

// tight reports whether a paragraph has no space around it, as those of Outlook have not.
func tight(n *html.Node) bool {
	if n.DataAtom != atom.P {
		return (n.DataAtom == atom.Ul || n.DataAtom == atom.Ol) && n.Parent != nil && n.Parent.DataAtom == atom.Li
	}
	for _, a := range n.Attr {
		if a.Key == "class" && strings.Contains(strings.ToLower(a.Val), "msonormal") {
			return true
		}
	}
	s := squeezed(n)
	return strings.Contains(s, "margin:0") || strings.Contains(s, "margin-top:0") && strings.Contains(s, "margin-bottom:0")
}

func (p *page) lineEnd(n int) {
	if n > 0 {
		p.want = max(p.want, n)
		p.space = false
	}
}

// write adds words. White space is one space, except where the document keeps it.
func (p *page) write(s string) {
	if p.pre {
		for i, part := range strings.Split(s, "\n") {
			if i > 0 {
				p.want = min(p.want+1, 3)
			}
			p.words(strings.TrimRightFunc(part, unicode.IsSpace), true)
		}
		return
	}
	p.words(s, false)
}

func (p *page) words(s string, keep bool) {
	for _, r := range s {
		switch {
		case r == '\u00a0' || unicode.IsSpace(r):
			p.held = p.held || r == '\u00a0'
			if keep && (p.want == 0 || strings.TrimSpace(s) != "") {
				if r == '\t' {
					p.rune(r)
				} else {
					p.rune(' ')
				}
			} else {
				p.space = true
			}
		case unicode.IsControl(r) || r == '\ufeff' || r == '\u00ad' || r == '\u200b' || r == unicode.ReplacementChar:
		default:
			p.rune(r)
		}
	}
}

func (p *page) rune(r rune) {
	if p.want > 0 && p.out.Len() > 0 {
		for ; p.want > 0; p.want-- {
			p.out.WriteByte('\n')
			p.hints = append(p.hints, 0)
		}
		p.begin()
	} else if p.out.Len() == 0 {
		p.want = 0
		if r == ' ' || r == '\t' {
			return
		}
		p.begin()
	} else if p.space && r != ' ' {
		p.out.WriteByte(' ')
	}
	p.space = false
	p.out.WriteRune(r)
}

// begin opens a line.
func (p *page) begin() {
	p.hints[len(p.hints)-1] = p.now | p.once
	p.once, p.space = 0, false
	if p.depth > 0 {
		p.out.WriteString(strings.Repeat(">", min(p.depth, deepest)) + " ")
	}
}
