package letter

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"sportello/channels"
)

// multi writes a mail of parts; each part begins with its header lines, an empty line, and its body.
func multi(kind string, parts ...string) []byte {
	body := ""
	for _, p := range parts {
		body += "--b\r\n" + strings.ReplaceAll(p, "\n", "\r\n") + "\r\n"
	}
	return mailOf("From: Anna Rossi <anna@x.it>", "To: Support <support@sportello.test>", "Subject: x", "Content-Type: multipart/"+kind+"; boundary=b", "", body+"--b--")
}

func names(m *Mail) string {
	var all []string
	for _, f := range m.Files {
		all = append(all, fmt.Sprintf("%s|%s|%v", f.Name, f.Type, f.Inline))
	}
	return strings.Join(all, " ")
}

const invitation = "BEGIN:VCALENDAR\nMETHOD:REQUEST\nBEGIN:VEVENT\nUID:1@x.it\nSUMMARY:Riunione\nDTSTART:20261102T100000Z\nEND:VEVENT\nEND:VCALENDAR"

func TestE41CalendarParts(t *testing.T) {
	m := Read(multi("mixed", "Content-Type: multipart/alternative; boundary=c\n\n--c\nContent-Type: text/plain\n\nInvito\n--c\nContent-Type: text/calendar; method=REQUEST\n\n"+invitation+"\n--c--",
		"Content-Type: application/ics; name=\"invito.ics\"\nContent-Disposition: attachment\n\n"+invitation), Reading{})
	if len(m.Details.Calendar) != 1 || m.Details.Calendar[0].Summary != "Riunione" || m.Text != "Invito" || names(m) != "invito.ics|application/ics|false" {
		t.Errorf("%+v %q %s", m.Details.Calendar, m.Text, names(m))
	}
	m = Read(mailOf("From: a@x.it", "Content-Type: text/calendar; method=reply", "", strings.Replace(invitation, "METHOD:REQUEST\n", "", 1)), Reading{})
	if len(m.Details.Calendar) != 1 || m.Details.Calendar[0].Method != "REPLY" || names(m) != "invite.ics|text/calendar|false" {
		t.Errorf("%+v %s", m.Details.Calendar, names(m))
	}
}

