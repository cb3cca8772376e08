package field

import (
	"strings"
	"testing"
)

// FuzzFrom: whoever is named as the sender is one well-formed address, and a sender of whom we are sure stands in the field.
func FuzzFrom(f *testing.F) {
	for _, s := range []string{`foo@bar.it <m@r.it>`, `"a" <b@c.it>`, `Rossi, Mario <m@r.it>`, `<@a:b@c>`, `x (y) z@w`, `"\"<a@b>`, "=?utf-8?q?=3Ca@b=3E?= <c@d>"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		from, plain := From([]string{s})
		if from.Value == "" {
			if plain {
				t.Error("sure of nobody")
			}
			return
		}
		again, ok := Normal(from.Value)
		if !ok || again != from.Value || strings.ContainsAny(from.Value, " <>\r\n\x00,") || strings.Count(from.Value, "@") != 1 {
			t.Errorf("%q from %q", from.Value, s)
		}
		local, _, _ := strings.Cut(from.Value, "@")
		if !strings.Contains(strings.ToLower(s), local) {
			t.Errorf("%q does not stand in %q", from.Value, s)
		}
	})
}
