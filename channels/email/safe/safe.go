// Package safe makes the HTML of strangers harmless to show (E-43).
//
// Clean is a pure function; nothing here fetches, stores or logs. It must never let through what runs, loads, submits, or draws outside
// of its place. channels/email/letter calls it when a mail is read; what it returns is what is stored.
package safe

import (
	"errors"
	"fmt"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"sportello/channels/email/quote"
)

// Limits, in bytes of UTF-8.
const (
	Limit     = 1 << 20 // of the HTML that is shown; larger is shown as text
	LimitRead = 5 << 20 // of the HTML that is read; most of a large one is often style sheets and comments, which are not shown
)

// Why HTML is not shown. Its words still can be.
var (
	ErrLarge    = errors.New("too large")
	ErrUnstable = errors.New("reads differently each time it is written")
)

// rounds is how often HTML may change while it is cleaned. One that is not at rest by then was made to be read in two ways.
const rounds = 6

// Clean makes the HTML of a mail safe to show within a page of its own:
//
//   - no script, frame, form, style sheet, SVG or MathML; inline styles of a safe list only;
//   - links open elsewhere, tell nothing of where they were clicked, have the host they lead to as their title, and show it when their
//     text names another;
//   - images that came with the mail keep src="cid:…", small ones that lie in the markup keep src="data:…", and those on other servers
//     have their address in data-src, so that nothing is loaded until a person asks; images that are there to be counted are gone;
//   - what its author meant nobody to see is gone;
//   - quoted text, signatures and notices have the attribute of quote.Mark, so that they can be folded.
//
// The result is a balanced fragment that reads the same however often it is parsed and written. An error says why there is none.
func Clean(markup string) (string, error) {
	if len(markup) > LimitRead {
		return "", ErrLarge
	}
	doc, err := html.Parse(strings.NewReader(markup))
	if err != nil {
		return "", fmt.Errorf("parse: %w", err)
	}
	if len(markup) <= Limit { // what is longer is seldom shown, and never read to its end
		quote.Mark(doc)
	}
	prune(doc)
	before, err := write(body(doc))
	for range rounds {
		if err != nil {
			return "", err
		}
		whole, err := fragment(strings.TrimSpace(policy().Sanitize(before)))
		if err != nil {
			return "", err
		}
		after, err := write(children(whole))
		if err != nil {
			return "", err
		}
		if after == before {
			return dressed(whole)
		}
		before = after
	}
	return "", ErrUnstable
}

// dressed writes what lies in whole with its links as they are shown.
func dressed(whole *html.Node) (string, error) {
	dress(whole)
	out, err := write(children(whole))
	if err != nil {
		return "", err
	}
	again, err := reread(out)
	if err != nil {
		return "", err
	}
	if again != out {
		return "", ErrUnstable
	}
	return out, nil
}

func reread(markup string) (string, error) {
	whole, err := fragment(markup)
	if err != nil {
		return "", err
	}
	return write(children(whole))
}

// fragment parses what may stand in a body; the result holds it.
func fragment(markup string) (*html.Node, error) {
	whole := &html.Node{Type: html.ElementNode, Data: "div", DataAtom: atom.Div}
	nodes, err := html.ParseFragment(strings.NewReader(markup), whole)
	if err != nil {
		return nil, fmt.Errorf("parse: %w", err)
	}
	for _, n := range nodes {
		whole.AppendChild(n)
	}
	return whole, nil
}

// write is the markup of nodes. Unclosed tags are repeated in every paragraph, so that little markup can become much.
func write(nodes []*html.Node) (string, error) {
	out := &bounded{left: Limit}
	for _, n := range nodes {
		if err := html.Render(out, n); err != nil {
			return "", err
		}
	}
	return out.String(), nil
}

// bounded takes as much as is left.
type bounded struct {
	strings.Builder
	left int
}

func (b *bounded) Write(p []byte) (int, error) {
	if b.left -= len(p); b.left < 0 {
		return 0, ErrLarge
	}
	return b.Builder.Write(p)
}

func (b *bounded) WriteString(s string) (int, error) { return b.Write([]byte(s)) }

func (b *bounded) WriteByte(c byte) error {
	_, err := b.Write([]byte{c})
	return err
}
