package field

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	IDLimit         = 998 // octets, RFC 5322 section 2.1.1
	referencesLimit = 100 // ids kept of a References field: the first and the newest
)

// ID returns the id of a Message-ID field without its brackets, or "" when it is missing or malformed (E-17): such an id
// must never match another mail's. Ids are compared byte for byte after unfolding.
func ID(value string) string {
	value = strings.TrimSpace(value)
	if !strings.HasPrefix(value, "<") || !strings.HasSuffix(value, ">") {
		return ""
	}
	id := value[1 : len(value)-1]
	if !WellFormedID(id) {
		return ""
	}
	return id
}

func WellFormedID(id string) bool {
	at := strings.IndexByte(id, '@')
	if at <= 0 || at == len(id)-1 || strings.Count(id, "@") != 1 || len(id) > IDLimit || !utf8.ValidString(id) {
		return false
	}
	return !strings.ContainsFunc(id, func(r rune) bool {
		return r == '<' || r == '>' || r == ',' || unicode.IsSpace(r) || unicode.IsControl(r)
	})
}

// IDs returns every well-formed id of In-Reply-To or References in order, each once. Text between ids is ignored.
func IDs(values []string) []string {
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
			if WellFormedID(id) && !seen[id] {
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
