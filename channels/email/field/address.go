package field

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"

	"sportello/channels"
)

const listLimit = 500 // addresses kept of To or Cc

const addressLimit = 254 // octets: RFC 5321 section 4.5.3.1.3 less the angle brackets

// Normal returns addr as channels.Address wants it, and whether it is an address at all: one "@" outside quotes, neither
// side empty, nothing in it that could break out of a command or a header. The local part is lower-cased: no mail provider of
// today distinguishes case there, and customers write it both ways.
func Normal(addr string) (string, bool) {
	addr = strings.TrimSpace(addr)
	at := strings.LastIndexByte(addr, '@')
	if at <= 0 || at == len(addr)-1 || len(addr) > addressLimit || !utf8.ValidString(addr) {
		return "", false
	}
	local, domain := addr[:at], strings.TrimSuffix(addr[at+1:], ".")
	if n := len(local); n > 2 && local[0] == '"' && local[n-1] == '"' {
		local = local[1 : n-1] // quotes that quote nothing are no part of an address (RFC 5322 section 3.4.1)
	}
	if strings.ContainsFunc(local, func(r rune) bool {
		return unicode.IsControl(r) || unicode.IsSpace(r) || strings.ContainsRune(`<>()[]\,;:@"`, r)
	}) {
		return "", false
	}
	ascii, err := idna.Lookup.ToASCII(domain)
	if err != nil {
		if ascii, err = idna.Punycode.ToASCII(strings.ToLower(domain)); err != nil {
			return "", false
		}
	}
	if ascii == "" || strings.HasPrefix(ascii, ".") || strings.HasSuffix(ascii, ".") || strings.Contains(ascii, "..") {
		return "", false
	}
	if strings.ContainsFunc(ascii, func(r rune) bool {
		return !(r == '-' || r == '.' || r == '_' || r >= 'a' && r <= 'z' || r >= '0' && r <= '9')
	}) {
		return "", false
	}
	return strings.ToLower(local) + "@" + ascii, true
}

// mailAddress builds a channels.Address, or the zero one with the name kept when addr is none.
func mailAddress(name, addr string) channels.Address {
	value, _ := Normal(addr)
	return channels.Address{Kind: channels.Email, Value: value, Name: Clip(Words(unquote(name)), 200)}
}

// splitAddresses cuts an address list at its commas and semicolons, minding quotes, comments and angle brackets (RFC 5322
// section 3.4). The name of a group ("Friends: a@x, b@x;") is dropped and its members stay.
func splitAddresses(list string) []string {
	var entries []string
	var quoted, angle bool
	depth, start := 0, 0
	cut := func(end int) {
		if e := strings.TrimSpace(list[start:end]); e != "" {
			entries = append(entries, e)
		}
		start = end + 1
	}
	for i := 0; i < len(list); i++ {
		switch c := list[i]; {
		case c == '\\' && (quoted || depth > 0):
			i++
		case c == '"' && depth == 0:
			quoted = !quoted
		case quoted:
		case c == '(':
			depth++
		case c == ')' && depth > 0:
			depth--
		case depth > 0:
		case c == '<':
			angle = true
		case c == '>':
			angle = false
		case angle:
		case c == ':':
			start = i + 1
		case c == ',' || c == ';':
			cut(i)
		}
	}
	if start < len(list) {
		cut(len(list))
	}
	return entries
}

// Addresses reads To, Cc and their like. Entries without an address are left out.
func Addresses(lists []string) []channels.Address {
	var out []channels.Address
	seen := make(map[string]bool)
	for _, list := range lists {
		entries := splitAddresses(list)
		for _, entry := range entries[:min(len(entries), listLimit)] {
			if len(out) >= listLimit {
				return out
			}
			name, addr := splitEntry(entry)
			if a := mailAddress(name, addr); !a.IsZero() && !seen[a.Value] {
				seen[a.Value] = true
				out = append(out, a)
			}
		}
	}
	return out
}

// unquote removes the quotes and comments of a display name.
func unquote(s string) string {
	s = strings.TrimSpace(s)
	if len(s) >= 2 && s[0] == '"' && s[len(s)-1] == '"' {
		s = s[1 : len(s)-1]
	}
	return strings.TrimSpace(strings.NewReplacer(`\"`, `"`, `\\`, `\`).Replace(s))
}

// Clip shortens s to at most n runes.
func Clip(s string, n int) string {
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	return string([]rune(s)[:n])
}
