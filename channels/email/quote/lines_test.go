package quote

import (
	"os"
	"strings"
	"testing"
)

// annotated is a mail of testdata/lines.txt: "@@@ name", then its lines, each after a sign: + newly written, ~ signature, notice or what a
// device adds, : quoted or passed on.
type annotated struct {
	name, text string
	parts      map[byte]string
}

func readAnnotated(t *testing.T, file string) []annotated {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var mails []annotated
	for _, mail := range strings.Split("\n"+string(content), "\n@@@ ")[1:] {
		name, rest, _ := strings.Cut(mail, "\n")
		m := annotated{name: name, parts: map[byte]string{}}
		for l := range strings.Lines(strings.TrimSuffix(rest, "\n") + "\n") {
			if !strings.Contains("+~:", l[:1]) {
				t.Fatalf("%s: line %q", name, l)
			}
			m.text += l[1:]
			m.parts[l[0]] += l[1:]
		}
		mails = append(mails, m)
	}
	return mails
}

func spaced(s string) string { return strings.Join(strings.Fields(s), " ") }

// E-44: mails of many programs in a dozen languages, written for this file, line by line.
func TestE44Lines(t *testing.T) {
	mails := readAnnotated(t, "testdata/lines.txt")
	if len(mails) < 380 {
		t.Fatalf("%d mails", len(mails))
	}
	for _, m := range mails {
		t.Run(m.name, func(t *testing.T) {
			folds := Text(m.text)
			sound(t, m.text, folds)
			reply, signature, quoted := Split(m.text, folds)
			if spaced(reply) != spaced(m.parts['+']) {
				t.Errorf("reply %q\nwant %q\nsignature %q\nquoted %q", reply, m.parts['+'], signature, quoted)
			} else if spaced(signature) != spaced(m.parts['~']) {
				t.Errorf("signature %q\nwant %q\nquoted %q", signature, m.parts['~'], quoted)
			}
		})
	}
}
