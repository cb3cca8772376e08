package email

import (
	"strings"
	"testing"
	"time"

	"sportello/channels"
)

func mailOf(lines ...string) []byte { return []byte(strings.Join(lines, "\r\n") + "\r\n") }

// E-37 and the spoofs that general parsers fall for: who is the sender?
func TestE37FromIsTheLastAngleAddress(t *testing.T) {
	for _, c := range []struct {
		from        string
		value, name string
		plain       bool
	}{
		{`Mario Rossi <m@r.it>`, "m@r.it", "Mario Rossi", true},
		{`foo@bar.it <m@r.it>`, "m@r.it", "foo@bar.it", true},
		{`"foo@bar.it" <m@r.it>`, "m@r.it", "foo@bar.it", true},
		{`"a <fake@x.it>" <m@r.it>`, "m@r.it", "a <fake@x.it>", true},
		{`<fake@x.it> <m@r.it>`, "m@r.it", "<fake@x.it>", false},
		{`fake@x.it, m@r.it`, "m@r.it", "", false},
		{`Rossi, Mario <m@r.it>`, "m@r.it", "Rossi, Mario", true},
		{`<m.@docomo.ne.jp>`, "m.@docomo.ne.jp", "", true},
		{`M@R.IT (Mario Rossi)`, "m@r.it", "Mario Rossi", true},
		{`MAILER-DAEMON`, "", "MAILER-DAEMON", false},
		{`<>`, "", "", false},
		{``, "", "", false},
		{`=?utf-8?q?Citt=C3?= =?utf-8?q?=A0?= <m@r.it>`, "m@r.it", "Città", true},
		{`"=?utf-8?B?Q2l0dMOg?=" <m@r.it>`, "m@r.it", "Città", true},
		{"\"evil\u202Emoc.knab@x\" <m@r.it>", "m@r.it", "evilmoc.knab@x", true},
		{`Anna <anna@città.it>`, "anna@xn--citt-3na.it", "Anna", true},
		{`Jörg <jörg@example.it>`, "jörg@example.it", "Jörg", true},
		{`<@relay.it,@b.it:m@r.it>`, "m@r.it", "", true},
		{`a@b@c.it`, "", "", false},
		{`"unclosed <m@r.it>`, "m@r.it", `"unclosed`, true},
	} {
		from, plain := parseFrom([]string{c.from})
		if from.Value != c.value || from.Name != c.name || plain != c.plain {
			t.Errorf("%s: %q %q %v, want %q %q %v", c.from, from.Value, from.Name, plain, c.value, c.name, c.plain)
		}
	}
	if _, plain := parseFrom([]string{"a@b.it", "c@d.it"}); plain {
		t.Error("two From fields vouch for a sender")
	}
}

func TestE37AddressLists(t *testing.T) {
	got := parseAddresses([]string{`Team: "Rossi, M." <m@r.it>, b@x.it (Bi, anche), M@R.IT; c@x.it, not an address, <d@x.it>`})
	var values []string
	for _, a := range got {
		values = append(values, a.Value)
	}
	if s := strings.Join(values, " "); s != "m@r.it b@x.it c@x.it d@x.it" || got[0].Name != "Rossi, M." || got[1].Name != "Bi, anche" {
		t.Errorf("%+v", got)
	}
}

func TestE17MalformedMessageIDs(t *testing.T) {
	for value, want := range map[string]string{
		"<a@b>": "a@b", " <a@b> ": "a@b", "a@b": "", "<a@@b>": "", "<a b@c>": "", "<>": "", "": "", "<@b>": "", "<a@>": "", "<ab>": "",
		"<" + strings.Repeat("a", 1000) + "@b>": "", "<A@B>": "A@B", "<a\x01@b>": "", "<a@b> <c@d>": "",
	} {
		if got := messageID(value); got != want {
			t.Errorf("%.60q: %q, want %q", value, got, want)
		}
	}
}

// REQ-TH1: mails without a usable Message-ID are told apart, and are the same only to the last byte.
func TestREQTH1SyntheticIDs(t *testing.T) {
	one := Read(mailOf("From: a@x.it", "Message-ID: <>", "", "one"), Reading{})
	two := Read(mailOf("From: a@x.it", "Message-ID: <>", "", "two"), Reading{})
	if one.External == two.External || one.External == "" || one.Thread.MessageID != "" {
		t.Errorf("%q %q", one.External, two.External)
	}
	if again := Read(mailOf("From: a@x.it", "Message-ID: <>", "", "one"), Reading{}); again.External != one.External {
		t.Error("the same bytes have two ids")
	}
}

