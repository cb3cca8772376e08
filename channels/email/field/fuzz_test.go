package field

import (
	"strings"
	"testing"
	"unicode/utf8"
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

// FuzzHeader: whatever a header holds, what is read of it is one line of valid text and of a bounded length.
func FuzzHeader(f *testing.F) {
	f.Add("Subject: =?utf-8?q?=C3=A0?= =?gb2312?b?1tA=?=\r\n folded\r\nFrom: a <b@c.it>, \"x\" <y@z>\r\nDate: Mon, 2 Nov 2026 10:00 EST\r\n\r\nbody", "utf-7")
	f.Add("To: g: a@b, c@d;\nReferences: <a@b> <c@d\n\n+AOk- ~{VP~}", "hz-gb-2312")
	f.Fuzz(func(t *testing.T, raw, label string) {
		h, body := Split(TrimMailbox([]byte(raw)))
		for _, v := range h {
			if s := Words(v.Value); !utf8.ValidString(s) || strings.ContainsAny(s, "\r\n\x00") {
				t.Errorf("%q of %q", s, v.Value)
			}
			for _, a := range Addresses([]string{v.Value}) {
				if again, ok := Normal(a.Value); !ok || again != a.Value {
					t.Errorf("%q of %q", a.Value, v.Value)
				}
			}
			for _, id := range IDs([]string{v.Value}) {
				if !WellFormedID(id) {
					t.Errorf("id %q", id)
				}
			}
			Date(v.Value)
		}
		if s := Decode(body, label); !utf8.ValidString(s) || strings.ContainsAny(s, "\r\x00") {
			t.Errorf("%q", s)
		}
	})
}
