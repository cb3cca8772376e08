package agentui

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// HTML is sanitised when it is taken in. Here it is parsed and written anew, so that the document is well-formed whatever was left
// open, and so that nothing that runs or loads would pass if a sanitiser ever failed.

// dropped are the elements that have no place in a shown message.
var dropped = []atom.Atom{
	atom.Script, atom.Iframe, atom.Frame, atom.Frameset, atom.Object, atom.Embed, atom.Applet, atom.Form, atom.Input, atom.Button,
	atom.Link, atom.Meta, atom.Base, atom.Svg, atom.Math, atom.Template, atom.Noscript, atom.Audio, atom.Video, atom.Source, atom.Title,
}

// frame is the document around a message. Links open beside the console and tell the other side nothing of it.
const (
	frameHead = `<!doctype html><html><head><meta charset="utf-8"><meta name="referrer" content="no-referrer"><base target="_blank"><style>` +
		`:root{color-scheme:light}` +
		`body{margin:0;padding:12px 14px;background:#fff;color:#15181e;font:14px/1.5 system-ui,sans-serif;overflow-wrap:anywhere}` +
		`img{max-width:100%;height:auto}img:not([src]){display:none}table{max-width:100%}` +
		`@media(max-width:760px){table[width^="6"],table[width^="7"]{width:100%}}pre{white-space:pre-wrap}` +
		`blockquote{margin:4px 0 4px 4px;padding-left:10px;border-left:2px solid #c9ced6}` +
		`.sportello-host{margin-left:4px;padding:0 4px;border-radius:3px;background:#fff1d6;color:#8a5300;font-size:12px}` +
		`.sportello-fold>summary{display:inline-block;margin:8px 0;padding:4px 10px;border:1px solid #7d8694;border-radius:6px;` +
		`color:#2446ba;font:500 13px/18px system-ui,sans-serif;cursor:pointer;list-style:none}`
	frameDark = `:root{color-scheme:dark}body{background:#151920;color:#e9ecf1}a,.sportello-fold>summary{color:#9db4ff}` +
		`.sportello-host{background:#33260b;color:#f2bc5c}blockquote{border-color:#727d8c}`
	frameBody = `</style></head><body>`
	frameFoot = `</body></html>`
)

// shower says how a message's images are shown.
type shower struct {
	image  func(cid string) string // the data: URL of an image that came with the message, or ""
	remote bool                    // images of other servers are let in; the sanitiser keeps their address in data-src
	labels map[string]string       // what the buttons say that show folded text, by kind
	dark   bool                    // on a dark ground, unless its sender has chosen colours
}

// document makes a message's HTML a whole document.
func (s shower) document(body string) ([]byte, error) {
	whole := &html.Node{Type: html.ElementNode, Data: "body", DataAtom: atom.Body}
	nodes, err := html.ParseFragment(strings.NewReader(body), whole)
	if err != nil {
		return nil, fmt.Errorf("parse message: %w", err)
	}
	for _, n := range nodes {
		if s.clean(n) {
			whole.AppendChild(n)
		}
	}
	fold(whole, s.labels)
	var out bytes.Buffer
	out.WriteString(frameHead)
	if s.dark && !coloured(whole) {
		out.WriteString(frameDark)
	}
	out.WriteString(frameBody)
	for n := range whole.ChildNodes() {
		if err := html.Render(&out, n); err != nil {
			return nil, fmt.Errorf("write message: %w", err)
		}
	}
	out.WriteString(frameFoot)
	return out.Bytes(), nil
}

// coloured reports whether anything below n has a colour of its own: on another ground it might not be seen.
func coloured(n *html.Node) bool {
	for d := range n.Descendants() {
		for _, a := range d.Attr {
			if a.Key == "bgcolor" || a.Key == "color" || a.Key == "style" && (strings.Contains(a.Val, "color") || strings.Contains(a.Val, "background")) {
				return true
			}
		}
	}
	return false
}

// clean makes a node harmless, with everything below it; false means that it must go. The parser bounds how deep nodes lie.
func (s shower) clean(n *html.Node) bool {
	if n.Type == html.CommentNode || n.Type == html.ElementNode && (n.Namespace != "" || slices.Contains(dropped, n.DataAtom)) {
		return false
	}
	kept := n.Attr[:0]
	for _, a := range n.Attr {
		if a, ok := s.attribute(a); ok {
			kept = append(kept, a)
		}
	}
	if n.Attr = kept; n.DataAtom == atom.A {
		n.Attr = append(n.Attr, html.Attribute{Key: "rel", Val: "noopener noreferrer nofollow"})
	}
	for child := n.FirstChild; child != nil; {
		next := child.NextSibling
		if !s.clean(child) {
			n.RemoveChild(child)
		}
		child = next
	}
	return true
}

// attribute is what remains of an attribute, if anything.
func (s shower) attribute(a html.Attribute) (html.Attribute, bool) {
	switch {
	case a.Namespace != "" || strings.HasPrefix(a.Key, "on"):
		return a, false
	case a.Key == "src":
		if cid, ok := strings.CutPrefix(a.Val, "cid:"); ok {
			a.Val = s.image(cid)
		}
		return a, inMarkup.MatchString(a.Val)
	case a.Key == "data-src":
		a.Key = "src"
		return a, s.remote && (scheme(a.Val) == "https" || scheme(a.Val) == "http")
	case a.Key == "href":
		return a, slices.Contains([]string{"https", "http", "mailto", "tel"}, scheme(a.Val))
	}
	return a, !slices.Contains([]string{"srcset", "srcdoc", "target", "rel", "action", "formaction", "background", "ping", "id", "name"}, a.Key)
}

// inMarkup is an image that lies in the markup; SVG is not one, for it is a document.
var inMarkup = regexp.MustCompile(`^data:image/(?:png|jpeg|gif|webp);base64,[A-Za-z0-9+/=]+$`)

// scheme is the scheme of an absolute address in lower case, read as browsers do, which ignore spaces and control characters.
func scheme(address string) string {
	s := strings.Map(func(r rune) rune {
		if r <= ' ' {
			return -1
		}
		return r
	}, address)
	name, _, ok := strings.Cut(s, ":")
	if !ok {
		return ""
	}
	return strings.ToLower(name)
}

func dataURL(kind string, data []byte) string {
	return "data:" + kind + ";base64," + base64.StdEncoding.EncodeToString(data)
}
