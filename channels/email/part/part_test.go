package part

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"sportello/channels/email/field"
)

func read(lines ...string) Tree {
	raw := []byte(strings.Join(lines, "\r\n"))
	h, body := field.Split(raw)
	return Read(h, raw, body)
}

// shape writes a tree in one line: types, names and contents.
func shape(p *Part) string {
	if len(p.Children) == 0 {
		return fmt.Sprintf("%s%q", p.Type, p.Data)
	}
	var all []string
	for _, c := range p.Children {
		all = append(all, shape(c))
	}
	return p.Type + "(" + strings.Join(all, " ") + ")"
}

func TestE38Shapes(t *testing.T) {
	for name, c := range map[string]struct {
		lines []string
		want  string
	}{
		"alternative": {[]string{"Content-Type: multipart/alternative; boundary=b", "", "preamble", "--b", "Content-Type: text/plain", "", "a", "--b", "Content-Type: text/html", "", "<p>a", "--b--", "epilogue"},
			`multipart/alternative(text/plain"a" text/html"<p>a")`},
		"no end boundary":   {[]string{"Content-Type: multipart/mixed; boundary=b", "", "--b", "", "a", "--b", "", "c"}, `multipart/mixed("a" "c")`},
		"nested not closed": {[]string{"Content-Type: multipart/mixed; boundary=b", "", "--b", "Content-Type: multipart/related; boundary=bb", "", "--bb", "", "a", "--b", "", "c", "--b--"}, `multipart/mixed(multipart/related("a") "c")`},
		"no boundary named": {[]string{"Content-Type: multipart/mixed", "", "--xyz", "Content-Type: text/plain", "", "a", "--xyz--"}, `multipart/mixed(text/plain"a")`},
		"wrong boundary":    {[]string{"Content-Type: multipart/mixed; boundary=abc", "", "--xyz", "Content-Type: text/plain", "", "a", "--xyz--"}, `multipart/mixed(text/plain"a")`},
		"no boundary lines": {[]string{"Content-Type: multipart/mixed; boundary=b", "", "Only words", "-- ", "Anna"}, `"Only words\r\n-- \r\nAnna"`},
		"boundary is a prefix": {[]string{"Content-Type: multipart/mixed; boundary=b", "", "--b", "", "--bc", "a", "--b --", "--b-- "},
			`multipart/mixed("--bc\r\na\r\n--b --")`},
		"blanks behind":     {[]string{"Content-Type: multipart/mixed; boundary=\"b \"", "", "--b \t", "", "a", "--b--  "}, `multipart/mixed("a")`},
		"empty parts":       {[]string{"Content-Type: multipart/mixed; boundary=b", "", "--b", "--b", "", "--b", "", "a", "--b--"}, `multipart/mixed("a")`},
		"part is only text": {[]string{"Content-Type: multipart/mixed; boundary=b", "", "--b", "Ciao Anna: eccomi", "riga", "--b--"}, `multipart/mixed("Ciao Anna: eccomi\r\nriga")`},
		"after the end":     {[]string{"Content-Type: multipart/mixed; boundary=b", "", "--b", "", "a", "--b--", "", "--b", "", "c", "--b--"}, `multipart/mixed("a" "c")`},
		"digest":            {[]string{"Content-Type: multipart/digest; boundary=b", "", "--b", "", "Subject: x", "--b--"}, `multipart/digest(message/rfc822"Subject: x")`},
		"same boundary":     {[]string{"Content-Type: multipart/mixed; boundary=b", "", "--b", "Content-Type: multipart/alternative; boundary=b", "", "--b", "", "a", "--b--"}, `multipart/mixed("" "a")`},
		"no semicolon":      {[]string{"Content-Type: multipart/mixed boundary=\"b\"", "", "--b", "", "a", "--b--"}, `multipart/mixed("a")`},
		"bare LF":           {[]string{"Content-Type: multipart/mixed; boundary=b\n\n--b\n\na\n--b--\n"}, `multipart/mixed("a")`},
		"empty multipart":   {[]string{"Content-Type: multipart/mixed; boundary=b", "", ""}, `""`},
	} {
		tree := read(c.lines...)
		if got := shape(tree.Root); got != c.want || tree.Flaw != "" {
			t.Errorf("%s: %s (%s), want %s", name, got, tree.Flaw, c.want)
		}
	}
}

