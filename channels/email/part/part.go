package part

import (
	"bytes"
	"strings"

	"sportello/channels/email/field"
)

// Limits on what is divided.
const (
	Depth = 50   // levels of nesting
	Most  = 1000 // parts of one mail
)

// Part is one node of the tree: a leaf with Data, or a multipart with Children.
type Part struct {
	Header      field.Header
	Type        string            // media type in lower case, such as "text/plain"; "" when the part states none
	Params      map[string]string // of Content-Type: names in lower case, values decoded, in UTF-8
	Disposition string            // "inline", "attachment", another word, or ""
	Name        string            // file name as stated, decoded; not fit for a file system
	CID         string            // Content-ID without angle brackets
	Raw         []byte            // header and body as they came, without the line end that belongs to the boundary
	Data        []byte            // of a leaf, decoded
	Children    []*Part
}

// Tree is a mail in parts.
type Tree struct {
	Root *Part
	Flaw string // why a part of the mail is missing in it, "" when nothing is
}

// Read divides a mail whose header has been read already. raw is header and body together.
func Read(h field.Header, raw, body []byte) Tree {
	r := reader{}
	root := r.read(h, raw, body, 0, "")
	return Tree{Root: root, Flaw: r.flaw}
}

// Walk calls visit for p and every part below it, depth first. A part whose visit returns false is not gone into.
func (p *Part) Walk(visit func(*Part) bool) {
	if !visit(p) {
		return
	}
	for _, c := range p.Children {
		c.Walk(visit)
	}
}

// Is reports whether the part is of the media type, which may end in "/" to mean all of a kind.
func (p *Part) Is(kind string) bool {
	return p.Type == kind || strings.HasSuffix(kind, "/") && strings.HasPrefix(p.Type, kind)
}

type reader struct {
	count int
	flaw  string
}

func (r *reader) note(flaw string) {
	if r.flaw == "" {
		r.flaw = flaw
	}
}

// read makes one part and what is below it. unstated is the type of a part that states none (RFC 2046 section 5.1.5).
func (r *reader) read(h field.Header, raw, body []byte, depth int, unstated string) *Part {
	r.count++
	p := &Part{Header: h, Raw: raw, Type: unstated}
	if stated := h.Get("content-type"); stated != "" {
		p.Type, p.Params = MediaType(stated)
	}
	var params map[string]string
	p.Disposition, params = value(h.Get("content-disposition"))
	if p.Name = params["filename"]; p.Name == "" {
		if p.Name = params["name"]; p.Name == "" {
			p.Name = p.Params["name"]
		}
	}
	p.CID = strings.Trim(h.Get("content-id"), "<> \t")
	if strings.HasPrefix(p.Type, "multipart/") {
		if depth >= Depth {
			r.note("nested too deep")
			p.Data = body
			return p
		}
		if r.divide(p, body, depth) {
			return p
		}
		p.Type = "" // no boundary in it: one part of plain text
		if depth == 0 && len(bytes.TrimSpace(body)) == 0 {
			return p
		}
	}
	p.Data = decode(body, field.FirstWord(h.Get("content-transfer-encoding")), p.Type)
	return p
}

// divide cuts the body of a multipart at its boundary lines. It reports false when there are none.
func (r *reader) divide(p *Part, body []byte, depth int) bool {
	pieces := cut(body, p.Params["boundary"])
	if pieces == nil {
		if guess := guessBoundary(body); guess != "" && guess != p.Params["boundary"] {
			pieces = cut(body, guess)
		}
	}
	if pieces == nil {
		return false
	}
	unstated := ""
	if p.Type == "multipart/digest" {
		unstated = "message/rfc822"
	}
	for _, piece := range pieces {
		if r.count >= Most {
			r.note("too many parts")
			break
		}
		h, body := splitPiece(piece)
		if len(h) == 0 && len(bytes.TrimSpace(body)) == 0 {
			continue
		}
		p.Children = append(p.Children, r.read(h, piece, body, depth+1, unstated))
	}
	return true
}

// splitPiece divides a part into header and body. A part that begins with text instead of a header is all body.
func splitPiece(piece []byte) (field.Header, []byte) {
	first, _, _ := bytes.Cut(piece, []byte("\n"))
	name, _, isField := bytes.Cut(first, []byte(":"))
	if len(bytes.TrimSpace(first)) > 0 && (!isField || bytes.ContainsAny(bytes.TrimRight(name, " \t"), " \t<>")) {
		return nil, piece
	}
	return field.Split(piece)
}
