package tnef

import (
	"bytes"
	"strconv"
	"strings"
	"unicode/utf16"

	"sportello/channels/email/field"
)

const groupsMost = 1000 // levels of braces

// fromRTF returns the text of an RTF document, or the HTML from which Outlook made it (MS-OXRTFEX).
func fromRTF(rtf []byte) (text string, isHTML bool) {
	isHTML = bytes.Contains(rtf[:min(len(rtf), 2000)], []byte(`\fromhtml`))
	p := &rtfReader{in: rtf, html: isHTML, charset: "windows-1252"}
	p.run()
	return field.Clean(p.out.String()), isHTML
}

// group is the state that a brace opens and its counterpart restores.
type group struct {
	mute bool // its text is not shown: fonts, colours, pictures
	tag  bool // it holds a piece of the HTML
	skip int  // how many bytes stand in for a character of Unicode
}

type rtfReader struct {
	in      []byte
	at      int
	out     strings.Builder
	bytes   []byte // of the document's charset, to be decoded together
	charset string
	html    bool
	shadow  bool // RTF that repeats the HTML, between \htmlrtf and \htmlrtf0
	now     group
	outer   []group
	pending int // stand-in bytes that are to be passed over
	fresh   bool
	high    rune // the first half of a character beyond 16 bits
}

func (p *rtfReader) run() {
	p.now.skip = 1
	for p.at < len(p.in) {
		c := p.in[p.at]
		p.at++
		switch c {
		case '{':
			if len(p.outer) >= groupsMost {
				return
			}
			p.outer = append(p.outer, p.now)
			p.now.tag = false
			p.fresh, p.pending = true, 0
			continue
		case '}':
			if n := len(p.outer); n > 0 {
				p.now, p.outer = p.outer[n-1], p.outer[:n-1]
			}
			p.pending = 0
		case '\\':
			p.control()
			continue
		case '\r', '\n':
		default:
			p.put(c)
		}
		p.fresh = false
	}
	p.flush()
}

// silent reports whether what is read now is not shown.
func (p *rtfReader) silent() bool { return p.now.mute || p.html && p.shadow && !p.now.tag }

func (p *rtfReader) put(c byte) {
	if p.pending > 0 {
		p.pending--
		return
	}
	if !p.silent() {
		p.bytes = append(p.bytes, c)
	}
}

func (p *rtfReader) say(s string) {
	if p.silent() {
		return
	}
	p.flush()
	p.out.WriteString(s)
}

func (p *rtfReader) flush() {
	if len(p.bytes) > 0 {
		p.out.WriteString(field.Convert(p.bytes, p.charset))
		p.bytes = p.bytes[:0]
	}
}

// control reads what follows a backslash.
func (p *rtfReader) control() {
	if p.at >= len(p.in) {
		return
	}
	c := p.in[p.at]
	if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' {
		word, n, has := p.word()
		p.act(word, n, has)
		p.fresh = false
		return
	}
	p.at++
	switch c {
	case '\'':
		if p.at+2 <= len(p.in) {
			if n, err := strconv.ParseUint(string(p.in[p.at:p.at+2]), 16, 8); err == nil {
				p.put(byte(n))
				p.at += 2
			}
		}
	case '*':
		if p.fresh { // a destination that may be passed over, unless its word is known
			p.now.mute = true
			return
		}
	case '~':
		p.say("\u00A0")
	case '_':
		p.say("-")
	case '{', '}', '\\':
		p.put(c)
	case '\r', '\n':
		p.say("\n")
	}
	p.fresh = false
}

func (p *rtfReader) word() (word string, n int, has bool) {
	start := p.at
	for p.at < len(p.in) && p.at-start < 32 && (p.in[p.at]|0x20) >= 'a' && (p.in[p.at]|0x20) <= 'z' {
		p.at++
	}
	word = string(p.in[start:p.at])
	digits := p.at
	if p.at < len(p.in) && p.in[p.at] == '-' {
		p.at++
	}
	for p.at < len(p.in) && p.at-digits < 11 && p.in[p.at] >= '0' && p.in[p.at] <= '9' {
		p.at++
	}
	if p.at > digits {
		n, _ = strconv.Atoi(string(p.in[digits:p.at]))
		has = true
	}
	if p.at < len(p.in) && p.in[p.at] == ' ' {
		p.at++
	}
	return word, n, has
}

func (p *rtfReader) act(word string, n int, has bool) {
	switch word {
	case "htmltag":
		p.now.mute, p.now.tag = !p.html, p.html
	case "htmlrtf":
		p.flush()
		p.shadow = !has || n != 0
	case "fonttbl", "colortbl", "stylesheet", "info", "pict", "header", "footer", "object", "pntext", "listtext", "themedata":
		p.now.mute = true
	case "par", "line", "row", "sect", "page":
		p.say("\n")
	case "tab", "cell":
		p.say("\t")
	case "bullet":
		p.say("•")
	case "lquote":
		p.say("‘")
	case "rquote":
		p.say("’")
	case "ldblquote":
		p.say("“")
	case "rdblquote":
		p.say("”")
	case "endash":
		p.say("–")
	case "emdash":
		p.say("—")
	case "ansicpg":
		p.flush()
		p.charset = codepage(uint32(max(n, 0)))
	case "uc":
		p.now.skip = max(0, min(n, 10))
	case "u":
		if n < 0 {
			n += 65536
		}
		p.unicode(rune(n))
		p.pending = p.now.skip
	case "bin":
		p.at = min(len(p.in), p.at+max(n, 0))
	}
}

// unicode says a character, which beyond 16 bits comes in two halves.
func (p *rtfReader) unicode(r rune) {
	switch {
	case r >= 0xD800 && r < 0xDC00:
		p.high = r
	case p.high != 0:
		p.say(string(utf16.DecodeRune(p.high, r)))
		p.high = 0
	default:
		p.say(string(r))
	}
}