func TestE20ReferencesAndSeveralInReplyTo(t *testing.T) {
	m := Read(mailOf("From: a@x.it", "In-Reply-To: Your mail of Monday <a@b>\r\n\t<c@d> (comment)", "References: <1@x> <2@x>,<2@x>\r\n <bad> <3@x", "", "x"), Reading{})
	if got := strings.Join(m.Thread.InReplyTo, " "); got != "a@b c@d" {
		t.Errorf("in-reply-to %q", got)
	}
	if got := strings.Join(m.Thread.References, " "); got != "1@x 2@x" {
		t.Errorf("references %q", got)
	}
}

func TestE19TokenFromAnyAddressOfOurs(t *testing.T) {
	own := Reading{Own: []string{"support@sportello.test", "help+it@sportello.test"}}
	for header, want := range map[string]string{
		"To: Support+AB23.cd@Sportello.TEST":                      "ab23.cd",
		"Cc: x@y.it, \"Us\" <support+k@sportello.test>":           "k",
		"Delivered-To: support+k@sportello.test":                  "k",
		"X-Original-To: help+it+k@sportello.test":                 "k",
		"To: support+k@other.test":                                "",
		"To: sales+k@sportello.test":                              "",
		"To: support@sportello.test":                              "",
		"To: support+a_b@sportello.test":                          "",
		"To: support+@sportello.test":                             "",
		"To: \"support+k@sportello.test\" <mallory@example.test>": "",
	} {
		if m := Read(mailOf("From: a@x.it", header, "", "x"), own); m.Thread.Token != want {
			t.Errorf("%s: %q, want %q", header, m.Thread.Token, want)
		}
	}
}

func TestE27Classification(t *testing.T) {
	own := Reading{Own: []string{support}}
	for _, c := range []struct {
		headers []string
		want    channels.Auto
	}{
		{[]string{"From: a@x.it"}, channels.AutoNone},
		{[]string{"From: a@x.it", "Auto-Submitted: no"}, channels.AutoNone},
		{[]string{"From: a@x.it", "Auto-Submitted: auto-replied (vacation)"}, channels.AutoReply},
		{[]string{"From: a@x.it", "Auto-Submitted: AUTO-GENERATED; x=y"}, channels.AutoGenerated},
		{[]string{"From: a@x.it", "Precedence: bulk"}, channels.AutoList},
		{[]string{"From: a@x.it", "Precedence: auto_reply"}, channels.AutoReply},
		{[]string{"From: a@x.it", "List-Unsubscribe: <https://x>"}, channels.AutoList},
		{[]string{"From: a@x.it", "X-Auto-Response-Suppress: DR, OOF"}, channels.AutoGenerated},
		{[]string{"From: a@x.it", "X-Auto-Response-Suppress: DR, RN"}, channels.AutoNone},
		{[]string{"From: a@x.it", "X-Autoreply: yes"}, channels.AutoReply},
		{[]string{"From: a@x.it", "Return-Path: <>"}, channels.AutoGenerated},
		{[]string{"From: a@x.it", "Return-Path: <a@x.it>"}, channels.AutoNone},
		{[]string{"From: Mail Delivery Subsystem <MAILER-DAEMON@x.it>"}, channels.AutoBounce},
		{[]string{"From: no-reply@x.it"}, channels.AutoGenerated},
		{[]string{"From: noreply-maps@x.it"}, channels.AutoGenerated},
		{[]string{"From: lista-request@x.it"}, channels.AutoGenerated},
		{[]string{"From: " + support}, channels.AutoGenerated},
		{[]string{"From: a@x.it", "Content-Type: multipart/report; report-type=disposition-notification; boundary=b"}, channels.AutoReceipt},
	} {
		if m := Read(mailOf(append(c.headers, "", "x")...), own); m.Auto != c.want {
			t.Errorf("%v: %q, want %q", c.headers, m.Auto, c.want)
		}
	}
}

