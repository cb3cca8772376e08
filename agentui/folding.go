package agentui

import (
	"strings"
	"unicode"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// foldQuotes puts each outermost quoted message below n behind a button that says label. Nothing is taken away: the frame has no
// scripts, and a details element needs none. A mail that is all quotation is shown open.
func foldQuotes(n *html.Node, label string) {
	quotes := quotesBelow(n, nil)
	hidden := 0
	for _, q := range quotes {
		hidden += letters(q)
	}
	own := letters(n) - hidden
	for _, q := range quotes {
		fold := &html.Node{Type: html.ElementNode, Data: "details", DataAtom: atom.Details, Attr: []html.Attribute{{Key: "class", Val: "sportello-fold"}}}
		if own == 0 {
			fold.Attr = append(fold.Attr, html.Attribute{Key: "open"})
		}
		summary := &html.Node{Type: html.ElementNode, Data: "summary", DataAtom: atom.Summary}
		summary.AppendChild(&html.Node{Type: html.TextNode, Data: label})
		fold.AppendChild(summary)
		q.Parent.InsertBefore(fold, q)
		q.Parent.RemoveChild(q)
		fold.AppendChild(q)
	}
}

// quotesBelow are the outermost elements that hold an older message, in order.
func quotesBelow(n *html.Node, found []*html.Node) []*html.Node {
	for c := range n.ChildNodes() {
		if quotes(c) {
			found = append(found, c)
		} else {
			found = quotesBelow(c, found)
		}
	}
	return found
}

// quotes reports whether an element holds an older message, as mail programs mark it.
func quotes(n *html.Node) bool {
	for _, a := range n.Attr {
		if a.Key == "class" && a.Val == "gmail_quote" || a.Key == "type" && a.Val == "cite" && n.DataAtom == atom.Blockquote {
			return true
		}
	}
	return false
}

// letters counts what can be read below n.
func letters(n *html.Node) int {
	count := 0
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			count += len(strings.FieldsFunc(d.Data, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }))
		}
	}
	return count
}
