package field

import (
	"strings"

	"sportello/channels"
)

// From reads the one sender of a mail. It is its own parser because the sender decides who a customer is, and general ones
// can be made to see a sender that no mail program shows: in `foo@bar.it <m@r.it>` the address is m@r.it, and what stands before
// it is a name, however much it looks like an address.
//
// Of several mailboxes that are each complete (RFC 5322 section 3.6.2) it is the first. Otherwise the last angle address wins; without
// one, the last word that holds an "@". A field without any ("MAILER-DAEMON", "<>") yields an address without a value. plain is false
// when the field names several senders or cannot be trusted to name one: then nothing may vouch for it.
func From(values []string) (from channels.Address, plain bool) {
	if len(values) == 0 {
		return channels.Address{Kind: channels.Email}, false
	}
	name, addr := splitEntry(values[0])
	if first, several := firstOf(values[0]); several {
		name, addr = splitEntry(first)
	}
	from = mailAddress(name, addr)
	plain = len(values) == 1 && !from.IsZero() && strings.Count(withoutQuotes(values[0]), "<") <= 1
	if plain {
		for _, entry := range splitAddresses(values[0]) {
			if _, other := splitEntry(entry); other != addr {
				if _, ok := Normal(other); ok {
					plain = false
				}
			}
		}
	}
	return from, plain
}

// firstOf returns the first of several mailboxes, if all of them are complete.
func firstOf(value string) (string, bool) {
	entries := splitAddresses(value)
	if len(entries) < 2 || len(entries) > listLimit {
		return "", false
	}
	for _, entry := range entries {
		_, addr := splitEntry(entry)
		if _, ok := Normal(addr); !ok || !strings.Contains(withoutQuotes(entry), "<") {
			return "", false
		}
	}
	return entries[0], true
}

// splitEntry divides one mailbox into display name and address.
func splitEntry(entry string) (name, addr string) {
	bare := withoutQuotes(entry)
	if open := strings.LastIndexByte(bare, '<'); open >= 0 {
		rest := entry[open+1:]
		if end := strings.IndexByte(rest, '>'); end >= 0 {
			rest = rest[:end]
		}
		rest = strings.TrimSpace(rest)
		if colon := strings.LastIndexByte(rest, ':'); strings.HasPrefix(rest, "@") && colon >= 0 {
			rest = rest[colon+1:] // a source route, RFC 5322 section 4.4
		}
		return entry[:open], rest
	}
	words := strings.FieldsFunc(bare, func(r rune) bool { return strings.ContainsRune(" \t,;<>()[]", r) })
	for i := len(words) - 1; i >= 0; i-- {
		if strings.Contains(words[i], "@") {
			return commentOf(entry), strings.Trim(words[i], `"'`)
		}
	}
	return entry, ""
}

// withoutQuotes blanks quoted strings and comments, byte for byte, so that positions stay.
func withoutQuotes(s string) string {
	b := []byte(s)
	quoted, depth := false, 0
	for i := 0; i < len(b); i++ {
		c := b[i]
		switch {
		case c == '\\' && (quoted || depth > 0):
			b[i] = ' '
			if i++; i < len(b) {
				b[i] = ' '
			}
			continue
		case c == '=' && !quoted && depth == 0 && wordLength(s[i:]) > 0:
			for end := i + wordLength(s[i:]); i < end; i++ {
				b[i] = ' '
			}
			i--
			continue
		case c == '"' && depth == 0:
			quoted = !quoted
		case c == '(' && !quoted:
			depth++
		case c == ')' && !quoted && depth > 0:
			depth--
		case !quoted && depth == 0:
			continue
		}
		b[i] = ' '
	}
	if quoted {
		return s // a quote that never ends is an ordinary character
	}
	return string(b)
}

// commentOf returns the text of the last comment: "m@r.it (Mario Rossi)" is an old way to write a name.
func commentOf(s string) string {
	open, end := strings.LastIndexByte(s, '('), strings.LastIndexByte(s, ')')
	if open < 0 || end < open {
		return ""
	}
	return s[open+1 : end]
}