func TestE18OwnMailComesBack(t *testing.T) {
	own := Reading{Own: []string{support}}
	for _, c := range []struct {
		headers []string
		want    bool
	}{
		{[]string{"From: Lucia <" + support + ">", "X-Sportello-Id: 1"}, true},
		{[]string{"From: " + support, "Message-ID: <1@sportello.test>"}, true},
		{[]string{"From: " + support, "Message-ID: <1@other.test>"}, false},
		{[]string{"From: a@x.it", "X-Sportello-Id: 1"}, false}, // another instance, or somebody's trick
	} {
		if m := Read(mailOf(append(c.headers, "", "x")...), own); m.Ours != c.want {
			t.Errorf("%v: %v", c.headers, m.Ours)
		}
	}
}

func TestE46ProofNeedsTheTopmostFieldOfOurServer(t *testing.T) {
	trusted := Reading{AuthServs: []string{"mx.sportello.test"}}
	pass := "Authentication-Results: mx.sportello.test; dkim=pass header.d=x.it; dmarc=pass header.from=x.it"
	for _, c := range []struct {
		headers []string
		want    channels.Proof
	}{
		{[]string{pass, "From: a@x.it"}, channels.ProofProvider},
		{[]string{"Authentication-Results: mx.sportello.test; dmarc=fail header.from=x.it", pass, "From: a@x.it"}, channels.ProofNone},
		{[]string{"Authentication-Results: mx.evil.test; dmarc=pass header.from=x.it", "From: a@x.it"}, channels.ProofNone},
		{[]string{"Authentication-Results: mx.evil.test; spf=pass", pass, "From: a@x.it"}, channels.ProofNone},
		{[]string{pass, "From: a@y.it"}, channels.ProofNone},
		{[]string{pass, "From: a@x.it", "From: b@x.it"}, channels.ProofNone},
		{[]string{pass, "From: a@x.it, b@x.it"}, channels.ProofNone},
		{[]string{"From: a@x.it"}, channels.ProofNone},
	} {
		if m := Read(mailOf(append(c.headers, "", "x")...), trusted); m.Proof != c.want {
			t.Errorf("%v: %d, want %d", c.headers, m.Proof, c.want)
		}
	}
	if m := Read(mailOf(pass, "From: a@x.it", "", "x"), Reading{}); m.Proof != channels.ProofNone {
		t.Error("proof without a trusted server")
	}
}

// E-38: what would hold the parser for ever is kept, shown by its headers and marked.
func TestE38BombsAreKeptUnparsed(t *testing.T) {
	var nested strings.Builder
	nested.WriteString("From: a@x.it\r\nSubject: bomba\r\nMessage-ID: <b@x.it>\r\n")
	for i := range 40 {
		b := strings.Repeat("b", i+1)
		nested.WriteString("Content-Type: multipart/mixed; boundary=" + b + "\r\n\r\n--" + b + "\r\n")
	}
	for name, raw := range map[string][]byte{
		"nested": []byte(nested.String()),
		"parts":  []byte("From: a@x.it\r\nSubject: bomba\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n" + strings.Repeat("--b\r\n\r\nx\r\n", 100_000)),
		"header": []byte("From: a@x.it\r\nSubject: bomba\r\n" + strings.Repeat("X-A: b\r\n", 200_000) + "\r\nx"),
	} {
		start := time.Now()
		m := Read(raw, Reading{})
		if took := time.Since(start); took > 2*time.Second {
			t.Errorf("%s took %v", name, took)
		}
		if m.Flaw == "" || m.From.Value != "a@x.it" || m.Subject != "bomba" || m.External == "" {
			t.Errorf("%s: %q %+v %q", name, m.Flaw, m.From, m.Subject)
		}
	}
}

// E-38: nothing that a stranger can put into a megabyte makes the reader slow.
func TestE38HardMailsAreQuick(t *testing.T) {
	head := "From: a@x.it\r\n"
	page := head + "Content-Type: text/html\r\n\r\n"
	for name, raw := range map[string]string{
		"folds":      head + "Subject: x\r\n" + strings.Repeat(" x\r\n", 250_000) + "\r\nx",
		"words":      head + "Subject: " + strings.Repeat("=?utf-8?q?a?= ", 70_000) + "\r\n\r\nx",
		"addresses":  head + "To: " + strings.Repeat("a@x.it, ", 100_000) + "\r\n\r\nx",
		"angles":     "From: " + strings.Repeat("<", 900_000) + "\r\n\r\nx",
		"references": head + "References: " + strings.Repeat("<a@b", 200_000) + "\r\n\r\nx",
		"nesting":    page + strings.Repeat("<div>", 200_000) + "parole",
		"formatting": page + strings.Repeat("<b><p>parole", 10_000),
		"attributes": page + "<p " + strings.Repeat("a=1 ", 100_000) + ">parole",
		"parts":      head + "Content-Type: multipart/mixed; boundary=b\r\n\r\n" + strings.Repeat("--b\r\n\r\nx\r\n", 4900),
		"recipients": head + "Content-Type: multipart/report; boundary=b\r\n\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\n" +
			strings.Repeat("Action: failed\r\n\r\n", 60_000),
	} {
		start := time.Now()
		m := Read([]byte(raw), Reading{Own: []string{support}})
		if took := time.Since(start); took > 5*time.Second {
			t.Errorf("%s took %v", name, took)
		}
		if strings.HasPrefix(raw, page) && !strings.Contains(m.Text, "parole") {
			t.Errorf("%s: text %.100q, flaw %q", name, m.Text, m.Flaw)
		}
	}
}

