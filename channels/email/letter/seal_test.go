package letter

import (
	"bytes"
	"encoding/base64"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp/armor"
	"github.com/ProtonMail/go-crypto/openpgp/clearsign"
	"github.com/ProtonMail/go-crypto/openpgp/packet"
	openpgp "github.com/ProtonMail/go-crypto/openpgp/v2"

	"sportello/channels/email/seal"
)

// cryptOf writes what became of the seals of a mail in one line.
func cryptOf(m *Mail) string {
	c := m.Details.Crypt
	if c == nil {
		return ""
	}
	out := []string{c.Kind}
	if c.Signed {
		switch {
		case c.Valid == nil:
			out = append(out, "signed ?")
		case *c.Valid:
			out = append(out, "signed by "+c.Signer)
		default:
			out = append(out, "not signed by "+c.Signer)
		}
	}
	if c.Encrypted {
		out = append(out, "encrypted")
	}
	if c.Opened {
		out = append(out, "opened")
	}
	if c.Unprotected {
		out = append(out, "unprotected")
	}
	if c.Partial {
		out = append(out, "partial")
	}
	if c.Subject != "" {
		out = append(out, "subject "+c.Subject)
	}
	return strings.Join(strings.Fields(strings.Join(append(out, c.Problem, c.Failure), " ")), " ")
}

func stored(t testing.TB, name string) []byte {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("..", filepath.FromSlash(name)))
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// house has the keys of support@sportello.test, and Anna's to verify with.
type house struct {
	reading Reading
	us      *openpgp.Entity
	anna    *openpgp.Entity
}

var sealDay = time.Date(2026, 11, 2, 10, 0, 0, 0, time.UTC)

