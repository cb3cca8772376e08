package safe

import (
	"net/url"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
	"golang.org/x/net/idna"
	"golang.org/x/net/publicsuffix"
)

// HostClass is the class of the mark that follows a link whose text names another host than the one it leads to.
const HostClass = "sportello-host"

// scheme is the scheme of an absolute address in lower case, "" when it has none that can be read.
func scheme(address string) string {
	name, _, ok := strings.Cut(address, ":")
	if !ok || strings.ContainsFunc(name, func(r rune) bool { return r <= ' ' || r > '~' || strings.ContainsRune("/?#\\&;%", r) }) {
		return ""
	}
	return strings.ToLower(name)
}

var hostName = regexp.MustCompile(`^(\[[0-9a-fA-F:.]+\]|[\p{L}\p{M}\p{N}._-]+)(:[0-9]{1,5})?$`)

var lineEnds = strings.NewReplacer("\t", "", "\n", "", "\r", "")

// address is a link's address in the form in which it is kept, or "" when it leads where no link of a mail may lead. It is read as
// browsers read it, who drop tabs and line ends, trim control characters, and take a backslash for a slash.
func address(v string) string {
	v = lineEnds.Replace(v)
	v = strings.TrimFunc(v, func(r rune) bool { return r <= ' ' })
	if strings.ContainsFunc(v, func(r rune) bool { return r < ' ' || r == 0x7f || r == '\ufffd' }) || len(v) > 8<<10 {
		return ""
	}
	if strings.HasPrefix(strings.ReplaceAll(v, `\`, "/"), "//") {
		v = "https:" + v
	}
	switch scheme(v) {
	case "http", "https":
		head, tail := v, ""
		if i := strings.IndexAny(v, "?#"); i >= 0 {
			head, tail = v[:i], v[i:]
		}
		v = strings.ReplaceAll(head, `\`, "/") + tail
	case "mailto", "tel":
	default:
		return ""
	}
	u, err := url.Parse(strings.ReplaceAll(v, " ", "%20"))
	if err != nil || strings.HasPrefix(u.Scheme, "http") && !hostName.MatchString(u.Host) || u.Scheme == "mailto" && u.Opaque == "" {
		return ""
	}
	u.User = nil // it is there to look like a host
	return u.String()
}

// host is where an address leads: the ASCII form of its host, or the domain of a mail's recipient; "" when that cannot be said.
func host(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	name := u.Hostname()
	if u.Scheme == "mailto" {
		to, err := url.PathUnescape(u.Opaque)
		if err != nil {
			return ""
		}
		name = to[strings.LastIndexByte(to, '@')+1:]
	}
	if ascii, err := idna.ToASCII(strings.TrimSuffix(strings.ToLower(name), ".")); err == nil {
		return ascii
	}
	return name
}

// dress makes the links below n what they are shown as.
func dress(n *html.Node) {
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		dress(c)
	}
	if n.Type != html.ElementNode || n.DataAtom != atom.A {
		return
	}
	href := attribute(n, "href")
	if href == "" {
		return
	}
	to := host(href)
	n.Attr = append(n.Attr, html.Attribute{Key: "target", Val: "_blank"}, html.Attribute{Key: "rel", Val: "noopener noreferrer nofollow"})
	if to != "" {
		n.Attr = append(n.Attr, html.Attribute{Key: "title", Val: to})
	}
	slices.SortFunc(n.Attr, func(a, b html.Attribute) int { return strings.Compare(a.Key, b.Key) }) // as the parser has them
	if to == "" {
		return
	}
	if n.Parent != nil && pretends(words(n), to) {
		mark := &html.Node{Type: html.ElementNode, Data: "span", DataAtom: atom.Span, Attr: []html.Attribute{{Key: "class", Val: HostClass}}}
		mark.AppendChild(&html.Node{Type: html.TextNode, Data: "[" + to + "]"})
		n.Parent.InsertBefore(mark, n.NextSibling)
	}
}

// words is the text of n, as far as it can name a host.
func words(n *html.Node) string {
	var out strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode && out.Len() < 2000 {
			out.WriteString(d.Data)
		}
	}
	return out.String()
}

var named = regexp.MustCompile(`(?i)(?:[\p{L}\p{N}_-]+\.)+\p{L}{2,24}`)

// pretends reports whether a text names a host of somebody else than to.
func pretends(text, to string) bool {
	for _, name := range named.FindAllString(text, 20) {
		ascii, err := idna.ToASCII(strings.ToLower(name))
		if err != nil {
			return true
		}
		if _, icann := publicsuffix.PublicSuffix(ascii); icann && owner(ascii) != owner(to) {
			return true
		}
	}
	return false
}

// owner is the part of a host that somebody registered.
func owner(host string) string {
	if o, err := publicsuffix.EffectiveTLDPlusOne(host); err == nil {
		return o
	}
	return host
}
