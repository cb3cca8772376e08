package letter

import (
	"strings"
	"testing"

	"sportello/channels"
)

const inner = "From: Anna Rossi <anna@example.org>\r\nTo: <sales@shop.example>\r\nSubject: Ordine 17\r\nDate: Mon, 02 Nov 2026 10:00:00 +0100\r\n" +
	"Message-ID: <orig@example.org>\r\nIn-Reply-To: <other@shop.example>\r\nAuto-Submitted: auto-replied\r\nX-Sportello-Id: row\r\n" +
	"Authentication-Results: mx.shop.example; dmarc=pass header.from=example.org\r\nContent-Type: text/plain\r\n\r\nDov'e il pacco?\r\n"

// forwarding is a mail of a colleague in which a boundary separates parts.
func forwarding(parts ...string) []byte {
	head := "From: Marco <marco@shop.example>\r\nTo: <support@shop.example>\r\nSubject: WG: Ordine 17\r\nMIME-Version: 1.0\r\n" +
		"Message-ID: <fwd@shop.example>\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
	for _, p := range parts {
		head += "--b\r\n" + p + "\r\n"
	}
	return []byte(head + "--b--\r\n")
}

// E-25: the original of a mail that is passed on is read as it is, but nothing that it says of itself counts.
func TestE25OriginalIsReadAndProvesNothing(t *testing.T) {
	r := Reading{Own: []string{"support@shop.example"}, AuthServs: []string{"mx.shop.example"}}
	attached := Read(forwarding("Content-Type: text/plain\r\n\r\nDa gestire", "Content-Type: message/rfc822\r\n\r\n"+inner), r)
	o := attached.Original(r.Own)
	if o == nil {
		t.Fatal("no original of an attached mail")
	}
	if o.From.Value != "anna@example.org" || o.Subject != "Ordine 17" || o.Text != "Dov'e il pacco?" || o.Date.IsZero() || o.Thread.MessageID != "orig@example.org" ||
		!strings.HasPrefix(string(o.Raw()), "From: Anna") {
		t.Errorf("%+v", o)
	}
	if o.Proof != channels.ProofNone || o.Ours || o.Auto != channels.AutoNone || o.Details.Trust != nil || len(o.Thread.InReplyTo) > 0 || o.Thread.Token != "" ||
		strings.Join(o.Details.Warnings, " ") != "passed_on" {
		t.Errorf("it is believed: %+v %+v", o.Thread, o.Details)
	}
	file := "Content-Type: application/pdf; name=a.pdf\r\nContent-Disposition: attachment\r\n\r\n%PDF-1.4"
	inline := Read(forwarding("Content-Type: text/plain; charset=utf-8\r\n\r\nEccola\r\n\r\nInizio messaggio inoltrato:\r\n\r\n> Da: Anna Rossi <anna@example.org>\r\n"+
		"> Oggetto: Ordine 17\r\n> Data: 2 novembre 2026 alle ore 10:00:00 CET\r\n> A: b@x.it\r\n> \r\n> Ciao\r\n> > prima", file), r)
	o = inline.Original(r.Own)
	if o == nil || o.From.Value != "anna@example.org" || o.Subject != "Ordine 17" || o.Text != "Ciao\n> prima" || len(o.Files) != 1 || o.Raw() != nil ||
		o.Thread.MessageID != "" || o.Date.Hour() != 9 {
		t.Errorf("%+v", o)
	}
}

// E-25: the original of a mail that is passed on within HTML has that HTML, without the note above it, and clean.
func TestE25OriginalInHTML(t *testing.T) {
	raw := "From: Marco <marco@shop.example>\r\nTo: <support@shop.example>\r\nContent-Type: text/html; charset=utf-8\r\n\r\n" +
		`<p>Da gestire</p><div class="gmail_quote"><div class="gmail_attr">---------- Forwarded message ---------<br>Da: <strong>Anna Rossi</strong> &lt;<a href="mailto:anna@example.org">anna@example.org</a>&gt;<br>` +
		`Date: lun 2 nov 2026 alle ore 10:00<br>Subject: Ordine 17<br>To: &lt;b@x.it&gt;<br></div><br><p onclick="x()">Dov'è il <b>pacco</b>?</p><script>x()</script></div>`
	o := Read([]byte(raw), Reading{}).Original(nil)
	if o == nil || o.Text != "Dov'è il pacco?" || !strings.Contains(o.HTML, "il <b>pacco</b>?</p>") || strings.Contains(o.HTML, "gestire") || strings.Contains(o.HTML, "Ordine 17") || strings.Contains(o.HTML, "x()") {
		t.Errorf("%+v", o)
	}
}

// E-25: there is no original of a mail that is none, of one whose sender has no address, and of one that we wrote.
func TestE25NoOriginal(t *testing.T) {
	own := []string{"support@shop.example"}
	for name, raw := range map[string][]byte{
		"no forward":  forwarding("Content-Type: text/plain\r\n\r\nBuongiorno"),
		"no address":  forwarding("Content-Type: text/plain\r\n\r\n---------- Forwarded message ---------\r\nFrom: Anna Rossi\r\nDate: Mon, 2 Nov 2026 at 10:00\r\nSubject: x\r\nTo: <b@x.it>\r\n\r\nCiao"),
		"we wrote it": forwarding("Content-Type: message/rfc822\r\n\r\n" + strings.Replace(inner, "anna@example.org", own[0], 1)),
	} {
		if o := Read(raw, Reading{Own: own}).Original(own); o != nil {
			t.Errorf("%s: %+v", name, o)
		}
	}
}

// FuzzOriginal: whatever is passed on, reading it neither panics nor believes anything.
func FuzzOriginal(f *testing.F) {
	f.Add(forwarding("Content-Type: message/rfc822\r\n\r\n" + inner))
	f.Add([]byte("From: a@b.it\r\nTo: c@d.it\r\n\r\nFwd\n\n-----Original Message-----\nFrom: x@y.it\nSent: 2026-11-02\nTo: z@y.it\nSubject: s\n\n> a\n"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		o := Read(raw, Reading{Own: []string{"support@shop.example"}}).Original(nil)
		if o != nil && (o.Proof != channels.ProofNone || o.From.Value == "" || o.Thread.Token != "" || o.Ours) {
			t.Errorf("%+v", o)
		}
	})
}
