package email

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"sportello/channels"
)

const (
	idLimit         = 998 // octets, RFC 5322 section 2.1.1
	referencesLimit = 100 // ids kept of a References field: the first and the newest
	tokenLimit      = 64  // octets, RFC 5321 section 4.5.3.1.1
)

// messageID returns the id of a Message-ID field without its brackets, or "" when it is missing or malformed (E-17): such an id
// must never match another mail's. Ids are compared byte for byte after unfolding.
func messageID(value string) string {
	value = strings.TrimSpace(value)
	if !strings.HasPrefix(value, "<") || !strings.HasSuffix(value, ">") {
		return ""
	}
	id := value[1 : len(value)-1]
	if !wellFormedID(id) {
		return ""
	}
	return id
}

func wellFormedID(id string) bool {
	at := strings.IndexByte(id, '@')
	if at <= 0 || at == len(id)-1 || strings.Count(id, "@") != 1 || len(id) > idLimit || !utf8.ValidString(id) {
		return false
	}
	return !strings.ContainsFunc(id, func(r rune) bool {
		return r == '<' || r == '>' || r == ',' || unicode.IsSpace(r) || unicode.IsControl(r)
	})
}

// messageIDs returns every well-formed id of In-Reply-To or References in order, each once. Text between ids is ignored.
func messageIDs(values []string) []string {
	var ids []string
	seen := make(map[string]bool)
	for _, v := range values {
		for {
			open := strings.IndexByte(v, '<')
			if open < 0 {
				break
			}
			v = v[open+1:]
			end := strings.IndexByte(v, '>')
			if end < 0 {
				break
			}
			id := strings.TrimSpace(v[:end])
			if inner := strings.LastIndexByte(id, '<'); inner >= 0 {
				id = id[inner+1:]
			}
			if wellFormedID(id) && !seen[id] {
				seen[id] = true
				ids = append(ids, id)
			}
			v = v[end+1:]
		}
	}
	if len(ids) > referencesLimit {
		ids = append(ids[:1:1], ids[len(ids)-referencesLimit+1:]...)
	}
	return ids
}

// readThread collects what h says of the conversation. The token is taken from the addresses that the mail was sent or delivered
// to, the envelope's first (E-19), and is passed on unchecked.
func readThread(h Header, own []string) channels.Thread {
	t := channels.Thread{
		MessageID:  messageID(h.Get("message-id")),
		InReplyTo:  messageIDs(h.All("in-reply-to")),
		References: messageIDs(h.All("references")),
	}
	for _, name := range []string{"delivered-to", "x-original-to", "envelope-to", "to", "cc"} {
		for _, a := range parseAddresses(h.All(name)) {
			if token := plusToken(a.Value, own); token != "" {
				t.Token = token
				return t
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
		if ok && domain == ownDomain && wellFormedToken(token) {
			return token
		}
	}
	return ""
}

func wellFormedToken(token string) bool {
	return token != "" && len(token) <= tokenLimit && !strings.ContainsFunc(token, func(r rune) bool {
		return !(r == '.' || r >= 'a' && r <= 'z' || r >= '0' && r <= '9')
	})
}

// plusAddress is the counterpart of plusToken: own with token in its local part.
func plusAddress(own, token string) string {
	local, domain, _ := strings.Cut(own, "@")
	return local + "+" + token + "@" + domain
}
