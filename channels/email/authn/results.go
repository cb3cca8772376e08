package authn

import "strings"

// result is what one method found (RFC 8601 section 2.2): "spf=pass smtp.mailfrom=a@b" is method spf, value pass, and one property.
// Methods and the names of properties are in small letters.
type result struct {
	method, value string
	properties    map[string]string
}

// readResults reads an Authentication-Results field. id is "" where the server names none, as Microsoft's does not. What stands in a
// comment or between quotes is words, of which a stranger may have chosen some, and never another result. ok is false for a field of
// which that cannot be told.
func readResults(field string) (id string, results []result, ok bool) {
	parts, ok := resultWords(field)
	if !ok {
		return "", nil, false
	}
	if head := parts[0]; len(head) == 0 || !strings.Contains(head[0], "=") {
		if len(head) == 0 || len(head) > 2 || len(head) == 2 && head[1] != "1" {
			return "", nil, false // no id, or a version that is not known
		}
		id, parts = head[0], parts[1:]
	}
	for _, words := range parts {
		var r result
		for i, word := range words {
			name, value, found := strings.Cut(word, "=")
			switch name = strings.ToLower(name); {
			case i == 0 && !found: // "none": no method was used
			case i == 0:
				method, _, _ := strings.Cut(name, "/") // a version
				r = result{method: method, value: strings.ToLower(value), properties: map[string]string{}}
			case found && r.properties != nil:
				r.properties[name] = value
			}
		}
		if r.method != "" {
			results = append(results, r)
		}
	}
	return id, results, true
}

// resultWords cuts a field at its semicolons, and what is between them at white space, without comments (RFC 5322 section 3.2.2), and
// with quoted strings as what they quote. ok is false when a comment or a quoted string does not end, or ends before it began.
func resultWords(field string) (parts [][]string, ok bool) {
	var words []string
	var word strings.Builder
	depth, quoted := 0, false
	end := func() {
		if word.Len() > 0 {
			words = appendWord(words, word.String())
			word.Reset()
		}
	}
	for i := 0; i < len(field); i++ {
		c := field[i]
		switch {
		case c == '\\' && (quoted || depth > 0):
			if i++; quoted && i < len(field) {
				word.WriteByte(field[i])
			}
		case c == '"' && depth == 0:
			quoted = !quoted
		case quoted:
			word.WriteByte(c)
		case c == '(':
			end()
			depth++
		case c == ')':
			if depth--; depth < 0 {
				return nil, false
			}
		case depth > 0:
		case c == ';':
			end()
			parts, words = append(parts, words), nil
		case c == ' ' || c == '\t' || c == '\r' || c == '\n':
			end()
		default:
			word.WriteByte(c)
		}
	}
	end()
	return append(parts, words), depth == 0 && !quoted
}

// appendWord adds a word. White space and comments may stand around an equals sign: "dkim = pass" is one word.
func appendWord(words []string, word string) []string {
	last := len(words) - 1
	if last >= 0 {
		open := strings.IndexByte(words[last], '=') == len(words[last])-1
		if open && !strings.Contains(word, "=") || strings.HasPrefix(word, "=") && !strings.Contains(words[last], "=") {
			words[last] += word
			return words
		}
	}
	return append(words, word)
}