func TestE25Forwarded(t *testing.T) {
	inner := "From: =?utf-8?q?Ren=C3=A9e?= <r@y.it>\nSubject: Guasto\nDate: Mon, 2 Nov 2026 10:00:00 +0100\n\nNon va."
	m := Read(multi("mixed", "Content-Type: text/plain\n\nVedi sotto", "Content-Type: message/rfc822\n\n"+inner), Reading{})
	f := m.Details.Forward
	if f == nil || f.How != "attached" || f.From.Value != "r@y.it" || f.From.Name != "Renée" || f.Subject != "Guasto" || f.Date.IsZero() || names(m) != "Guasto.eml|message/rfc822|false" {
		t.Errorf("%+v %s", f, names(m))
	}
	block := "Da: Renée <r@y.it>\nInviato: lunedì 2 novembre 2026 10:00\nA: %s\nOggetto: Guasto\n\nNon va.\n"
	for name, c := range map[string]struct {
		lines []string
		text  string
		want  bool
	}{
		"outlook forward":       {nil, "Da gestire\n\n" + block, true},
		"marked":                {nil, "Ecco\n\n---------- Forwarded message ---------\n" + block, true},
		"answer to the writer":  {[]string{"Cc: r@y.it"}, "Fatto\n\n" + block, false},
		"answer, name only":     {[]string{"Cc: Renée <other@y.it>"}, "Fatto\n\n" + strings.Replace(block, " <r@y.it>", "", 1), false},
		"own mail quoted again": {nil, "Nessuna risposta?\n\n" + strings.Replace(block, "r@y.it", "anna@x.it", 1), false},
		"within an old quote":   {nil, "Grazie\n\nOn Mon, 2 Nov 2026 at 10:00, Support <support@sportello.test> wrote:\n> Ecco\n>\n> ---------- Forwarded message ---------\n> " + strings.ReplaceAll(block, "\n", "\n> "), false},
		"no block":              {nil, "Buongiorno", false},
	} {
		head := append([]string{"From: Anna Rossi <anna@x.it>", "To: support@sportello.test", "Content-Type: text/plain; charset=utf-8"}, c.lines...)
		m := Read(mailOf(append(head, "", strings.ReplaceAll(c.text, "%s", "support@sportello.test"))...), Reading{})
		if got := m.Details.Forward != nil; got != c.want {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
		if f := m.Details.Forward; f != nil && (f.How != "inline" || f.From.Value != "r@y.it" || f.Subject != "Guasto") {
			t.Errorf("%s: %+v", name, f)
		}
	}
}

func TestE42SealedMails(t *testing.T) {
	for name, c := range map[string]struct {
		raw   []byte
		want  string
		text  string
		files string
	}{
		"smime signed": {multi("signed; protocol=\"application/pkcs7-signature\"; micalg=sha-256", "Content-Type: text/plain\n\nCiao", "Content-Type: application/pkcs7-signature; name=smime.p7s\nContent-Disposition: attachment; filename=smime.p7s\nContent-Transfer-Encoding: base64\n\nMIIB"),
			"smime signed ?", "Ciao", ""},
		"pgp signed": {multi("signed; protocol=\"application/pgp-signature\"", "Content-Type: multipart/mixed; boundary=c\n\n--c\n\nCiao\n--c\nContent-Type: application/pdf; name=a.pdf\n\n%PDF-1.4\n--c--", "Content-Type: application/pgp-signature; name=signature.asc\n\n-----BEGIN PGP SIGNATURE-----"),
			"pgp signed ?", "Ciao", "a.pdf|application/pdf|false"},
		"pgp encrypted": {multi("encrypted; protocol=\"application/pgp-encrypted\"", "Content-Type: application/pgp-encrypted\n\nVersion: 1", "Content-Type: application/octet-stream; name=encrypted.asc\n\n-----BEGIN PGP MESSAGE-----"),
			"pgp encrypted damaged", "", "encrypted.asc|application/octet-stream|false"},
		"smime encrypted": {mailOf("From: a@x.it", "Content-Type: application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m", "Content-Transfer-Encoding: base64", "", base64.StdEncoding.EncodeToString([]byte("\x30\x80"+cmsType+"\x03\x00\x00"))),
			"smime encrypted damaged", "", "smime.p7m|application/pkcs7-mime|false"},
		"signed file": {multi("mixed", "\nCiao", "Content-Type: application/pkcs7-mime; name=fattura.xml.p7m\nContent-Disposition: attachment\n\n"+"\x30\x0b"+cmsType+"\x02"),
			"", "Ciao", "fattura.xml.p7m|application/pkcs7-mime|false"},
		"pgp inline": {mailOf("From: a@x.it", "", "-----BEGIN PGP SIGNED MESSAGE-----", "Hash: SHA256", "", "Ciao"), "pgp signed ?", "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\nCiao", ""},
		"plain":      {mailOf("From: a@x.it", "", "Ciao"), "", "Ciao", ""},
	} {
		m := Read(c.raw, Reading{})
		if got := cryptOf(m); got != c.want || m.Text != c.text || names(m) != c.files {
			t.Errorf("%s: %s %q %s", name, got, m.Text, names(m))
		}
	}
}

// cmsType is the object identifier of CMS content types (RFC 5652), but for its last byte.
const cmsType = "\x06\x09\x2A\x86\x48\x86\xF7\x0D\x01\x07"

const pixelPNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="

func TestE39InlineImages(t *testing.T) {
	image := func(more string) string {
		return "Content-Type: image/png; name=i.png\nContent-Transfer-Encoding: base64\n" + more + "\n" + pixelPNG
	}
	html := "Content-Type: text/html\n\n<p>Ecco <img src=\"cid:logo%40x\"> <img src='CID:due'></p>"
	m := Read(multi("related", html, image("Content-ID: <logo@x>\n"), image("Content-ID: <due>\nContent-Disposition: attachment; filename=due.png\n"), image("Content-ID: <tre@x>\n")), Reading{})
	if names(m) != "i.png|image/png|true due.png|image/png|true i.png|image/png|false" {
		t.Error(names(m))
	}
	m = Read(multi("mixed", "Content-Type: text/plain\n\nPrima", image("Content-Disposition: inline; filename=i.png\n"), "Content-Type: text/plain\n\nDopo"), Reading{})
	if names(m) != "i.png|image/png|true" || m.Text != "Prima\n\nDopo" {
		t.Errorf("%s %q", names(m), m.Text)
	}
}

func TestE38TextsOfManyShapes(t *testing.T) {
	for name, c := range map[string]struct {
		raw         []byte
		text, files string
		html        bool
	}{
		"html only":          {mailOf("From: a@x.it", "Content-Type: text/html", "", "<p>Ciao <b>Anna</b></p>"), "Ciao", "", true},
		"plain is blank":     {multi("alternative", "Content-Type: text/plain\n\n \n", "Content-Type: text/html\n\n<p>Ciao</p>"), "Ciao", "", true},
		"several texts":      {multi("mixed", "Content-Type: text/plain\n\nuno", "Content-Type: text/html\n\n<p>due", "\ntre"), "uno\n\ndue\n\ntre", "", true},
		"amp":                {multi("alternative", "Content-Type: text/plain\n\nCiao", "Content-Type: text/x-amp-html\n\n<html amp>", "Content-Type: text/html\n\n<p>Ciao"), "Ciao", "", true},
		"named body":         {mailOf("From: a@x.it", "Content-Type: text/plain; name=body.txt", "", "Ciao"), "Ciao", "", false},
		"text file":          {multi("mixed", "Content-Type: text/plain\n\nCiao", "Content-Type: text/plain; name=note.txt\n\nnota"), "Ciao", "note.txt|text/plain|false", false},
		"only a file":        {mailOf("From: a@x.it", "Content-Type: application/pdf; name=a.pdf", "", "%PDF-1.4"), "", "a.pdf|application/pdf|false", false},
		"uuencoded":          {mailOf("From: a@x.it", "", "Ecco:", "begin 644 cat.txt", "#0V%T", "`", "end", "Ciao"), "Ecco:\nCiao", "cat.txt|application/octet-stream|false", false},
		"alternative in one": {multi("related; type=\"multipart/alternative\"", "Content-Type: multipart/alternative; boundary=c\n\n--c\nContent-Type: text/plain\n\nCiao\n--c\nContent-Type: text/html\n\n<p>Ciao\n--c--"), "Ciao", "", true},
		"flowed":             {mailOf("From: a@x.it", "Content-Type: text/plain; format=flowed; delsp=yes", "", "una pa \r\nrola"), "una parola", "", false},
		"no header":          {[]byte("solo parole\r\n"), "solo parole", "", false},
		"bare CR":            {[]byte("From: a@x.it\nContent-Type: text/plain\n\nuno\rdue"), "uno\ndue", "", false},
	} {
		m := Read(c.raw, Reading{})
		if !strings.HasPrefix(m.Text, c.text) || c.text == "" && m.Text != "" || names(m) != c.files || (m.HTML != "") != c.html {
			t.Errorf("%s: %q %s html %q flaw %q", name, m.Text, names(m), m.HTML, m.Flaw)
		}
	}
}

// E-40: what Outlook wrapped is a mail like any other; what cannot be unpacked can be taken along.
func TestE40Winmail(t *testing.T) {
	attribute := func(level byte, id uint32, value string) string {
		n := len(value)
		return string([]byte{level, byte(id), byte(id >> 8), byte(id >> 16), byte(id >> 24), byte(n), byte(n >> 8), 0, 0}) + value + "\x00\x00"
	}
	data := "\x78\x9f\x3e\x22\x01\x00" + attribute(1, 0x2800C, "Buongiorno\x00") + attribute(2, 0x69002, "") + attribute(2, 0x18010, "a.pdf\x00") + attribute(2, 0x6800F, "%PDF-1.4")
	wrapped := func(data string) []byte {
		return multi("mixed", "Content-Type: application/ms-tnef; name=winmail.dat\nContent-Transfer-Encoding: base64\n\n"+base64.StdEncoding.EncodeToString([]byte(data)))
	}
	if m := Read(wrapped(data), Reading{}); m.Text != "Buongiorno" || names(m) != "a.pdf|application/pdf|false" || m.Flaw != "" {
		t.Errorf("%q %s %q", m.Text, names(m), m.Flaw)
	}
	if m := Read(wrapped("broken"), Reading{}); names(m) != "winmail.dat|application/ms-tnef|false" || m.Flaw == "" {
		t.Errorf("%s %q", names(m), m.Flaw)
	}
}

func TestE47ReplyToDiffers(t *testing.T) {
	for reply, want := range map[string]bool{"other@evil.test": true, "desk@x.it": false, "a@mail.x.it": false, "": false, "a@notx.it": true} {
		m := Read(mailOf("From: a@x.it", "Reply-To: "+reply, "", "x"), Reading{})
		if got := strings.Join(m.Details.Warnings, " ") == "reply_to_differs"; got != want {
			t.Errorf("%q: %v", reply, m.Details.Warnings)
		}
	}
}

func TestListSpamAndTag(t *testing.T) {
	for line, want := range map[string]string{
		"List-Id: Notizie <News.x.it>": "true false  news.x.it", "List-Unsubscribe: <https://x>": "true false  ", "Precedence: list": "true false  ",
		"Precedence: bulk": "false false  ", "X-Spam-Flag: YES": "false true  ", "X-Spam-Status: No, score=1": "false false  ",
		"X-Spam-Status: Yes, score=9": "false true  ", "X-MS-Exchange-Organization-SCL: 6": "false true  ", "X-MS-Exchange-Organization-SCL: -1": "false false  ",
		"X-Forefront-Antispam-Report: CIP:1.2.3.4;SCL:9;X": "false true  ", "X-Forefront-Antispam-Report: SCL:1": "false false  ",
		"Subject: Re: ordine [#17]": "false false 17 ", "Subject: [JIRA] x #3": "false false  ",
	} {
		m := Read(mailOf("From: a@x.it", line, "", "x"), Reading{})
		if got := fmt.Sprint(m.List, " ", m.Spam, " ", m.Thread.Tag, " ", m.Details.ListID); got != want {
			t.Errorf("%s: %q, want %q", line, got, want)
		}
	}
}

// E-44: what is folded are whole lines of the text.
func TestE44FoldsFit(t *testing.T) {
	m := Read(mailOf("From: a@x.it", "", "Grazie!", "", "On Mon, 2 Nov 2026 at 09:00, Support <support@sportello.test> wrote:", "> Fatto"), Reading{})
	if len(m.Details.Folds) != 1 || m.Details.Folds[0].Kind != channels.FoldQuote || !strings.HasPrefix(m.Text[m.Details.Folds[0].From:], "On Mon") {
		t.Errorf("%+v", m.Details.Folds)
	}
}
