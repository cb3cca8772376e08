package quote

import (
	"slices"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"sportello/channels"
)

// Attribute is what Mark sets; its value is a channels.FoldKind.
const Attribute = "data-fold"

// Mark marks in a parsed document what HTML folds in its text: an element that lies wholly in a fold has the Attribute, and a run of
// neighbours that does is put into one that has it. One fold may be several such elements, one below the other. Marks that the
// document brought with it are removed. Call it before ids, classes and styles are taken away; the Attribute has to outlive that.
func Mark(doc *html.Node) {
	clearMarks(doc)
	splitLines(doc, false, 0)
	p := newPage(true)
	p.walk(doc, 0)
	m := p.mail()
	w := wrapper{folds: m.folds(), leaves: p.leaves, states: map[*html.Node][]int{}}
	if len(w.folds) == 0 {
		return
	}
	w.read(doc, 0)
	w.wrap(doc, 0)
}

func clearMarks(doc *html.Node) {
	for n := range doc.Descendants() {
		n.Attr = slices.DeleteFunc(n.Attr, func(a html.Attribute) bool { return strings.EqualFold(a.Key, Attribute) })
	}
}

// splitLines gives each line of text whose white space is kept a node of its own.
func splitLines(n *html.Node, pre bool, level int) {
	if level > levels {
		return
	}
	pre = pre || keeps(n)
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		if c.Type != html.TextNode {
			splitLines(c, pre, level+1)
			continue
		}
		if i := strings.IndexByte(c.Data, '\n'); pre && i >= 0 && i+1 < len(c.Data) {
			n.InsertBefore(&html.Node{Type: html.TextNode, Data: c.Data[i+1:]}, c.NextSibling)
			c.Data = c.Data[:i+1]
		}
	}
}

const (
	neutral = -3 // nothing to see in it
	mixed   = -2
	open    = -1
)

type wrapper struct {
	folds  []channels.Fold
	leaves []leaf               // in order, those not yet read
	states map[*html.Node][]int // of the children of each node that is not all of one state: their fold, or one of the above
}

// read finds the state of a node and of all below it.
func (w *wrapper) read(n *html.Node, level int) int {
	if len(w.leaves) > 0 && w.leaves[0].node == n {
		at := w.leaves[0].at
		w.leaves = w.leaves[1:]
		return w.leaf(n, at)
	}
	if level > levels {
		return neutral
	}
	s := neutral
	var states []int
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		of := w.read(c, level+1)
		states = append(states, of)
		switch {
		case of == neutral || of == s:
		case s == neutral:
			s = of
		default:
			s = mixed
		}
	}
	if s == mixed || s >= 0 && (whole(n) || n.Type == html.DocumentNode) {
		w.states[n] = states
	}
	return s
}

func (w *wrapper) leaf(n *html.Node, at int) int {
	if n.DataAtom == atom.Br || n.Type == html.TextNode && strings.TrimFunc(n.Data, space) == "" {
		return neutral
	}
	i, _ := slices.BinarySearchFunc(w.folds, at, func(f channels.Fold, at int) int {
		if f.To <= at {
			return -1
		}
		return 1
	})
	if i < len(w.folds) && w.folds[i].From <= at {
		return i
	}
	return open
}

// wrap marks what is below a node, the largest pieces first.
func (w *wrapper) wrap(n *html.Node, level int) {
	states := w.states[n]
	if level > levels || states == nil {
		return
	}
	c := n.FirstChild
	for i := 0; i < len(states) && c != nil; i++ {
		s := states[i]
		if s < 0 || whole(c) {
			w.wrap(c, level+1)
			c = c.NextSibling
			continue
		}
		last, at := c, i
		for next, j := c.NextSibling, i+1; j < len(states) && (states[j] == s || states[j] == neutral); next, j = next.NextSibling, j+1 {
			if states[j] == s {
				last, at = next, j
			}
		}
		c, i = enclose(n, c, last, string(w.folds[s].Kind)).NextSibling, at
	}
}

func whole(n *html.Node) bool {
	return n.Type == html.ElementNode && (n.DataAtom == atom.Html || n.DataAtom == atom.Body || n.DataAtom == atom.Head)
}

// enclose marks the children of parent from first to last and returns the last node that it marked.
func enclose(parent, first, last *html.Node, kind string) *html.Node {
	mark := html.Attribute{Key: Attribute, Val: kind}
	bound := false // a table and a list take elements of their own kinds only
	switch parent.DataAtom {
	case atom.Table, atom.Tbody, atom.Thead, atom.Tfoot, atom.Tr, atom.Colgroup, atom.Ul, atom.Ol, atom.Dl:
		bound = true
	}
	if bound || first == last && first.Type == html.ElementNode && first.DataAtom != atom.Img {
		for c := first; ; c = c.NextSibling {
			if c.Type == html.ElementNode {
				c.Attr = append(c.Attr, mark)
			}
			if c == last {
				return last
			}
		}
	}
	box := &html.Node{Type: html.ElementNode, DataAtom: atom.Div, Data: "div", Attr: []html.Attribute{mark}}
	if !flows(first, last) {
		box.DataAtom, box.Data = atom.Span, "span"
	}
	parent.InsertBefore(box, first)
	for c := first; c != nil; {
		next := c.NextSibling
		parent.RemoveChild(c)
		box.AppendChild(c)
		if c == last {
			break
		}
		c = next
	}
	return box
}

// flows reports whether there is a block among some neighbours: only those may stand in a div wherever they were.
func flows(first, last *html.Node) bool {
	for c := first; c != nil; c = c.NextSibling {
		if c.Type == html.ElementNode && (gap(c) > 0 || c.DataAtom == atom.Hr) {
			return true
		}
		if c == last {
			break
		}
	}
	return false
}
