package email

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sportello/channels/email/letter"
)

// E-31: what becomes of the delivery reports among the mails that the reader is tried on.
func TestE31ReceiptsOfReports(t *testing.T) {
	for name, want := range map[string]string{
		"bounce-postfix": "failed permanent bad_address (5.1.1): 550 5.1.1 <nobody@example.test>: Recipient address rejected: User unknown; " +
			"failed permanent mailbox_full (5.2.2); delivered <nil>",
		"bounce-headers-only": "failed permanent bad_address (5.1.1): 550 5.1.1 <nobody@example.test>: Recipient address rejected: User unknown; " +
			"failed permanent mailbox_full (5.2.2); delivered <nil>",
		"bounce-untyped-part":     "failed permanent bad_address (5.1.1): 550 5.1.1 unknown",
		"bounce-without-original": "",
	} {
		raw, err := os.ReadFile(filepath.Join("letter", "testdata", "mail", name+".eml"))
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		said := letter.Read(raw, letter.Reading{}).Report
		for _, f := range said.Recipients {
			if r, ok := receiptOf(said.Original, f); ok {
				got = append(got, fmt.Sprintf("%s %v", r.State, r.Fault))
			}
		}
		if s := strings.Join(got, "; "); s != want {
			t.Errorf("%s: %q, want %q", name, s, want)
		}
	}
}
