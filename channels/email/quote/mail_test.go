package quote

import (
	"os"
	"strings"
	"testing"
)

// E-44: whole mails, one after the other in a file: "@@@ name", the mail, "===", its reply.
func TestE44Mails(t *testing.T) {
	file, err := os.ReadFile("testdata/mails.txt")
	if err != nil {
		t.Fatal(err)
	}
	mails := strings.Split("\n"+string(file), "\n@@@ ")[1:]
	if len(mails) < 50 {
		t.Fatalf("%d mails", len(mails))
	}
	for _, mail := range mails {
		name, rest, _ := strings.Cut(mail, "\n")
		text, want, found := strings.Cut(rest, "\n===\n")
		if !found {
			t.Fatalf("%s has no reply", name)
		}
		t.Run(name, func(t *testing.T) {
			folds := Text(text)
			sound(t, text, folds)
			reply, signature, quoted := Split(text, folds)
			if strings.Join(strings.Fields(reply), " ") != strings.Join(strings.Fields(want), " ") {
				t.Errorf("reply %q\nwant %q\nsignature %q\nquoted %q", reply, want, signature, quoted)
			}
		})
	}
}
