package letter

import (
	"slices"
	"strings"

	"sportello/channels"
	"sportello/channels/email/field"
)

const (
	tokenLimit = 64 // octets, RFC 5321 section 4.5.3.1.1
	tokensMost = 5  // of one mail
)

// readThread collects what h says of the conversation. The tokens are taken from the addresses that the mail was sent or delivered
// to, the envelope's first (E-19), and are passed on unchecked.
func readThread(h field.Header, own []string) channels.Thread {
	t := channels.Thread{
		MessageID:  field.ID(h.Get("message-id")),
		InReplyTo:  field.IDs(h.All("in-reply-to")),
		References: field.IDs(h.All("references")),
	}
	for _, name := range []string{"delivered-to", "x-original-to", "envelope-to", "to", "cc"} {
		for _, a := range field.Addresses(h.All(name)) {
			token := plusToken(a.Value, own)
			switch {
			case token == "" || token == t.Token || slices.Contains(t.OtherTokens, token):
			case t.Token == "":
				t.Token = token
			case len(t.OtherTokens) < tokensMost-1:
				t.OtherTokens = append(t.OtherTokens, token)
			}
		}
	}
	return t
}

// plusToken returns what stands after the "+" in addr when the rest of it is one of own. Addresses are normalised, so that the
// token is lower-case however the customer's server wrote it. Only letters, digits and dots can be a token of ours.
func plusToken(addr string, own []string) string {
	local, domain, _ := strings.Cut(addr, "@")
	for _, o := range own {
		ownLocal, ownDomain, _ := strings.Cut(o, "@")
		token, ok := strings.CutPrefix(local, ownLocal+"+")
		if ok && domain == ownDomain && WellFormedToken(token) {
			return token
		}
	}
	return ""
}

func WellFormedToken(token string) bool {
	return token != "" && len(token) <= tokenLimit && !strings.ContainsFunc(token, func(r rune) bool {
		return !(r == '.' || r >= 'a' && r <= 'z' || r >= '0' && r <= '9')
	})
}

// PlusAddress is the counterpart of plusToken: own with token in its local part.
func PlusAddress(own, token string) string {
	local, domain, _ := strings.Cut(own, "@")
	return local + "+" + token + "@" + domain
}
