package authn

import (
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"sportello/channels"
)

// leastBrand is how many letters a name must have before others can be said to borrow it.
const leastBrand = 4

// Borrowed reports whether a sender shows a name of ours, or an address that is not his, while he writes from elsewhere (E-47). names
// are those of the house and its people, own its addresses. It is a pure function and only a warning: people share names.
func Borrowed(from channels.Address, names, own []string) bool {
	domain := Organisational(domainOf(from.Value))
	if from.Name == "" || slices.ContainsFunc(own, func(o string) bool { return Organisational(domainOf(o)) == domain }) {
		return false
	}
	shown := plain(from.Name)
	for _, name := range names {
		if name = plain(name); len([]rune(name)) >= leastBrand && strings.Contains(" "+shown+" ", " "+name+" ") {
			return true
		}
	}
	for _, word := range strings.Fields(from.Name) {
		word = strings.Trim(strings.ToLower(word), `<>()[]"',;`)
		at := strings.LastIndexByte(word, '@')
		if at > 0 && strings.Contains(word[at:], ".") && Organisational(word[at+1:]) != domain {
			return true
		}
	}
	return false
}

// plain brings a name to what an eye takes it for: small letters without marks, look-alikes as Latin letters, words parted by one space.
func plain(name string) string {
	var out strings.Builder
	for _, r := range norm.NFKD.String(name) {
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
	return strings.Join(strings.Fields(out.String()), " ")
}

// lookalikes are letters and digits that pass for Latin letters.
var lookalikes = map[rune]rune{
	'0': 'o', '1': 'l', '3': 'e', '5': 's', 'а': 'a', 'в': 'b', 'е': 'e', 'к': 'k', 'м': 'm', 'н': 'h', 'о': 'o', 'р': 'p', 'с': 'c', 'т': 't',
	'у': 'y', 'х': 'x', 'і': 'i', 'ј': 'j', 'ѕ': 's', 'ԁ': 'd', 'ɡ': 'g', 'ո': 'n', 'α': 'a', 'ε': 'e', 'ι': 'i', 'κ': 'k', 'ν': 'v', 'ο': 'o',
	'ρ': 'p', 'τ': 't', 'υ': 'u', 'χ': 'x', 'ı': 'i', 'ł': 'l', 'ø': 'o',
}