func newHouse(t testing.TB) house {
	t.Helper()
	in := func(name string) string { return filepath.Join("..", filepath.FromSlash(name)) }
	anna, err := openpgp.NewEntity("Anna", "", "anna@example.test", &packet.Config{Algorithm: packet.PubKeyAlgoEdDSA, Time: func() time.Time { return sealDay }})
	if err != nil {
		t.Fatal(err)
	}
	var public bytes.Buffer
	if err := anna.Serialize(&public); err != nil {
		t.Fatal(err)
	}
	known := filepath.Join(t.TempDir(), "anna.pgp")
	if err := os.WriteFile(known, public.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	keys, errs := seal.Load(seal.Files{
		SMIME: []seal.SMIMEFile{{Key: in("smime/testdata/rsa.key.pem"), Certificate: in("smime/testdata/rsa.crt.pem")}, {Key: in("smime/testdata/ec.key.pem"), Certificate: in("smime/testdata/ec.crt.pem")}},
		Roots: []string{in("smime/testdata/rsa.crt.pem")}, PGP: []seal.PGPFile{{Key: in("pgp/testdata/support.sec.asc")}}, Known: []string{known},
	})
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	us, err := openpgp.ReadArmoredKeyRing(bytes.NewReader(stored(t, "pgp/testdata/support.sec.asc")))
	if err != nil {
		t.Fatal(err)
	}
	return house{Reading{Keys: keys}, us[0], anna}
}

// pgp encrypts to us, in armour, signed by Anna if asked.
func (h house) pgp(t testing.TB, content string, signed bool) string {
	t.Helper()
	var out bytes.Buffer
	armoured, err := armor.Encode(&out, "PGP MESSAGE", nil)
	if err != nil {
		t.Fatal(err)
	}
	var by []*openpgp.Entity
	if signed {
		by = append(by, h.anna)
	}
	at := &packet.Config{Time: func() time.Time { return time.Now() }}
	w, err := openpgp.Encrypt(armoured, []*openpgp.Entity{h.us}, nil, by, nil, at)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write([]byte(content)); err != nil || w.Close() != nil || armoured.Close() != nil {
		t.Fatal(err)
	}
	return out.String()
}

func (h house) clear(t testing.TB, text string) string {
	t.Helper()
	var out bytes.Buffer
	w, err := clearsign.Encode(&out, h.anna.PrivateKey, &packet.Config{Time: func() time.Time { return sealDay }})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write([]byte(text)); err != nil || w.Close() != nil {
		t.Fatal(err)
	}
	return out.String() + "\n"
}

func (h house) detached(t testing.TB, part string) string {
	t.Helper()
	var out bytes.Buffer
	part = strings.ReplaceAll(part, "\n", "\r\n")
	if err := openpgp.ArmoredDetachSign(&out, []*openpgp.Entity{h.anna}, strings.NewReader(part), nil); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

const annaHead = "From: Anna <anna@example.test>\nSubject: ...\nDate: Tue, 1 Dec 2026 11:00:00 +0100\n"

// pgpMIME is a mail as of RFC 3156 section 4.
func pgpMIME(message string, more ...string) string {
	body := "--b\nContent-Type: application/pgp-encrypted\n\nVersion: 1\n--b\nContent-Type: application/octet-stream; name=encrypted.asc\n\n" + message + "\n--b--\n"
	return "Content-Type: multipart/encrypted; protocol=\"application/pgp-encrypted\"; boundary=b\n\n" + body + strings.Join(more, "")
}

func pgpSigned(part, signature string) string {
	return "Content-Type: multipart/signed; protocol=\"application/pgp-signature\"; boundary=s\n\n--s\n" + part + "\n--s\nContent-Type: application/pgp-signature; name=signature.asc\n\n" + signature + "\n--s--\n"
}

func mixed(parts ...string) string {
	out := "Content-Type: multipart/mixed; boundary=m\n\n"
	for _, p := range parts {
		out += "--m\n" + p + "\n"
	}
	return out + "--m--\n"
}

func cms(t testing.TB, name, kind string) string {
	return "Content-Type: application/pkcs7-mime; smime-type=" + kind + "; name=smime.p7m\nContent-Transfer-Encoding: base64\n\n" +
		base64.StdEncoding.EncodeToString(stored(t, "smime/testdata/"+name)) + "\n"
}

func TestE42OpensSealedMail(t *testing.T) {
	h := newHouse(t)
	const plain = "Content-Type: text/plain; charset=utf-8\n\nIl codice è 4711."
	secret := "Content-Type: multipart/mixed; boundary=i; protected-headers=\"v1\"\nSubject: Il =?utf-8?q?conto_=C3=A8?= qui\n\n--i\n" + plain + "\n--i\nContent-Type: application/pdf; name=conto.pdf\n\n%PDF-1.4\n--i--\n"
	signedPart := "Content-Type: text/plain; charset=utf-8; hp=\"cipher\"\nSubject: Dentro\n\nIl codice è 4711."
	for name, c := range map[string]struct{ body, want, text, files string }{
		"PGP/MIME":                         {pgpMIME(h.pgp(t, secret, true)), "pgp signed by anna@example.test encrypted opened subject Il conto è qui", "Il codice è 4711.", "conto.pdf|application/pdf|false"},
		"PGP/MIME unsigned":                {pgpMIME(h.pgp(t, plain, false)), "pgp encrypted opened", "Il codice è 4711.", ""},
		"PGP/MIME signed within":           {pgpMIME(h.pgp(t, pgpSigned(signedPart, h.detached(t, signedPart)), false)), "pgp signed by anna@example.test encrypted opened subject Dentro", "Il codice è 4711.", ""},
		"PGP/MIME encrypted within signed": {pgpSigned(pgpMIME(h.pgp(t, plain, false)), h.detached(t, "x")), "pgp not signed by anna@example.test encrypted opened altered", "Il codice è 4711.", ""},
		"PGP/MIME with a list's footer":    {mixed(pgpMIME(h.pgp(t, plain, true)), "\nLa lista"), "pgp signed by anna@example.test encrypted opened partial", "Il codice è 4711.\n\nLa lista", ""},
		"PGP/MIME taken apart":             {mixed("\n", "Content-Type: application/pgp-encrypted; name=PGPMIME.txt\n\nVersion: 1", "Content-Type: application/octet-stream; name=encrypted.asc\n\n"+h.pgp(t, plain, true)), "pgp signed by anna@example.test encrypted opened", "Il codice è 4711.", ""},
		"inline":                           {"\n" + h.pgp(t, "Il codice è 4711.", true), "pgp signed by anna@example.test encrypted opened", "Il codice è 4711.", ""},
		"inline with words around":         {"\nBuongiorno\n" + h.pgp(t, "Il codice è 4711.", true) + "\nSaluti\n", "pgp signed by anna@example.test encrypted opened partial", "Buongiorno\n\nIl codice è 4711.\n\nSaluti", ""},
		"inline, signed within":            {"\n" + h.pgp(t, h.clear(t, "Il codice è 4711."), false), "pgp signed by anna@example.test encrypted opened", "Il codice è 4711.", ""},
		"inline, quoted":                   {"\n> -----BEGIN PGP MESSAGE-----\n> abc\n> -----END PGP MESSAGE-----\nNon si legge", "", "> -----BEGIN PGP MESSAGE-----\n> abc\n> -----END PGP MESSAGE-----\nNon si legge", ""},
		"clear signed":                     {"\n" + h.clear(t, "Ciao\n- uno"), "pgp signed by anna@example.test", "Ciao\n- uno", ""},
		"clear signed, with words around":  {"\n" + h.clear(t, "Ciao") + "Paga qui", "pgp signed by anna@example.test partial", "Ciao\n\nPaga qui", ""},
		"PGP signed":                       {pgpSigned(plain, h.detached(t, plain)), "pgp signed by anna@example.test", "Il codice è 4711.", ""},
		"PGP signed, with a footer":        {mixed(pgpSigned(plain, h.detached(t, plain)), "\nPaga qui"), "pgp signed by anna@example.test partial", "Il codice è 4711.\n\nPaga qui", ""},
		"S/MIME":                           {cms(t, "rsa-cbc.p7m", "enveloped-data"), "smime encrypted opened unprotected", "Il codice è 4711.", ""},
		"S/MIME authenticated":             {cms(t, "rsa-gcm.p7m", "authEnveloped-data"), "smime encrypted opened", "Il codice è 4711.", ""},
		"S/MIME as a file of no type":      {strings.Replace(cms(t, "ec-cbc.p7m", "x"), "application/pkcs7-mime; smime-type=x", "application/octet-stream", 1), "smime encrypted opened unprotected", "Il codice è 4711.", ""},
		"S/MIME signed, encrypted":         {cms(t, "signed-encrypted.p7m", "enveloped-data"), "smime not signed by support@sportello.test encrypted opened unprotected other_address", "Il codice è 4711.", ""},
		"S/MIME encrypted, signed":         {cms(t, "encrypted-signed.p7m", "signed-data"), "smime not signed by support@sportello.test encrypted opened unprotected other_address", "Il codice è 4711.", ""},
		"S/MIME of an old cipher":          {cms(t, "rc2.p7m", "enveloped-data"), "smime encrypted unsupported", "", "smime.p7m|application/pkcs7-mime|false"},
	} {
		m := Read([]byte(strings.ReplaceAll(annaHead+c.body, "\n", "\r\n")), h.reading)
		if got := cryptOf(m); got != c.want || m.Text != c.text || names(m) != c.files || m.Flaw != "" {
			t.Errorf("%s: %s\n%q, files %q, flaw %q", name, got, m.Text, names(m), m.Flaw)
		}
		if m.Subject != "..." {
			t.Errorf("%s: the subject that answers bear is %q", name, m.Subject)
		}
	}
	// A valid signature over all of it shows that nothing was changed.
	m := Read([]byte(strings.Replace(annaHead, "anna@example.test", "support@sportello.test", 1)+cms(t, "signed-encrypted.p7m", "enveloped-data")), h.reading)
	if got := cryptOf(m); got != "smime signed by support@sportello.test encrypted opened" {
		t.Error(got)
	}
}

// Without the key the mail opens all the same, says why it is not read, and keeps what came for whoever has the key.
func TestE42SealedMailWithoutAKey(t *testing.T) {
	h := newHouse(t)
	for name, c := range map[string]struct{ body, want, files string }{
		"PGP/MIME":     {pgpMIME(h.pgp(t, "x", true)), "pgp encrypted no_key", "encrypted.asc|application/octet-stream|false"},
		"inline":       {"\n" + h.pgp(t, "x", true), "pgp encrypted no_key", ""},
		"S/MIME":       {cms(t, "rsa-cbc.p7m", "enveloped-data"), "smime encrypted no_key", "smime.p7m|application/pkcs7-mime|false"},
		"clear signed": {"\n" + h.clear(t, "Ciao"), "pgp signed ? unknown_key", ""},
		"with the key attached": {mixed(pgpSigned("\nCiao", h.detached(t, "\nCiao")), "Content-Type: application/pgp-keys; name=key.asc\n\n-----BEGIN PGP PUBLIC KEY BLOCK-----"),
			"pgp signed ? partial unknown_key", "key.asc|application/pgp-keys|false"},
		"cut off": {"\n" + h.pgp(t, strings.Repeat("x", 1000), true)[:300], "pgp encrypted damaged", ""},
	} {
		m := Read([]byte(annaHead+"Autocrypt: addr=anna@example.test; keydata=AAAA\n"+c.body), Reading{})
		if got := cryptOf(m); got != c.want || names(m) != c.files {
			t.Errorf("%s: %s, files %q", name, got, names(m))
		}
	}
}

// EFAIL: nothing outside of a seal stands in one piece of HTML with what was within, so that no open tag carries it away.
func TestE42NothingOutsideSurroundsWhatWasSealed(t *testing.T) {
	h := newHouse(t)
	inner := pgpMIME(h.pgp(t, "Content-Type: text/html\n\n<p>SEGRETO</p>", false))
	open, end := "Content-Type: text/html\n\n<img src=\"http://evil.test/", "Content-Type: text/html\n\n\">fine"
	anchor, stop := "Content-Type: text/html\n\n<a href=\"http://evil.test/?", "Content-Type: text/html\n\n\">qui</a>"
	for name, body := range map[string]string{
		"mixed":       mixed(open, inner, end),
		"anchor":      mixed(anchor, inner, stop),
		"related":     strings.Replace(mixed(open, inner, end), "multipart/mixed", "multipart/related", 1),
		"alternative": "Content-Type: multipart/alternative; boundary=a\n\n--a\n" + mixed(open, inner, end) + "\n--a\nContent-Type: text/html\n\n<p>altro</p>\n--a--\n",
		"table":       mixed("Content-Type: text/html\n\n<a href=\"http://evil.test/x\"><table><tr><td>", inner, "Content-Type: text/html\n\n</table></a>"),
	} {
		m := Read([]byte(annaHead+body), h.reading)
		if !strings.Contains(m.HTML, "<p>SEGRETO</p>") || !m.Details.Crypt.Partial {
			t.Errorf("%s: %s\n%s", name, cryptOf(m), m.HTML)
		}
		before, _, _ := strings.Cut(m.HTML, "SEGRETO")
		if strings.Count(before, "<a ") != strings.Count(before, "</a>") || strings.Count(before, `"`)%2 != 0 || strings.Contains(m.HTML, "evil.test/%") {
			t.Errorf("%s: something outside is open around it: %s", name, m.HTML)
		}
	}
}

// RFC 3218: whether a machine answers a mail does not depend on what was encrypted in it, nor on whether that could be opened.
func TestE42WhatWasEncryptedDecidesNothing(t *testing.T) {
	h := newHouse(t)
	const absent = "Questa è una risposta automatica. Sono fuori ufficio fino al 10 dicembre."
	in := Read([]byte(annaHead+"Content-Type: text/plain; charset=utf-8\n\n"+absent), h.reading)
	if in.Auto == "" {
		t.Fatal("the words mean nothing in the clear either")
	}
	sealed := "\n" + h.pgp(t, absent, false)
	opened, closed := Read([]byte(annaHead+sealed), h.reading), Read([]byte(annaHead+sealed), Reading{})
	if opened.Text != absent || opened.Auto != closed.Auto || opened.AutoReason != closed.AutoReason || opened.Auto != "" {
		t.Errorf("%q: %q %q, unopened %q %q", opened.Text, opened.Auto, opened.AutoReason, closed.Auto, closed.AutoReason)
	}
}

// Seals within seals, and what they unpack to, are bounded for a whole mail.
func TestE42SealsWithinSeals(t *testing.T) {
	h := newHouse(t)
	body := "Content-Type: text/plain\n\nCiao"
	for range openMost {
		body = pgpMIME(h.pgp(t, body, false))
	}
	if m := Read([]byte(annaHead+body), h.reading); cryptOf(m) != "pgp encrypted opened" || m.Text != "Ciao" {
		t.Errorf("%s %.100q", cryptOf(m), m.Text)
	}
	if m := Read([]byte(annaHead+pgpMIME(h.pgp(t, body, false))), h.reading); cryptOf(m) != "pgp encrypted opened too_large" || m.Text != "" || len(m.Files) != 1 {
		t.Errorf("%s %.100q", cryptOf(m), m.Text)
	}
	many := "\n" + strings.Repeat(h.pgp(t, "Ciao", false)+"\n", 200)
	if m := Read([]byte(annaHead+many), h.reading); cryptOf(m) != "pgp encrypted opened too_large" || strings.Count(m.Text, "Ciao") != openMost {
		t.Errorf("%s %.100q", cryptOf(m), m.Text)
	}
	// The inner subject is taken only from what was encrypted, and only where the outer one stands for it.
	for head, want := range map[string]string{"Subject: ...": "Dentro", "Subject: [...]": "Dentro", "Subject: Fuori": ""} {
		m := Read([]byte(strings.Replace(annaHead, "Subject: ...", head, 1)+pgpMIME(h.pgp(t, "Content-Type: text/plain; protected-headers=\"v1\"\nSubject: Dentro\nFrom: capo@sportello.test\n\nx", false))), h.reading)
		if m.Details.Crypt.Subject != want || m.From.Value != "anna@example.test" {
			t.Errorf("%s: %s, from %s", head, cryptOf(m), m.From.Value)
		}
	}
	part := "Content-Type: text/plain; protected-headers=\"v1\"\nSubject: Dentro\n\nx"
	if m := Read([]byte(annaHead+pgpSigned(part, h.detached(t, part))), h.reading); m.Details.Crypt.Subject != "" {
		t.Errorf("a subject that everybody could read is taken for a hidden one: %s", cryptOf(m))
	}
}
