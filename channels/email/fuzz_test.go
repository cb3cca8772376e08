package email

import (
	"bytes"
	"strings"
	"testing"

	"sportello/channels"
)

// FuzzReceipt: whatever a delivery report says, an address is given up only for a code that says that it is wrong.
func FuzzReceipt(f *testing.F) {
	f.Add("failed", "5.1.1", "550 user unknown")
	f.Add("delayed", "4.2.2", "full")
	f.Fuzz(func(t *testing.T, action, status, detail string) {
		r, ok := receiptOf("a@b", channels.Report{Recipient: "a@b.it", Action: action, Status: status, Diagnostic: detail})
		if ok && r.State == "failed" && (r.Fault == nil || r.Fault.Code == "" || strings.ContainsAny(r.Fault.Detail, "\r\n")) {
			t.Errorf("%+v", r.Fault)
		}
		if ok && r.Fault != nil && r.Fault.Suppress && !strings.HasPrefix(status, "5.1.") && status != "5.2.1" && status != "5.4.1" && status != "5.4.4" {
			t.Errorf("suppressed for %q", status)
		}
	})
}

// FuzzField: no value of a header field can end it.
func FuzzField(f *testing.F) {
	f.Add("a\r\nBcc: x")
	f.Add(strings.Repeat("x ", 100))
	f.Fuzz(func(t *testing.T, value string) {
		var b bytes.Buffer
		writeField(&b, "Subject", value)
		for i, line := range strings.Split(strings.TrimSuffix(b.String(), "\r\n"), "\r\n") {
			if i > 0 && !strings.HasPrefix(line, " ") || strings.ContainsAny(line, "\r\n") || i > 0 && strings.TrimSpace(line) == "" {
				t.Errorf("%q wrote %q", value, b.String())
			}
		}
	})
}