func TestE07TooLargeIsAStub(t *testing.T) {
	raw := letter("big@example.test", "grande", "comincia")
	m := Read(raw, Reading{Cut: true, Size: 60 << 20})
	if m.Flaw == "" || m.Subject != "grande" || m.External == Read(raw, Reading{}).External {
		t.Errorf("%q %q %q", m.Flaw, m.Subject, m.External)
	}
}

func TestE45NamesAreSafe(t *testing.T) {
	for name, want := range map[string]string{
		"fattura.pdf": "fattura.pdf", "../../etc/passwd": "passwd", `C:\Windows\x.exe`: "x.exe", "": "attachment-3.pdf", "..": "attachment-3.pdf",
		".htaccess": "htaccess", "a\x00b\r\n.pdf": "ab .pdf", `say "hi".pdf`: "say _hi_.pdf", "gpj.\u202Eexe": "gpj.exe",
		"=?utf-8?q?citt=C3=A0.pdf?=": "città.pdf", strings.Repeat("x", 300) + ".pdf": strings.Repeat("x", 116) + ".pdf",
	} {
		if got := safeName(name, "application/pdf", 3); got != want {
			t.Errorf("%q: %q, want %q", name, got, want)
		}
	}
	for _, c := range []struct{ data, stated, want string }{
		{"%PDF-1.4", "application/octet-stream", "application/pdf"},
		{"<html><script>", "image/png", "text/html"},
		{"PK\x03\x04", "application/vnd.openxmlformats-officedocument.wordprocessingml.document", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"},
		{"BEGIN:VCALENDAR", "text/calendar", "text/calendar"},
		{"plain words", "image/jpeg", "text/plain"},
		{"\x89PNG\x0D\x0A\x1A\x0A", "image/png", "image/png"},
		{"x\x00", "bogus", "application/octet-stream"},
	} {
		if got := sniff([]byte(c.data), c.stated); got != c.want {
			t.Errorf("%q as %s: %s, want %s", c.data, c.stated, got, c.want)
		}
	}
}

func TestE36Charsets(t *testing.T) {
	for _, c := range []struct{ bytes, label, want string }{
		{"100 \x80 \x93ciao\x94", "iso-8859-1", "100 € “ciao”"},
		{"citt\xe0", "", "città"},
		{"citt\xe0", "us-ascii", "città"},
		{"citt\xc3\xa0", "iso-8859-1", "città"},
		{"citt\xc3\xa0", "x-unknown", "città"},
		{"citt\xe0 a", "utf-8", "citt\uFFFD a"},
		{"\xd6\xd0\xce\xc4", "gb2312", "中文"},
		{"\x1b$B%F%9%H\x1b(B", "iso-2022-jp", "テスト"},
		{"\xd0\xd2\xc9\xd7\xc5\xd4", "koi8-r", "привет"},
		{"\x83e\x83X\x83g", "Shift_JIS", "テスト"},
		{"a\x00b\r\nc\rd", "utf-8", "ab\nc\nd"},
		{"ok", `"charset=utf-8"`, "ok"},
	} {
		if got := decodeText([]byte(c.bytes), c.label); got != c.want {
			t.Errorf("%q as %q: %q, want %q", c.bytes, c.label, got, c.want)
		}
	}
}

func TestE38FormatFlowed(t *testing.T) {
	got := unflow("Una riga \nche continua.\n> citata \n> ancora\n-- \nfirma", "text/plain; format=flowed")
	if want := "Una riga che continua.\n> citata ancora\n-- \nfirma"; got != want {
		t.Errorf("%q", got)
	}
}
