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
	value, _ := Normal(bareAddress(addr))
	return channels.Address{Kind: channels.Email, Value: value, Name: Clip(Words(unquote(strings.TrimRight(name, " \t<"))), 200)}
}

// bareAddress takes from an address what does not belong to it: the scheme of a link, and blanks around the "@" and the dots, as were
// allowed once (RFC 5322 section 4.4).
func bareAddress(addr string) string {
	if len(addr) > 7 && strings.EqualFold(addr[:7], "mailto:") {
		addr = addr[7:]
	}
	if !strings.ContainsAny(addr, " \t") || strings.Contains(addr, `"`) {
		return addr
	}
	for _, sep := range []string{"@", "."} {
		parts := strings.Split(addr, sep)
		for i := range parts {
			parts[i] = strings.TrimSpace(parts[i])
		}
		addr = strings.Join(parts, sep)
	}
	return addr
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
		case c == '=' && !quoted && depth == 0 && wordLength(list[i:]) > 0:
			i += wordLength(list[i:]) - 1
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
			for _, mailbox := range undivided(entry) {
				if len(out) >= listLimit {
					return out
				}
				name, addr := splitEntry(mailbox)
				if a := mailAddress(name, addr); !a.IsZero() && !seen[a.Value] {
					seen[a.Value] = true
					out = append(out, a)
				}
			}
		}
	}
	return out
}

// undivided cuts an entry of a list in which the commas were forgotten: behind an angle address that another follows, and between plain
// addresses.
func undivided(entry string) []string {
	bare := withoutQuotes(entry)
	if strings.Count(bare, "@") < 2 {
		return []string{entry}
	}
	var all []string
	if strings.Count(bare, "<") >= 2 {
		for {
			end := strings.IndexByte(bare, '>')
			if end < 0 || !strings.ContainsRune(bare[end+1:], '<') {
				return append(all, entry)
			}
			all = append(all, entry[:end+1])
			entry, bare = entry[end+1:], bare[end+1:]
		}
	}
	for word := range strings.FieldsSeq(bare) {
		if _, ok := Normal(word); !ok {
			return []string{entry}
		}
		all = append(all, word)
	}
	return all
}

// wordLength is the length of the encoded word (RFC 2047 section 2) that a text begins with, 0 when it begins with none.
func wordLength(s string) int {
	const most = 200
	s = s[:min(len(s), most)]
	if !strings.HasPrefix(s, "=?") {
		return 0
	}
	first := strings.IndexByte(s[2:], '?') + 2
	if first < 3 || first+2 >= len(s) || s[first+2] != '?' || strings.IndexByte("bBqQ", s[first+1]) < 0 {
		return 0
	}
	if end := strings.Index(s[first+3:], "?="); end >= 0 {
		return first + 3 + end + 2
	}
	return 0
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
