package letter

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "write the golden files anew")

// TestGoldenMails reads every mail of testdata/mail and compares what was understood with the file beside it.
func TestGoldenMails(t *testing.T) {
	names, err := filepath.Glob("testdata/mail/*.eml")
	if err != nil || len(names) < 20 {
		t.Fatalf("%d mails, %v", len(names), err)
	}
	for _, name := range names {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".eml"), func(t *testing.T) {
			raw, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			got := dump(Read(raw, Reading{Own: []string{support}}))
			golden := strings.TrimSuffix(name, ".eml") + ".golden"
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
}

// dump writes what was understood of a mail, for a person to judge.
func dump(m *Mail) string {
	var b strings.Builder
	line := func(name string, value any) {
		if s := fmt.Sprint(value); s != "" && s != "[]" {
			fmt.Fprintf(&b, "%s: %s\n", name, s)
		}
	}
	line("external", m.External)
	line("from", strings.TrimSpace(m.From.Name+" <"+m.From.Value+">"))
	for _, a := range m.To {
		line("to", strings.TrimSpace(a.Name+" <"+a.Value+">"))
	}
	line("subject", m.Subject)
	if !m.Date.IsZero() {
		line("date", m.Date.Format(time.RFC3339))
	}
	line("message-id", m.Thread.MessageID)
	line("in-reply-to", m.Thread.InReplyTo)
	line("references", m.Thread.References)
	line("token", m.Thread.Token)
	line("auto", m.Auto)
	line("flaw", m.Flaw)
	for _, f := range m.Report.Recipients {
		line("reported", fmt.Sprintf("%s %s %s of %q: %s", f.Recipient, f.Action, f.Status, m.Report.Original, f.Diagnostic))
	}
	for _, f := range m.Files {
		line("file", fmt.Sprintf("%q %s %d bytes cid=%q inline=%v", f.Name, f.Type, f.Size, f.CID, f.Inline))
	}
	if m.Text != "" {
		b.WriteString("--- text\n" + m.Text + "\n")
	}
	if m.HTML != "" {
		b.WriteString("--- html\n" + m.HTML + "\n")
	}
	return b.String()
}

const support = "support@sportello.test"
