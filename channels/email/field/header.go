package field

import (
	"bytes"
	"strings"
)

// The header of a mail is read by us and not by the MIME parser: order and repetition matter for trust (only the topmost
// Authentication-Results counts, two From fields are a trick), and a mail that the parser refuses still has a header to show.

const (
	HeaderLimit = 1 << 20 // bytes; the rest is ignored
	fieldLimit  = 2000    // fields; the rest is ignored
)

// Field is one header field. Name is lower-case; Value is unfolded, with encoded words as they came.
type Field struct {
	Name  string
	Value string
}

// Header is the header of a mail, topmost field first.
type Header []Field

// Get returns the first value of name, which is written in lower case, or "".
func (h Header) Get(name string) string {
	for _, f := range h {
		if f.Name == name {
			return f.Value
		}
	}
	return ""
}

// All returns every value of name, topmost first.
func (h Header) All(name string) []string {
	var values []string
	for _, f := range h {
		if f.Name == name {
			values = append(values, f.Value)
		}
	}
	return values
}

// Has reports whether there is a field called name.
func (h Header) Has(name string) bool {
	for _, f := range h {
		if f.Name == name {
			return true
		}
	}
	return false
}

// Split returns the header and the body below its empty line. It never fails: a line among the fields that is none is skipped, and
// where the empty line was forgotten the body begins with the first line of words behind the last field. Its work grows with the
// length only, however a field is folded.
func Split(raw []byte) (Header, []byte) {
	var h Header
	var value []byte // of the field that is being read, the last of h
	finish := func() {
		if len(h) > 0 {
			h[len(h)-1].Value = cleanValue(value)
		}
	}
	at, words := 0, -1 // words: where the body begins if no field follows
	for at < len(raw) {
		from := at
		line, next := cutLine(raw, at)
		at = next
		if len(line) == 0 {
			break
		}
		if at > HeaderLimit || len(h) >= fieldLimit {
			continue
		}
		if (line[0] == ' ' || line[0] == '\t') && len(h) > 0 {
			if words < 0 {
				value = append(append(value, ' '), bytes.TrimSpace(line)...)
			}
			continue
		}
		name, rest, ok := bytes.Cut(line, []byte(":"))
		name = bytes.TrimRight(name, " \t")
		switch {
		case ok && len(name) > 0 && !bytes.ContainsAny(name, " \t"):
			finish()
			h = append(h, Field{Name: strings.ToLower(string(name))})
			value, words = append(value[:0], rest...), -1
		case words < 0 && bytes.HasSuffix(bytes.TrimSpace(value), []byte(";")) && bytes.IndexByte(line, '=') > 0: // a fold without its blank
			value = append(append(value, ' '), line...)
		case words < 0 && len(h) > 0 && isWords(line):
			words = from
		}
	}
	finish()
	if words >= 0 {
		return h, raw[words:]
	}
	return h, raw[at:]
}

// isWords reports whether a line within a header can be the first of the body: it is no name without a value, and not what mailboxes in
// files put there.
func isWords(line []byte) bool {
	return !bytes.HasPrefix(line, []byte("From ")) && !bytes.HasPrefix(line, []byte(">From ")) &&
		(bytes.ContainsAny(line, " \t") || bytes.IndexByte(line, '-') < 0 && bytes.IndexByte(line, ':') < 0)
}

// cutLine returns the line at position at without its end, and where the next line begins. CR LF and bare LF both end a line.
func cutLine(raw []byte, at int) (line []byte, next int) {
	end := bytes.IndexByte(raw[at:], '\n')
	if end < 0 {
		return raw[at:], len(raw)
	}
	return bytes.TrimSuffix(raw[at:at+end], []byte("\r")), at + end + 1
}

func cleanValue(b []byte) string {
	return strings.TrimSpace(strings.ReplaceAll(string(b), "\x00", ""))
}

// TrimMailbox removes what mailboxes in files and editors leave at the head of a mail: a byte order mark, blank lines and the "From " line
// (RFC 4155). A mail whose lines end in CR alone gets LF instead.
func TrimMailbox(raw []byte) []byte {
	raw = bytes.TrimLeft(bytes.TrimPrefix(raw, []byte("\uFEFF")), "\r\n")
	if bytes.IndexByte(raw, '\n') < 0 && bytes.IndexByte(raw, '\r') > 0 {
		raw = bytes.ReplaceAll(raw, []byte("\r"), []byte("\n"))
	}
	if bytes.HasPrefix(raw, []byte("From ")) || bytes.HasPrefix(raw, []byte(">From ")) {
		_, next := cutLine(raw, 0)
		raw = raw[next:]
	}
	return raw
}