func TestE38TransferEncodings(t *testing.T) {
	for name, c := range map[string]struct{ encoding, body, want string }{
		"junk":            {"base64", "QnVv*bmdpb3Ju!!bw==\r\n***\r\n", "Buongiorno"},
		"no padding":      {"BASE64", "QnVvbmdpb3Jubw", "Buongiorno"},
		"two stretches":   {"base64", "QnVv\r\nbg==\r\nZ2lvcm5v", "Buongiorno"},
		"footer":          {"base64", "QnVvbmdpb3Jubw==\r\n\r\n-- \r\nlist footer here\r\n", "Buongiorno"},
		"url alphabet":    {"base64", "_-__", "\xff\xef\xff"},
		"words":           {"base64", "Buongiorno a tutti\r\nuna mail come le altre\r\n", "Buongiorno a tutti\r\nuna mail come le altre\r\n"},
		"quoted":          {"quoted-printable (x)", "citt=C3=A0 =\r\nper=e0  \r\na=b =3D\r\n", "città per\xe0\r\na=b =\r\n"},
		"quoted at end":   {"quoted-printable", "a=", "a"},
		"unknown":         {"utf-8", "come=20è", "come=20è"},
		"uuencode":        {"x-uuencode", "begin 644 a.txt\n#0V%T\n`\nend\n", "Cat"},
		"with semicolon":  {"base64;", "Q2lhbw==", "Ciao"},
		"quoted encoding": {`"base64"`, "Q2lhbw==", "Ciao"},
	} {
		tree := read("Content-Type: text/plain", "Content-Transfer-Encoding: "+c.encoding, "", c.body)
		if got := string(tree.Root.Data); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func TestE37Parameters(t *testing.T) {
	for stated, want := range map[string]string{
		`attachment; filename="fattura \"n. 1\".pdf"`:                                `fattura "n. 1".pdf`,
		`attachment; filename=fattura uno.pdf`:                                       `fattura uno.pdf`,
		`attachment; filename*=UTF-8''citt%C3%A0.pdf; filename="citta.pdf"`:          `città.pdf`,
		`attachment; filename*0="prima "; filename*1="seconda.pdf"`:                  `prima seconda.pdf`,
		`attachment; filename*1*=%C3%A0.pdf; filename*0*=utf-8'it'citt`:              `città.pdf`,
		`attachment; filename*0*=utf-8''citt%C3; filename*1*=%A0; filename*2=".pdf"`: `città.pdf`,
		`attachment; filename*=iso-8859-1'en'%A3%20rates.txt`:                        `£ rates.txt`,
		`attachment; filename="=?utf-8?Q?citt=C3=A0.pdf?="`:                          `città.pdf`,
		`attachment; filename="=?utf-8?B?Y2l0?= =?utf-8?B?dMOgLnBkZg==?="`:           `città.pdf`,
		`attachment (a comment; filename=no.pdf); filename=yes.pdf`:                  `yes.pdf`,
		`attachment; filename=report (1).pdf`:                                        `report (1).pdf`,
		"attachment; filename=\"citt\xe0.pdf\"":                                      `città.pdf`,
		`attachment; filename="C:\Documenti\x.pdf"`:                                  `C:\Documenti\x.pdf`,
		`attachment; FILENAME='a.pdf'; filename=b.pdf`:                               `a.pdf`,
		`attachment; filename="unclosed.pdf; size=3`:                                 `unclosed.pdf`,
		`attachment; filename="a;b=c.pdf"`:                                           `a;b=c.pdf`,
		`filename=alone.pdf`:                                                         `alone.pdf`,
		`attachment; filename*x=a.pdf`:                                               ``,
		`attachment; filename*=utf-8''100%25%zz.pdf`:                                 `100%25%zz.pdf`,
	} {
		tree := read("Content-Type: application/pdf", "Content-Disposition: "+stated, "", "x")
		if tree.Root.Name != want {
			t.Errorf("%s: %q, want %q", stated, tree.Root.Name, want)
		}
	}
	for stated, want := range map[string]string{
		"text": "text/plain", "HTML": "text/html", "text/plain charset=utf-8": "text/plain", "text/plain (x); charset=a": "text/plain",
		"Text / HTML; charset=a": "text/html", ";;": "", "charset=utf-8": "", `"text/html"`: "text/html",
	} {
		if kind, _ := MediaType(stated); kind != want {
			t.Errorf("%q: %q, want %q", stated, kind, want)
		}
	}
}

func TestE38UnpackedFiles(t *testing.T) {
	files, rest := Unpack([]byte("Ecco:\r\nbegin 644 gatto nero.txt\r\n#0V%T\r\n`\r\nend\r\nCiao\r\n=ybegin line=128 size=3 name=a.bin\r\n\x8c=}\x8d\r\n=yend size=3\r\nbegin the day\r\n"))
	if len(files) != 2 || files[0].Name != "gatto nero.txt" || string(files[0].Data) != "Cat" || string(files[1].Data) != "b\x13c" {
		t.Errorf("%q", files)
	}
	if string(rest) != "Ecco:\r\nCiao\r\nbegin the day\r\n" {
		t.Errorf("%q", rest)
	}
	if files, rest := Unpack([]byte("begin 644 x\nnever ends\n")); files != nil || string(rest) != "begin 644 x\nnever ends\n" {
		t.Errorf("%q %q", files, rest)
	}
}

// E-38: levels and parts are bounded, and what is never closed costs no more than what is.
func TestE38Bounds(t *testing.T) {
	var nested, guess strings.Builder
	for i := range 3000 {
		fmt.Fprintf(&nested, "Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n", i, i)
	}
	many := "Content-Type: multipart/mixed; boundary=b\r\n\r\n" + strings.Repeat("--b\r\n\r\nx\r\n", 100_000)
	guess.WriteString("Content-Type: multipart/mixed\r\n\r\n")
	for i := range 100_000 {
		fmt.Fprintf(&guess, "--x%d\r\n\r\n", i)
	}
	for name, raw := range map[string]string{"nested": nested.String(), "many": many, "guess": guess.String(),
		"quotes": "Content-Type: a; b=" + strings.Repeat(`"`, 500_000) + "\r\n\r\n", "names": "Content-Type: a; " + strings.Repeat("name=", 200_000) + "\r\n\r\n",
		"begin": "\r\n" + strings.Repeat("begin 644 x\nM\n=ybegin name=a\n", 30_000)} {
		start := time.Now()
		h, body := field.Split([]byte(raw))
		tree := Read(h, []byte(raw), body)
		n := 0
		tree.Root.Walk(func(p *Part) bool { n++; Unpack(p.Data); return true })
		if took := time.Since(start); took > time.Second || n > Most || (name == "nested" || name == "many") && tree.Flaw == "" {
			t.Errorf("%s: %d parts in %v, flaw %q", name, n, took, tree.Flaw)
		}
	}
}

// FuzzPart: any bytes make a tree within the limits, in time.
func FuzzPart(f *testing.F) {
	f.Add([]byte("Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\na\r\n--b--"))
	f.Add([]byte("Content-Type: text/plain; name*0*=utf-8''a; name*1=b\r\nContent-Transfer-Encoding: base64\r\n\r\nQ2lh"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		h, body := field.Split(raw)
		n := 0
		Read(h, raw, body).Root.Walk(func(p *Part) bool { n++; Unpack(p.Data); return true })
		if n == 0 || n > Most {
			t.Errorf("%d parts", n)
		}
	})
}
