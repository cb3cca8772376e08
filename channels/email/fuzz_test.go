package email

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// FuzzRead gives the reader any bytes: it must not panic, must be quick, and must leave an item that can be stored and shown
// (REQ-EM3: every mail becomes visible).
func FuzzRead(f *testing.F) {
	names, err := filepath.Glob("testdata/mail/*.eml")
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range names {
		raw, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		start := time.Now()
		m := Read(raw, Reading{Own: []string{support}, AuthServs: []string{"mx.sportello.test"}})
		if took := time.Since(start); took > 10*time.Second {
			t.Errorf("took %v", took)
		}
		if m.External == "" || len(m.External) > idLimit+32 {
			t.Errorf("external id %q", m.External)
		}
		for name, s := range map[string]string{"text": m.Text, "html": m.HTML, "subject": m.Subject, "from": m.From.Name, "flaw": m.Flaw} {
			if !utf8.ValidString(s) || strings.ContainsRune(s, 0) || name != "text" && name != "html" && strings.ContainsAny(s, "\r\n") {
				t.Errorf("%s %q", name, s)
			}
		}
		if low := strings.ToLower(m.HTML); strings.Contains(low, "<script") || strings.Contains(low, "<iframe") {
			t.Errorf("html %q", m.HTML)
		}
		for _, file := range m.Files {
			if file.Name == "" || file.Type == "" || strings.ContainsAny(file.Name, "/\\\r\n\x00\"") {
				t.Errorf("file %+v", file.Part)
			}
		}
		if again := Read(raw, Reading{}); again.External != m.External {
			t.Error("the same bytes have two ids")
		}
	})
}

// FuzzFrom: whoever is named as the sender is one well-formed address, and a sender of whom we are sure stands in the field.
func FuzzFrom(f *testing.F) {
	for _, s := range []string{`foo@bar.it <m@r.it>`, `"a" <b@c.it>`, `Rossi, Mario <m@r.it>`, `<@a:b@c>`, `x (y) z@w`, `"\"<a@b>`, "=?utf-8?q?=3Ca@b=3E?= <c@d>"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		from, plain := parseFrom([]string{s})
		if from.Value == "" {
			if plain {
				t.Error("sure of nobody")
			}
			return
		}
		again, ok := normalAddress(from.Value)
		if !ok || again != from.Value || strings.ContainsAny(from.Value, " <>\r\n\x00,") || strings.Count(from.Value, "@") != 1 {
			t.Errorf("%q from %q", from.Value, s)
		}
		local, _, _ := strings.Cut(from.Value, "@")
		if !strings.Contains(strings.ToLower(s), local) {
			t.Errorf("%q does not stand in %q", from.Value, s)
		}
	})
}

// FuzzStatus gives the reader of delivery reports any bytes.
func FuzzStatus(f *testing.F) {
	f.Add("Reporting-MTA: dns; a\n\nFinal-Recipient: rfc822; a@b.it\nAction: failed\nStatus: 5.1.1\n")
	f.Add("Action: failed")
	f.Fuzz(func(t *testing.T, s string) {
		failures := readStatus([]byte(s))
		if len(failures) > recipientLimit {
			t.Errorf("%d recipients", len(failures))
		}
		for _, failure := range failures {
			failure.Original = "a@b"
			r, ok := failure.receipt()
			if ok && r.State == "failed" && (r.Fault == nil || r.Fault.Code == "" || strings.ContainsAny(r.Fault.Detail, "\r\n")) {
				t.Errorf("%+v", r.Fault)
			}
			if ok && r.Fault != nil && r.Fault.Suppress && !strings.HasPrefix(failure.Status, "5.1.") {
				t.Errorf("suppressed for %q", failure.Status)
			}
		}
	})
}

// FuzzField: no value of a header field can end it.
func FuzzField(f *testing.F) {
	f.Add("a\r\nBcc: x")
	f.Add(strings.Repeat("x ", 100))
	f.Fuzz(func(t *testing.T, value string) {
		var b bytes.Buffer
		field(&b, "Subject", value)
		for i, line := range strings.Split(strings.TrimSuffix(b.String(), "\r\n"), "\r\n") {
			if i > 0 && !strings.HasPrefix(line, " ") || strings.ContainsAny(line, "\r\n") || i > 0 && strings.TrimSpace(line) == "" {
				t.Errorf("%q wrote %q", value, b.String())
			}
		}
	})
}
