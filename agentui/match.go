package agentui

import (
	"strings"
	"unicode/utf8"

	"sportello/inbox/customer"
)

// trimHash is a conversation's number as people write it.
func trimHash(q string) string { return strings.TrimPrefix(strings.TrimSpace(q), "#") }

// matched is the text of a customer that a search found him by: an address that holds one of the words, else his name.
func matched(who customer.Customer, q string) string {
	words := strings.Fields(customer.Fold(q))
	digits := strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, q)
	if len(digits) > 2 {
		words = append(words, digits)
	}
	for _, i := range who.Identities {
		for _, w := range words {
			if strings.Contains(strings.ToLower(i.Value), w) {
				return cut(i.Value)
			}
		}
	}
	return cut(who.Name)
}

// cut shortens a text to 140 characters.
func cut(s string) string {
	const most = 140
	if utf8.RuneCountInString(s) <= most {
		return s
	}
	return string([]rune(s)[:most-1]) + "…"
}
