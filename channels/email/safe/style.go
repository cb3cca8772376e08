package safe

import (
	"regexp"
	"strings"
)

const mostStyle = 4 << 10 // bytes of a style attribute

// declaration is one "property: value" of a style attribute; the property is in lower case.
type declaration struct{ property, value string }

// declarations parts a style attribute. It knows strings and brackets, for a semicolon within them ends nothing; what it cannot part
// stays together, and is then refused as a value.
func declarations(s string) []declaration {
	if len(s) > mostStyle {
		return nil
	}
	var out []declaration
	for _, one := range parted(s) {
		property, value, ok := strings.Cut(one, ":")
		if ok {
			value, _, _ = strings.Cut(value, "!") // !important
			out = append(out, declaration{strings.ToLower(strings.TrimSpace(property)), strings.TrimSpace(value)})
		}
	}
	return out
}

func parted(s string) []string {
	var out []string
	var quote byte
	depth, from := 0, 0
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'':
			quote = c
		case c == '(':
			depth++
		case c == ')':
			depth = max(0, depth-1)
		case c == ';' && depth == 0:
			out = append(out, s[from:i])
			from = i + 1
		}
	}
	return append(out, s[from:])
}

// Values are words, numbers, colours and names of fonts. No backslash, comment, address, variable or function but those of colours: a
// value that cannot be read at a glance is not kept.
var (
	plainValue  = regexp.MustCompile(`^[\p{L}\p{N} #.,%'"\-]{1,200}$`)
	colourValue = regexp.MustCompile(`(?i)^(rgb|hsl)a?\([0-9., %/]{1,40}\)$`)
	plainColour = regexp.MustCompile(`(?i)^(#[0-9a-f]{3,8}|[a-z]{3,20})$`)
	negative    = regexp.MustCompile(`(^|\s)-`)
	huge        = regexp.MustCompile(`[0-9]{5,}|[5-9][0-9]{3}`)
)

// kept are the properties that stay. None places an element outside of where it stands.
var kept = []string{"background-color", "border", "border-bottom", "border-collapse", "border-color", "border-left", "border-radius",
	"border-right", "border-spacing", "border-style", "border-top", "border-width", "color", "direction", "font-family", "font-size",
	"font-style", "font-weight", "height", "letter-spacing", "line-height", "list-style-type", "margin", "margin-bottom", "margin-left",
	"margin-right", "margin-top", "max-width", "min-width", "padding", "padding-bottom", "padding-left", "padding-right", "padding-top",
	"table-layout", "text-align", "text-decoration", "text-transform", "vertical-align", "white-space", "width", "word-break"}

var keptProperty = func() map[string]bool {
	m := map[string]bool{}
	for _, k := range kept {
		m[k] = true
	}
	return m
}()

// style is what may stay of a style attribute, written anew.
func style(s string) string {
	out := ""
	for _, d := range declarations(s) {
		if d.property == "background" && (plainColour.MatchString(d.value) || colourValue.MatchString(d.value)) {
			d.property = "background-color"
		}
		if keptProperty[d.property] && goodValue(d) {
			out = joined(out, d.property+": "+d.value)
		}
	}
	return out
}

func goodValue(d declaration) bool {
	if colourValue.MatchString(d.value) {
		return true
	}
	if d.property != "font-family" && (negative.MatchString(d.value) || huge.MatchString(d.value)) && !strings.Contains(d.value, "#") {
		return false
	}
	return plainValue.MatchString(d.value) && strings.Count(d.value, `"`)%2 == 0 && strings.Count(d.value, `'`)%2 == 0
}

func joined(a, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	return a + "; " + b
}
