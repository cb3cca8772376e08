package quote

import (
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// Below is what of a document stands below a place in its text, marked as Mark does: the mail that is passed on, without the note and the
// head above it. find is given the text and says at which byte that begins. It is "" when find knows no such place, when nothing stands
// below it, or when the document cannot be read. A clean document stays clean.
func Below(markup string, find func(text string) (at int, ok bool)) string {
	doc, err := html.Parse(strings.NewReader(markup))
	if err != nil {
		return ""
	}
	splitLines(doc, false, 0)
	p := newPage(true)
	p.walk(doc, 0)
	text := p.out.String()
	at, ok := find(text)
	if !ok || at < 0 || at > len(text) || strings.TrimSpace(text[at:]) == "" {
		return ""
	}
	for _, l := range p.leaves {
		if l.at < at {
			cutOut(l.node)
		}
	}
	body := first(doc, atom.Body)
	if body == nil {
		return ""
	}
	bare(body)
	Mark(doc)
	out := inner(body)
	if again, err := html.Parse(strings.NewReader(out)); err != nil || inner(first(again, atom.Body)) != out {
		return "" // what is left would be read otherwise than what was cleaned
	}
	return strings.TrimSpace(out)
}

// inner writes what is within an element.
func inner(n *html.Node) string {
	var out strings.Builder
	for c := range n.ChildNodes() {
		if err := html.Render(&out, c); err != nil {
			return ""
		}
	}
	return out.String()
}

// cutOut removes a node with all elements above it that held nothing else.
func cutOut(n *html.Node) {
	for n.Parent != nil && !whole(n) && n.Type != html.DocumentNode {
		parent := n.Parent
		parent.RemoveChild(n)
		if parent.FirstChild != nil {
			return
		}
		n = parent
	}
}

// bare takes off the quote within which a program put all of the mail that it passes on.
func bare(body *html.Node) {
	for only := soleChild(body); only != nil && only.DataAtom == atom.Blockquote; only = soleChild(body) {
		for c := only.FirstChild; c != nil; c = only.FirstChild {
			only.RemoveChild(c)
			body.InsertBefore(c, only)
		}
		body.RemoveChild(only)
	}
}

// soleChild is the one element that a node holds beside white space, nil when there is more.
func soleChild(n *html.Node) *html.Node {
	var only *html.Node
	for c := range n.ChildNodes() {
		switch {
		case c.Type == html.ElementNode && only == nil:
			only = c
		case c.Type == html.TextNode && strings.TrimFunc(c.Data, space) == "" || c.Type == html.CommentNode:
		default:
			return nil
		}
	}
	return only
}

func first(n *html.Node, a atom.Atom) *html.Node {
	for c := range n.Descendants() {
		if c.DataAtom == a && c.Type == html.ElementNode {
			return c
		}
	}
	return nil
}
