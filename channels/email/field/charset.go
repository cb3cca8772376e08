package field

import (
	"bytes"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/html/charset"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/ianaindex"
	"golang.org/x/text/encoding/simplifiedchinese"
	unicode16 "golang.org/x/text/encoding/unicode"
	"golang.org/x/text/encoding/unicode/utf32"
)

// Decode turns the bytes of a text part into UTF-8 with LF line ends (E-36). The label is believed unless the bytes prove it wrong;
// only then is looked at what they might be.
func Decode(b []byte, label string) string {
	return Clean(Convert(b, label))
}

// Convert turns bytes into UTF-8 as Decode does, and leaves line ends and control characters as they are.
//
// Labels are read as the WHATWG does, so iso-8859-1 is windows-1252; gb2312 and GBK are read as GB 18030, which includes them. Bytes
// that are UTF-8 beyond ASCII are UTF-8 whatever else they are labelled, since no other text looks like it.
func Convert(b []byte, label string) string {
	label = cleanLabel(label)
	enc := labelled(label)
	switch {
	case label == "utf-8":
		return fromUTF8(b)
	case label == "utf-7":
		if s, ok := utf7(b); ok {
			return s
		}
	case enc == nil, !strings.HasPrefix(label, "iso-2022") && bytes.Contains(b, []byte("\x1b$")):
	case wide(label):
		if s, err := enc.NewDecoder().Bytes(b); err == nil {
			return strings.ToValidUTF8(string(s), "\uFFFD")
		}
	case utf8.Valid(b) && (isASCII(b) && !escapes(b) || !isASCII(b) && proven(b, label)):
		return string(b)
	case label != "us-ascii" || isASCII(b):
		out, err := enc.NewDecoder().Bytes(b)
		if err == nil && (!bytes.Contains(out, []byte("\uFFFD")) || !utf8.Valid(b)) {
			return string(out)
		}
	}
	return guess(b)
}

// fromUTF8 reads what is said to be UTF-8. Single wrong bytes become U+FFFD; text without any character of UTF-8 in it and with several
// wrong bytes was labelled wrongly.
func fromUTF8(b []byte) string {
	if utf8.Valid(b) {
		return string(b)
	}
	bad, good := 0, 0
	for rest := b; len(rest) > 0; {
		r, n := utf8.DecodeRune(rest)
		switch {
		case r == utf8.RuneError && n == 1:
			bad++
		case n > 1:
			good++
		}
		rest = rest[n:]
	}
	if good == 0 && (bad >= 4 || western(b)) {
		return guess(b)
	}
	return strings.ToValidUTF8(string(b), "\uFFFD")
}

// western reports whether the few bytes that are no UTF-8, two or more, are letters of ISO 8859-1, most of them within words. What
// stands at the very end may be half a character and is not looked at.
func western(b []byte) bool {
	letter := func(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }
	high, near := 0, 0
	for i, c := range b[:max(len(b)-1, 0)] {
		if c < utf8.RuneSelf {
			continue
		}
		if c < 0xC0 {
			return false
		}
		if high++; i > 0 && letter(b[i-1]) || letter(b[i+1]) {
			near++
		}
	}
	return high >= 2 && near*2 >= high
}

// proven reports whether valid UTF-8 beyond ASCII is UTF-8 in spite of its label. Two-byte text of East Asian charsets can look like it
// by chance when it is short.
func proven(b []byte, label string) bool {
	if !eastAsian(label) {
		return true
	}
	three := 0
	for rest := b; len(rest) > 0; {
		_, n := utf8.DecodeRune(rest)
		if n >= 3 {
			three++
		}
		rest = rest[n:]
	}
	return three >= 3
}

func eastAsian(label string) bool {
	_, name := charset.Lookup(label)
	return slices.Contains([]string{"gbk", "gb18030", "big5", "euc-jp", "shift_jis", "euc-kr"}, name)
}

// wide reports whether a charset's text has zero bytes or a mark of its own, so that it cannot be taken for anything else.
func wide(label string) bool {
	return strings.HasPrefix(label, "utf-16") || strings.HasPrefix(label, "utf-32")
}

