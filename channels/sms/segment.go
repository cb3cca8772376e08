package sms

import (
	"strings"
	"unicode/utf16"
)

// Encoding is how a text travels (3GPP TS 23.038).
type Encoding string

// The encodings.
const (
	GSM7 Encoding = "GSM-7" // units are septets; the ten characters of the extension table cost two
	UCS2 Encoding = "UCS-2" // units are UTF-16 code units; characters beyond the basic plane cost two
)

// MaxBody is the provider's limit of one message in characters, whatever the number of its parts.
const MaxBody = 1600

// The capacity of a part, alone and when it carries the header that joins it to others (3GPP TS 23.040 section 9.2.3.24).
const (
	gsmSingle, gsmPart = 160, 153
	ucsSingle, ucsPart = 70, 67
)

const (
	gsmBasic = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?" +
		"¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
	gsmExtended = "\f^{}\\[~]|€"
)

// Segmentation is what a text costs. Breaks are the byte offsets at which the second and later parts begin.
type Segmentation struct {
	Encoding Encoding `json:"encoding"`
	Units    int      `json:"units"` // of the encoding, over all parts
	Parts    int      `json:"parts"` // 0 for an empty text
	Left     int      `json:"left"`  // units still free in the last part
	Breaks   []int    `json:"breaks,omitempty"`
}

// Segments counts the parts of a text (M-22). One character outside GSM-7 makes the whole text UCS-2. Neither a surrogate pair nor
// an extended character is split over two parts, so parts may have a unit to spare. Pure.
func Segments(text string) Segmentation {
	s := Segmentation{Encoding: GSM7}
	single, part, width := gsmSingle, gsmPart, gsmWidth
	for _, r := range text {
		if gsmWidth(r) == 0 {
			s.Encoding, single, part, width = UCS2, ucsSingle, ucsPart, ucsWidth
			break
		}
	}
	for _, r := range text {
		s.Units += width(r)
	}
	switch {
	case s.Units == 0:
		s.Left = single
		return s
	case s.Units <= single:
		s.Parts, s.Left = 1, single-s.Units
		return s
	}
	used := 0
	for i, r := range text {
		if w := width(r); used+w > part {
			s.Breaks, used = append(s.Breaks, i), w
		} else {
			used += w
		}
	}
	s.Parts, s.Left = len(s.Breaks)+1, part-used
	return s
}

// Plain replaces typographic characters that look the same in GSM-7: curly quotes, dashes, the ellipsis, unusual spaces. What the
// author meant stays; anything else, such as an accent that GSM-7 lacks, is left alone. Pure.
func Plain(text string) string {
	return strings.NewReplacer(
		"\u2018", "'", "\u2019", "'", "\u201A", "'", "\u201B", "'", "\u2032", "'", "`", "'", "\u00B4", "'",
		"\u201C", `"`, "\u201D", `"`, "\u201E", `"`, "\u2033", `"`, "\u00AB", `"`, "\u00BB", `"`,
		"\u2010", "-", "\u2011", "-", "\u2012", "-", "\u2013", "-", "\u2014", "-", "\u2212", "-",
		"\u2026", "...", "\u2022", "-", "\t", " ",
		"\u00A0", " ", "\u2007", " ", "\u2009", " ", "\u202F", " ", "\u200B", "", "\uFEFF", "", "\u00AD", "",
	).Replace(text)
}

// gsmWidth returns the septets of r, 0 if GSM-7 has no such character.
func gsmWidth(r rune) int {
	switch {
	case r == '\uFFFD':
		return 0
	case strings.ContainsRune(gsmBasic, r):
		return 1
	case strings.ContainsRune(gsmExtended, r):
		return 2
	}
	return 0
}

func ucsWidth(r rune) int { return max(1, utf16.RuneLen(r)) }
