package safe

import (
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// gone are the elements that go with everything in them.
var gone = map[atom.Atom]bool{
	atom.Script: true, atom.Style: true, atom.Iframe: true, atom.Frame: true, atom.Frameset: true, atom.Noframes: true, atom.Noembed: true,
	atom.Object: true, atom.Embed: true, atom.Applet: true, atom.Param: true, atom.Link: true, atom.Meta: true, atom.Base: true,
	atom.Svg: true, atom.Math: true, atom.Template: true, atom.Noscript: true, atom.Audio: true, atom.Video: true, atom.Source: true,
	atom.Track: true, atom.Canvas: true, atom.Title: true, atom.Input: true, atom.Select: true, atom.Datalist: true, atom.Dialog: true,
	atom.Map: true, atom.Area: true, atom.Head: true,
}

// verbatim are the elements whose words are not markup; they become what shows words as they stand.
var verbatim = map[atom.Atom]bool{atom.Plaintext: true, atom.Xmp: true, atom.Listing: true, atom.Textarea: true}

// prune takes away what is never shown below n, and makes what remains fit for the policy. Words in elements that are not kept stay.
func prune(n *html.Node) {
	for c := n.FirstChild; c != nil; {
		next := c.NextSibling
		switch {
		case c.Type == html.TextNode:
		case c.Type != html.ElementNode || c.Namespace != "" || gone[c.DataAtom] || hidden(c) || c.DataAtom == atom.Img && counts(c):
			n.RemoveChild(c)
		default:
			if verbatim[c.DataAtom] {
				c.Data, c.DataAtom = "pre", atom.Pre
			}
			if c.Attr = attributes(c); c.DataAtom == atom.Img && attribute(c, "src")+attribute(c, "data-src") == "" {
				n.RemoveChild(c)
			}
			prune(c)
		}
		c = next
	}
}

// body is what lies in the document's body. A body with colours of its own becomes an element that has them: white words on a dark
// ground would be lost otherwise.
func body(doc *html.Node) []*html.Node {
	for n := range doc.Descendants() {
		if n.Type != html.ElementNode || n.DataAtom != atom.Body {
			continue
		}
		style := attribute(n, "style")
		if colour := attribute(n, "bgcolor"); plainColour.MatchString(colour) {
			style = joined("background-color: "+colour, style)
		}
		if style != "" {
			n.Data, n.DataAtom, n.Attr = "div", atom.Div, []html.Attribute{{Key: "style", Val: style}}
			return []*html.Node{n}
		}
		return children(n)
	}
	return nil
}

func children(n *html.Node) []*html.Node {
	var nodes []*html.Node
	for c := range n.ChildNodes() {
		nodes = append(nodes, c)
	}
	return nodes
}

// attributes are those of n that the policy judges, in the form in which it expects them. The first of equal names counts.
func attributes(n *html.Node) []html.Attribute {
	var kept []html.Attribute
	for _, a := range n.Attr {
		if a.Namespace != "" {
			continue
		}
		switch a.Key {
		case "style":
			a.Val = style(a.Val)
		case "href":
			a.Val = address(a.Val)
		case "src":
			if n.DataAtom != atom.Img {
				continue
			}
			a = picture(a)
		case "data-src": // ours alone
			continue
		}
		if a.Val != "" || a.Key == "alt" {
			kept = append(kept, a)
		}
	}
	return kept
}

const mostData = 128 << 10 // bytes of an image that lies in the markup

// picture says where an image comes from: src for what came with the mail, data-src for what lies on another server.
func picture(a html.Attribute) html.Attribute {
	v := strings.TrimSpace(a.Val)
	switch kind := scheme(v); {
	case kind == "cid":
		a.Val = "cid:" + v[len("cid:"):]
	case kind == "data":
		if len(v) > mostData || !dataImage.MatchString(v) {
			a.Val = ""
		}
	default:
		a.Key, a.Val = "data-src", address(v)
		if !strings.HasPrefix(a.Val, "http") {
			a.Val = ""
		}
	}
	return a
}

// hidden reports whether the author meant an element not to be seen, such as the preview text of a newsletter.
func hidden(n *html.Node) bool {
	for _, a := range n.Attr {
		if a.Key == "hidden" {
			return true
		}
	}
	seen := map[string]string{}
	for _, d := range declarations(attribute(n, "style")) {
		seen[d.property] = strings.ToLower(d.value)
	}
	nothing := func(property string) bool {
		v := strings.TrimSuffix(seen[property], "px")
		return v == "0" || v == "0.0"
	}
	return strings.HasPrefix(seen["display"], "none") || strings.HasPrefix(seen["visibility"], "hidden") || nothing("opacity") ||
		nothing("max-height") && n.DataAtom != atom.Img
}

// counters are parts of addresses by which mailers learn that a mail was opened.
var counters = []string{"/open?", "/open.gif", "/open.php", "/wf/open", "/track/open", "/trk/open", "/pixel", "/beacon", "open.aspx", "/e/o/", "tracking_pixel"}

// counts reports whether an image is there to be counted and not to be seen.
func counts(n *html.Node) bool {
	size := func(property string) string {
		v := attribute(n, property)
		for _, d := range declarations(attribute(n, "style")) {
			if d.property == property {
				v = d.value
			}
		}
		return strings.TrimSuffix(strings.ToLower(strings.TrimSpace(v)), "px")
	}
	dot := func(v string) bool { return v == "0" || v == "1" || v == "2" }
	if w, h := size("width"), size("height"); dot(w) && (dot(h) || h == "") || dot(h) && w == "" {
		return true
	}
	if attribute(n, "alt") != "" || size("width") != "" {
		return false
	}
	src := strings.ToLower(attribute(n, "src"))
	for _, c := range counters {
		if strings.Contains(src, c) {
			return true
		}
	}
	return false
}

func attribute(n *html.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key && a.Namespace == "" {
			return a.Val
		}
	}
	return ""
}
