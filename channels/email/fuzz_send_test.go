package email

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"sportello/channels"
	"sportello/channels/email/field"
	"sportello/channels/email/letter"
)

// E-50: whatever an agent, a customer's name or a client puts into a mail, it has the fields that we write and no other, each once, no line
// over 998 octets, CR LF at the end of each, and the recipients of the envelope are none but those named.
func FuzzSend(f *testing.F) {
	f.Add("Re: x", "Anna", "anna@example.test", "ciao", "n.pdf", "a@b", "it")
	f.Add("a\r\nBcc: x@y", "n\r\nX: 1", "a@b>\r\nRCPT TO:<c@d>", ".\r\n..\r\nQUIT\r\n", "\r\nX: 1\".pdf", "a@b>\r\nX: 2", "it\r\nX: 3")
	f.Add("=?utf-8?q?=0D=0ABcc:_x?=", "\u202e\x00\x7f", "città@città.example", "\xff\xfe", "..", "<>", "\u2028")
	f.Add(strings.Repeat("x", 2000), strings.Repeat("é", 400), "a@b.c", strings.Repeat("y", 3000)+"\r", "a.txt", "a@b c", "zz")
	ours := []string{"date", "from", "to", "cc", "reply-to", "subject", "message-id", "in-reply-to", "references", "content-language", "list-id",
		"list-unsubscribe", "list-unsubscribe-post", "x-sportello-id", "mime-version", "content-type", "content-transfer-encoding"}
	f.Fuzz(func(t *testing.T, subject, name, to, text, file, ref, locale string) {
		r := newRig()
		a := New(Config{Account: "mail1", Address: support, IMAP: Server{Host: "x", Port: 1, User: "u", Password: "p"}, SMTP: Server{Host: "x", Port: 1}}, r.deps())
		out := reply(r, t)
		out.Subject, out.From.Name, out.Text, out.Locale, out.ListID = subject, name, text, locale, ref
		out.To = []channels.Address{{Kind: channels.Email, Value: to, Name: name}}
		out.Bcc = []channels.Address{{Kind: channels.Email, Value: "blind@example.test"}}
		out.Parts[0].Name, out.Thread.InReplyTo, out.Thread.References, out.Thread.Token = file, []string{ref}, []string{ref, to}, ref
		out.Unsubscribe = &channels.Unsubscribe{URL: "https://x.it/" + ref, Mail: to}
		recipients, _, err := envelope(out)
		if err != nil {
			return // explained, and nothing is sent
		}
		if want, _ := field.Normal(to); len(recipients) > 2 || recipients[0].address != want {
			t.Fatalf("recipients %q", recipients)
		}
		for _, one := range recipients {
			if strings.ContainsAny(one.address, "\r\n<> ") {
				t.Fatalf("recipient %q", one.address)
			}
		}
		mail, err := a.compose(t.Context(), out)
		if err != nil {
			t.Fatal(err)
		}
		h, _ := field.Split(mail)
		seen := map[string]bool{}
		for _, one := range h {
			if seen[one.Name] || !slices.Contains(ours, one.Name) {
				t.Fatalf("field %q: %q", one.Name, one.Value)
			}
			seen[one.Name] = true
		}
		for line := range bytes.SplitSeq(mail, []byte("\n")) {
			if len(line) > 999 || len(line) > 0 && line[len(line)-1] != '\r' || bytes.Count(line, []byte("\r")) > 1 {
				t.Fatalf("line of %d octets: %.80q", len(line), line)
			}
		}
		if bytes.Contains(mail, []byte("blind@example.test")) {
			t.Fatal("a blind copy shows")
		}
		if m := letter.Read(mail, letter.Reading{}); m.Flaw != "" || len(m.To) > 1 || len(m.Files) > 1 {
			t.Fatalf("%q, to %v, %d files", m.Flaw, m.To, len(m.Files))
		}
	})
}
