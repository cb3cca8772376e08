package report_test

import (
	"fmt"
	"strings"
	"testing"

	"sportello/channels/email/field"
	"sportello/channels/email/part"
	"sportello/channels/email/report"
)

// mailOf parses a sample. Its text is what stands below the header, or the first part's.
func mailOf(raw string) report.Mail {
	raw = strings.ReplaceAll(raw, "\n", "\r\n")
	h, body := field.Split([]byte(raw))
	m := report.Mail{Header: h, Text: strings.ReplaceAll(string(body), "\r\n", "\n"), Own: []string{"support@shop.example"}}
	if strings.Contains(h.Get("content-type"), "multipart") {
		m.Root, m.Text = part.Read(h, []byte(raw), body).Root, ""
	}
	return m
}

func written(r report.Report) string {
	var b strings.Builder
	b.WriteString(strings.TrimSpace(string(r.Kind) + " " + r.Original))
	for _, one := range r.Recipients {
		b.WriteString("\n")
		if one.Guessed {
			b.WriteString("~")
		}
		b.WriteString(one.Recipient + " " + strings.Join(strings.Fields(fmt.Sprint(one.Action, " ", one.Status, " ", one.Server)), " "))
	}
	return b.String()
}

// E-31, E-32, E-34: what is read of reports with fields and of those in dialects.
func TestE32DialectsOfReports(t *testing.T) {
	for _, s := range samples {
		t.Run(s.name, func(t *testing.T) {
			if got := written(report.Read(mailOf(s.mail))); got != s.want {
				t.Errorf("got\n%s\nwant\n%s", got, s.want)
			}
		})
	}
}

// A report may be as large as a stranger likes: what is kept of it is bounded.
func TestE31AReportOfManyRecipients(t *testing.T) {
	var b strings.Builder
	b.WriteString("From: mailer-daemon@mail.example\nSubject: Undelivered\n\n")
	for n := range 20_000 {
		fmt.Fprintf(&b, "<p%d@kunde.example>: 550 5.1.1 user unknown\n", n)
	}
	if n := len(report.Read(mailOf(b.String())).Recipients); n != 500 {
		t.Fatal(n)
	}
}

func FuzzReport(f *testing.F) {
	for _, s := range samples {
		f.Add(s.mail)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		r := report.Read(mailOf(raw))
		if r.Kind == "" && (r.Original != "" || len(r.Recipients) > 0) {
			t.Fatalf("%+v", r)
		}
		if strings.ContainsAny(r.Original, "<> \r\n") || len(r.Recipients) > 500 {
			t.Fatalf("%+v", r)
		}
		for _, one := range r.Recipients {
			if _, ok := field.Normal(one.Recipient); one.Recipient != "" && !ok || one.Recipient == "support@shop.example" && one.Guessed ||
				len(one.Diagnostic) > 600 || strings.ContainsAny(one.Diagnostic, "\r\n\x00") {
				t.Fatalf("%+v", one)
			}
		}
	})
}
