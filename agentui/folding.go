package agentui

import (
	"slices"
	"strings"
	"unicode"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// folds name the buttons that show what is folded, by language and kind; the frame has no scripts that could say it. What somebody
// passed on is what the mail is about, and is shown.
var folds = map[string]map[string]string{
	"it": {"quote": "Mostra testo citato", "signature": "Mostra firma", "disclaimer": "Mostra avviso legale"},
	"en": {"quote": "Show quoted text", "signature": "Show signature", "disclaimer": "Show legal notice"},
}

// fold puts each outermost run below n that the sanitiser has marked behind a button. Nothing is taken away, and a details element
// needs no script. A mail in which nothing else would be seen is shown open.
func fold(n *html.Node, labels map[string]string) {
	runs := marked(n, labels, nil)
	own := words(n)
	for _, run := range runs {
		own -= words(run)
	}
	for _, run := range runs {
		box := &html.Node{Type: html.ElementNode, Data: "details", DataAtom: atom.Details, Attr: []html.Attribute{{Key: "class", Val: "sportello-fold"}}}
		if own == 0 {
			box.Attr = append(box.Attr, html.Attribute{Key: "open"})
		}
		button := &html.Node{Type: html.ElementNode, Data: "summary", DataAtom: atom.Summary}
		button.AppendChild(&html.Node{Type: html.TextNode, Data: labels[kindOf(run)]})
		box.AppendChild(button)
		run.Parent.InsertBefore(box, run)
		run.Parent.RemoveChild(run)
		box.AppendChild(run)
	}
}

// marked are the outermost elements that are folded, in order. A row of a table stays where it is: a table holds nothing but rows.
func marked(n *html.Node, labels map[string]string, found []*html.Node) []*html.Node {
	for c := range n.ChildNodes() {
		if labels[kindOf(c)] != "" && !slices.Contains(inTables, c.DataAtom) {
			found = append(found, c)
		} else {
			found = marked(c, labels, found)
		}
	}
	return found
}

var inTables = []atom.Atom{atom.Tbody, atom.Thead, atom.Tfoot, atom.Tr, atom.Td, atom.Th, atom.Caption, atom.Col, atom.Colgroup, atom.Li}

func kindOf(n *html.Node) string {
	for _, a := range n.Attr {
		if a.Key == "data-fold" {
			return a.Val
		}
	}
	return ""
}

// words counts what can be read below n.
func words(n *html.Node) int {
	count := 0
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			count += len(strings.FieldsFunc(d.Data, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }))
		}
	}
	return count
}
