package authn

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"sportello/channels"
)

// leastBrand is how many letters a name must have before others can be said to borrow it.
const leastBrand = 4

// Borrowed reports whether a sender shows a name of ours, or an address that is not his, while he writes from elsewhere (E-47). names
// are those of the house, own its addresses. It is a pure function and only a warning: people share names.
func Borrowed(from channels.Address, names, own []string) bool {
	if OfOurs(from, own) {
		return false
	}
	if slices.ContainsFunc(names, func(name string) bool { return Shows(from.Name, name) }) {
		return true
	}
	domain := Organisational(domainOf(from.Value))
	for _, word := range strings.Fields(from.Name) {
		word = strings.Trim(strings.ToLower(word), `<>()[]"',;`)
		at := strings.LastIndexByte(word, '@')
		if at > 0 && strings.Contains(word[at:], ".") && Organisational(word[at+1:]) != domain {
			return true
		}
	}
	return false
}

// OfOurs reports whether an address is of a domain of ours: own are our addresses.
func OfOurs(from channels.Address, own []string) bool {
	domain := Organisational(domainOf(from.Value))
	return slices.ContainsFunc(own, func(o string) bool { return Organisational(domainOf(o)) == domain })
}

// Shows reports whether an eye reads name in what is shown: as words of their own, with or without the spaces between them, whatever
// their case and marks, and whichever look-alikes stand for letters. A name of less than four letters is never shown.
func Shows(shown, name string) bool {
	want := strings.Join(plain(name), "")
	if utf8.RuneCountInString(want) < leastBrand {
		return false
	}
	words := plain(shown)
	for i := range words {
		run := ""
		for _, word := range words[i:] {
			if run += word; run == want {
				return true
			}
			if len(run) >= len(want) {
				break
			}
		}
	}
	return false
}

// plain are the words of a name as an eye takes them: small Latin letters without marks, of those that look alike one.
func plain(name string) []string {
	var out strings.Builder
	for _, r := range norm.NFKD.String(name) {
		if l, ok := capitals[r]; ok {
			r = l
		}
		r = unicode.ToLower(r)
		if l, ok := lookalikes[r]; ok {
			r = l
		}
		switch {
		case unicode.Is(unicode.Mn, r), unicode.Is(unicode.Cf, r):
		case unicode.IsLetter(r), unicode.IsDigit(r):
			out.WriteRune(r)
		default:
			out.WriteByte(' ')
		}
	}
	return strings.Fields(strings.NewReplacer("rn", "m", "vv", "w").Replace(out.String()))
}

// lookalikes are letters, digits and signs that pass for small Latin letters. That of i, l, I and 1 is l.
var lookalikes = map[rune]rune{
	'0': 'o', '1': 'l', '3': 'e', '4': 'a', '5': 's', '7': 't', '|': 'l', '$': 's', 'i': 'l',
	'а': 'a', 'в': 'b', 'е': 'e', 'к': 'k', 'м': 'm', 'н': 'h', 'о': 'o', 'р': 'p', 'с': 'c', 'т': 't', 'у': 'y', 'х': 'x', 'і': 'l', 'ј': 'j',
	'ѕ': 's', 'ԁ': 'd', 'һ': 'h', 'ӏ': 'l', 'ԛ': 'q', 'ԝ': 'w', 'ѵ': 'v', // Cyrillic
	'α': 'a', 'β': 'b', 'γ': 'y', 'ε': 'e', 'ζ': 'z', 'η': 'n', 'ι': 'l', 'κ': 'k', 'μ': 'u', 'ν': 'v', 'ο': 'o', 'ρ': 'p', 'σ': 'o', 'ς': 'c', 'τ': 't',
	'υ': 'u', 'χ': 'x', 'ω': 'w', // Greek
	'օ': 'o', 'ո': 'n', 'ս': 'u', 'հ': 'h', 'յ': 'j', 'ց': 'g', // Armenian
	'ı': 'l', 'ɩ': 'l', 'ł': 'l', 'ø': 'o', 'đ': 'd', 'ɡ': 'g', 'ɑ': 'a', // Latin
}

// capitals are those that look like another letter than their small forms do.
var capitals = map[rune]rune{'Η': 'h', 'Μ': 'm', 'Ν': 'n', 'Υ': 'y'}
