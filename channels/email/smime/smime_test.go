package smime

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"math/big"
	"testing"
	"time"
)

var day = time.Date(2026, 11, 2, 10, 0, 0, 0, time.UTC)

// person is somebody who signs.
type person struct {
	key  crypto.Signer
	cert *x509.Certificate
}

func issue(t testing.TB, key crypto.Signer, email string, by *person) *person {
	t.Helper()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(7), Subject: pkix.Name{CommonName: "Anna Rossi"}, NotBefore: day.AddDate(0, -1, 0), NotAfter: day.AddDate(0, 1, 0),
		BasicConstraintsValid: true, IsCA: by == nil, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageEmailProtection},
	}
	parent, signer := template, key
	if by != nil {
		template.EmailAddresses, parent, signer = []string{email}, by.cert, by.key
	} else {
		template.Subject.CommonName, template.SerialNumber = "Authority", big.NewInt(1)
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), signer)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return &person{key, cert}
}

func tlv(tag byte, content ...[]byte) []byte {
	return write(nil, []byte{tag}, bytes.Join(content, nil))
}

// streamed is an element with its end marked, as programs write that sign while they read.
func streamed(tag byte, content ...[]byte) []byte {
	return append(append([]byte{tag, 0x80}, bytes.Join(content, nil)...), 0, 0)
}

func must(t testing.TB, v any) []byte {
	t.Helper()
	out, err := asn1.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// sign writes CMS. stream says that lengths are left open and the content comes in pieces.
func (p *person) sign(t testing.TB, content []byte, attached, attributes, stream bool) []byte {
	t.Helper()
	sum := sha256.Sum256(content)
	signed, attrs := sum, []byte(nil)
	if attributes {
		set := append(tlv(0x30, must(t, asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 3}), tlv(0x31, must(t, asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 1}))),
			tlv(0x30, must(t, oidMessageDigest), tlv(0x31, must(t, sum[:])))...)
		attrs, signed = tlv(0xA0, set), sha256.Sum256(tlv(0x31, set))
	}
	signature, err := p.key.Sign(rand.Reader, signed[:], crypto.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	sha := tlv(0x30, must(t, asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 1}))
	algorithm := tlv(0x30, must(t, asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 11}))
	signer := tlv(0x30, must(t, 1), tlv(0x30, p.cert.RawIssuer, must(t, p.cert.SerialNumber)), sha, attrs, algorithm, must(t, signature))
	wrap := tlv
	if stream {
		wrap = streamed
	}
	inner := must(t, asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 1})
	if attached {
		octets := must(t, content)
		if stream {
			octets = streamed(0x24, must(t, content[:3]), must(t, content[3:]))
		}
		inner = append(inner, wrap(0xA0, octets)...)
	}
	data := wrap(0x30, must(t, 1), tlv(0x31, sha), wrap(0x30, inner), tlv(0xA0, p.cert.Raw), tlv(0x31, signer))
	return wrap(0x30, must(t, oidSigned), wrap(0xA0, data))
}

func TestE42Signatures(t *testing.T) {
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	ecKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	authority := issue(t, ecKey, "", nil)
	roots := x509.NewCertPool()
	roots.AddCert(authority.cert)
	content := []byte("Content-Type: text/plain\r\n\r\nCiao\r\n")
	for name, key := range map[string]crypto.Signer{"rsa": rsaKey, "ecdsa": ecKey} {
		anna := issue(t, key, "Anna@x.it", authority)
		for _, attributes := range []bool{true, false} {
			for what, c := range map[string]struct {
				content string
				ask     Asking
				problem string
			}{
				"good":          {string(content), Asking{"anna@x.it", day, roots}, ""},
				"bare LF":       {"Content-Type: text/plain\n\nCiao\n", Asking{"anna@x.it", day, roots}, ""},
				"altered":       {"Content-Type: text/plain\r\n\r\nAddio\r\n", Asking{"anna@x.it", day, roots}, "altered"},
				"other address": {string(content), Asking{"b@x.it", day, roots}, "other_address"},
				"expired":       {string(content), Asking{"anna@x.it", day.AddDate(1, 0, 0), roots}, "expired"},
				"untrusted":     {string(content), Asking{"anna@x.it", day, x509.NewCertPool()}, "untrusted"},
				"no date":       {string(content), Asking{"anna@x.it", time.Time{}, roots}, ""},
			} {
				got := Detached([]byte(c.content), anna.sign(t, content, false, attributes, false), c.ask)
				if got.Valid == nil || *got.Valid != (c.problem == "") || got.Problem != c.problem || got.Signer != "anna@x.it" {
					t.Errorf("%s, %s, attributes %v: %+v", name, what, attributes, got)
				}
			}
		}
		for _, stream := range []bool{true, false} {
			inner, got, err := Opaque(anna.sign(t, content, true, true, stream), Asking{"anna@x.it", day, roots})
			if err != nil || !bytes.Equal(inner, content) || got.Valid == nil || !*got.Valid {
				t.Errorf("%s, streamed %v: %v %q %+v", name, stream, err, inner, got)
			}
		}
	}
	if got := Detached(content, []byte("no"), Asking{}); got.Valid != nil || !got.Signed {
		t.Errorf("%+v", got)
	}
}

// FuzzSMIME: any bytes are looked at without a panic, and nothing that was not signed is valid.
func FuzzSMIME(f *testing.F) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		f.Fatal(err)
	}
	authority := issue(f, key, "", nil)
	f.Add(issue(f, key, "a@x.it", authority).sign(f, []byte("content"), true, true, true))
	f.Add([]byte{0x30, 0x80, 0x24, 0x80, 0x24, 0x80, 0, 0})
	f.Fuzz(func(t *testing.T, raw []byte) {
		if c := Detached([]byte("other"), raw, Asking{From: "a@x.it", Roots: x509.NewCertPool()}); c.Valid != nil && *c.Valid {
			t.Errorf("%+v", c)
		}
		if content, _, err := Opaque(raw, Asking{Roots: x509.NewCertPool()}); err == nil && len(content) > len(raw) {
			t.Errorf("%d bytes of %d", len(content), len(raw))
		}
	})
}
