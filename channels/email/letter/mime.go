package letter

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/jhillyerd/enmime/v2"
	"github.com/jhillyerd/enmime/v2/mediatype"

	"sportello/channels/email/field"
)

// Limits on what is handed to the MIME parser. Its work doubles with every level of multiparts that are never closed (a mail of
// 1.5 kB could hold it for half a minute) and grows with the square of the number of parts, so both are counted beforehand.
const (
	multipartLimit = 15   // mentions of a multipart type
	partLimit      = 5000 // lines that could be a boundary
)

// parseMIME returns the tree of parts, or nil and why there is none. It returns both when the tree is not the whole mail. A header that
// the parser refuses is written anew from what we could read of it.
func parseMIME(raw []byte, h field.Header, body []byte) (root *enmime.Part, flaw string) {
	if flaw := tooDeep(raw); flaw != "" {
		return nil, flaw
	}
	root, err := parts(raw)
	if err != nil && len(h) > 0 {
		root, err = parts(rebuild(h, body))
	}
	if err != nil {
		return nil, field.Clip(field.OneLine("not parsed: "+err.Error()), 300)
	}
	return root, severeError(root)
}

// tooDeep returns why a mail is not to be parsed, or "".
func tooDeep(raw []byte) string {
	if n := countFold(raw, "multipart/"); n > multipartLimit {
		return fmt.Sprintf("not parsed: %d nested multiparts", n)
	}
	if n := bytes.Count(raw, []byte("\n--")); n > partLimit {
		return fmt.Sprintf("not parsed: %d boundaries", n)
	}
	if end := headerEnd(raw); end > field.HeaderLimit {
		return "not parsed: header too large"
	}
	return ""
}

// rebuild writes a header and a body as a mail.
func rebuild(h field.Header, body []byte) []byte {
	var out bytes.Buffer
	for _, f := range h {
		out.WriteString(f.Name + ": " + f.Value + "\r\n")
	}
	out.WriteString("\r\n")
	out.Write(body)
	return out.Bytes()
}

// parts runs the parser. A panic in it is an error of this one mail.
func parts(raw []byte) (root *enmime.Part, err error) {
	defer func() {
		if p := recover(); p != nil {
			root, err = nil, fmt.Errorf("parser panicked: %v", p)
		}
	}()
	parser := enmime.NewParser(
		enmime.SkipMalformedParts(true),
		enmime.MultipartWOBoundaryAsSinglePart(true),
		enmime.DisableTextConversion(true),
		enmime.DisableCharacterDetection(true),
		enmime.MinCharsetDetectRunes(1<<62), // never: the parser leaves bytes alone, field.Decode decides
		enmime.MaxStoredPartErrors(50),
		enmime.SetReadPartErrorPolicy(func(*enmime.Part, error) bool { return true }),
		enmime.SetCustomParseMediaType(parseMediaType),
	)
	return parser.ReadParts(bytes.NewReader(raw))
}

// parseMediaType reads Content-Type and Content-Disposition fields, also with comments (RFC 2045 section 5.1) and nonsense, so that
// one bad field does not cost the mail. The charset is withheld from the parser; partCharset finds it.
func parseMediaType(value string) (string, map[string]string, []string, error) {
	mtype, params, invalid, err := mediatype.Parse(stripComments(value))
	if err != nil || mtype == "" {
		word, _, _ := strings.Cut(value, ";")
		mtype, params, invalid = strings.ToLower(strings.TrimSpace(stripComments(word))), nil, nil
	}
	switch mtype {
	case "text":
		mtype = "text/plain"
	case "html":
		mtype = "text/html"
	}
	kept := make(map[string]string, len(params))
	for k, v := range params {
		if k != "charset" {
			kept[k] = v
		}
	}
	return mtype, kept, invalid, nil
}

// partCharset returns the charset that a part's Content-Type states, or "".
func partCharset(p *enmime.Part) string {
	_, params, _, err := mediatype.Parse(stripComments(p.Header.Get("Content-Type")))
	if err != nil {
		return ""
	}
	return params["charset"]
}

// stripComments removes the parenthesised comments of a structured field, minding quotes.
func stripComments(s string) string {
	if !strings.Contains(s, "(") {
		return s
	}
	var out strings.Builder
	quoted, depth := false, 0
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"' && depth == 0:
			quoted = !quoted
		case quoted:
		case c == '(':
			depth++
			continue
		case c == ')' && depth > 0:
			depth--
			continue
		}
		if depth == 0 {
			out.WriteByte(s[i])
		}
	}
	return out.String()
}

// severeError returns the first problem by which a part of the mail was lost, or "".
func severeError(root *enmime.Part) (flaw string) {
	root.DepthMatchAll(func(p *enmime.Part) bool {
		for _, e := range p.Errors {
			if e.Severe && flaw == "" && e.Name != enmime.ErrorDataHasBoundary {
				flaw = field.Clip(field.OneLine("part lost: "+e.Name+": "+e.Detail), 300)
			}
		}
		return false
	})
	return flaw
}

// countFold counts s, which is lower-case, in b whatever its case.
func countFold(b []byte, s string) int {
	n, tail := 0, []byte(s[1:])
	for i := 0; ; i++ {
		j := bytes.IndexAny(b[i:], s[:1]+strings.ToUpper(s[:1]))
		if j < 0 {
			return n
		}
		i += j
		if rest := b[i+1:]; len(rest) >= len(tail) && bytes.EqualFold(rest[:len(tail)], tail) {
			n++
		}
	}
}

// headerEnd returns the length of the header.
func headerEnd(raw []byte) int {
	end := len(raw)
	for _, gap := range []string{"\r\n\r\n", "\n\n"} {
		if i := bytes.Index(raw, []byte(gap)); i >= 0 && i < end {
			end = i
		}
	}
	return end
}