// escapes reports whether ASCII bytes may be text of a charset that switches by escapes (ISO-2022, HZ).
func escapes(b []byte) bool { return bytes.IndexByte(b, 0x1b) >= 0 || bytes.Contains(b, []byte("~{")) }

func isASCII(b []byte) bool {
	for _, c := range b {
		if c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// aliases are labels that mail programs write and no registry knows.
var aliases = map[string]string{
	"utf8": "utf-8", "unicode-1-1-utf-8": "utf-8", "unicode-1-1-utf-7": "utf-7", "utf7": "utf-7", "x-unicode-2-0-utf-7": "utf-7",
	"ascii": "us-ascii", "ansi_x3.4-1968": "us-ascii", "iso-646-us": "us-ascii", "646": "us-ascii",
	"gb2312": "gb18030", "gbk": "gb18030", "x-gbk": "gb18030", "cp936": "gb18030", "ms936": "gb18030", "gb_2312-80": "gb18030",
	"cp932": "shift_jis", "ms932": "shift_jis", "x-ms-cp932": "shift_jis", "shift-jis": "shift_jis", "sjis": "shift_jis",
	"cp949": "euc-kr", "ms949": "euc-kr", "uhc": "euc-kr", "cp950": "big5", "ms950": "big5", "iso-2022-jp-ms": "iso-2022-jp", "cp50220": "iso-2022-jp",
	"iso-2022-jp-1": "iso-2022-jp", "iso-2022-jp-2": "iso-2022-jp", "ansi": "windows-1252", "latin-1": "windows-1252", "iso-8859": "windows-1252",
	"cp-850": "cp850", "windows-874": "windows-874", "ucs-2": "utf-16", "unicode": "utf-16",
}

// cleanLabel makes one form of the many in which a charset is named.
func cleanLabel(label string) string {
	label = strings.ToLower(strings.Trim(strings.TrimSpace(label), "\"'; "))
	label = strings.TrimPrefix(label, "charset=")
	label, _, _ = strings.Cut(strings.Trim(label, "\"'"), "*")
	if known, ok := aliases[label]; ok {
		return known
	}
	return label
}

// labelled returns the charset of a clean label, or nil.
func labelled(label string) encoding.Encoding {
	switch label {
	case "", "utf-8", "utf-7", "x-user-defined":
		return nil
	case "gb18030":
		return simplifiedchinese.GB18030
	case "hz-gb-2312":
		return simplifiedchinese.HZGB2312
	case "us-ascii":
		return charmap.Windows1252
	case "utf-16":
		return unicode16.UTF16(unicode16.BigEndian, unicode16.UseBOM)
	case "utf-32":
		return utf32.UTF32(utf32.BigEndian, utf32.UseBOM)
	}
	if enc, name := charset.Lookup(label); enc != nil && name != "replacement" {
		return enc
	}
	for _, name := range []string{label, strings.Replace(label, "windows", "windows-", 1), strings.Replace(label, "iso", "iso-", 1),
		strings.Replace(label, "cp-", "cp", 1), strings.ReplaceAll(label, "_", "-")} {
		if enc, err := ianaindex.IANA.Encoding(name); err == nil && enc != nil {
			return enc
		}
		if enc, _ := charset.Lookup(name); enc != nil && name != label {
			return enc
		}
	}
	return nil
}

// Clean makes text fit to be stored and shown: valid UTF-8, LF line ends, no control characters but tab and line feed.
func Clean(s string) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	s = strings.ReplaceAll(s, "\r\n", "\n")
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n', r == '\t':
			return r
		case r == '\r':
			return '\n'
		case r == '\uFEFF', unicode.IsControl(r):
			return -1
		}
		return r
	}, s)
}

// OneLine makes text fit for a subject or a name: one line, no control characters, and none of the characters that change the
// direction of what follows (bidirectional embeddings, overrides and isolates), which are used to disguise names.
func OneLine(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case r == '\n', r == '\t', r == '\r', r == '\u2028', r == '\u2029':
			return ' '
		case unicode.IsControl(r), r == '\uFEFF', r == '\u061C', r == '\u200E', r == '\u200F',
			r >= '\u202A' && r <= '\u202E', r >= '\u2066' && r <= '\u2069':
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
	return strings.Join(strings.Fields(s), " ")
}
