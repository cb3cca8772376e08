package letter

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"sportello/channels/email/field"
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
		if m.External == "" || len(m.External) > field.IDLimit+32 {
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
