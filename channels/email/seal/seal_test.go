package seal

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

var day = time.Date(2026, 11, 2, 10, 0, 0, 0, time.UTC)

// keyFile is a private key with a certificate for that address and time, in one file.
func keyFile(t *testing.T, address string, from, until time.Time) string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(17), Subject: pkix.Name{CommonName: "x"}, NotBefore: from, NotAfter: until, EmailAddresses: []string{address}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return write(t, string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}))+string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})))
}

func write(t *testing.T, content string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func TestE42WhatIsWrongWithKeyFilesIsTold(t *testing.T) {
	if k, errs := Load(Files{}); k != nil || errs != nil {
		t.Errorf("nothing named: %v %v", k, errs)
	}
	good := keyFile(t, "support@sportello.test", day, day.AddDate(1, 0, 0))
	secret := "AAAA-this-is-secret-AAAA"
	k, errs := Load(Files{
		SMIME: []SMIMEFile{{Key: good}, {Key: filepath.Join(t.TempDir(), "none")}, {Key: write(t, secret), Certificate: good}, {}},
		Roots: []string{write(t, secret)}, PGP: []PGPFile{{Key: write(t, secret)}, {Key: t.TempDir()}}, Known: []string{write(t, secret), filepath.Join("..", "pgp", "testdata", "anna.pub.asc")},
	})
	var said []string
	for _, err := range errs {
		said = append(said, err.Error())
	}
	all := strings.Join(said, "\n")
	for _, want := range []string{"seal.smime.1: ", "no such file", "seal.smime.2: no private key in PEM", "seal.smime.3: a file must be named", "seal.smime_roots.0: no certificate in PEM",
		"seal.pgp.0: no OpenPGP key that can be read", "seal.pgp.1: ", "is no file of keys", "seal.pgp_known.0: no OpenPGP key"} {
		if !strings.Contains(all, want) {
			t.Errorf("%q is missing in\n%s", want, all)
		}
	}
	if len(errs) != 7 || strings.Contains(all, secret) || len(k.SMIME()) != 1 {
		t.Errorf("%d errors, %d keys:\n%s", len(errs), len(k.SMIME()), all)
	}
}

func TestE42KeysAreExamined(t *testing.T) {
	own := []string{"support@sportello.test", "aiuto@sportello.test"}
	for want, file := range map[string]string{
		"opens mail to aiuto@sportello.test, until 2027-11-02":                                  keyFile(t, "Aiuto@sportello.test", day.AddDate(-1, 0, 0), day.AddDate(1, 0, 0)),
		"ran out on 2026-11-01: old mail is opened with it, and nobody encrypts to it any more": keyFile(t, own[0], day.AddDate(-1, 0, 0), day.AddDate(0, 0, -1)),
		"runs out on 2026-11-12":    keyFile(t, own[0], day.AddDate(-1, 0, 0), day.AddDate(0, 0, 10)),
		"begins only on 2026-11-03": keyFile(t, own[0], day.AddDate(0, 0, 1), day.AddDate(1, 0, 0)),
		"is for anna@x.it, and for no address of this mailbox: programs will not encrypt to it": keyFile(t, "anna@x.it", day, day.AddDate(1, 0, 0)),
	} {
		k, errs := Load(Files{SMIME: []SMIMEFile{{Key: file}}})
		found := k.Examine(own, day)
		if len(errs) > 0 || len(found) != 1 || found[0].Detail != want || found[0].Bad == strings.HasPrefix(want, "opens") || found[0].Key != "S/MIME 11" {
			t.Errorf("%v %+v, want %s", errs, found, want)
		}
	}
	k, errs := Load(Files{PGP: []PGPFile{{Key: filepath.Join("..", "pgp", "testdata", "support.sec.asc")}}, Known: []string{filepath.Join("..", "pgp", "testdata", "anna.pub.asc")}})
	if found := k.Examine(own, day); len(errs) > 0 || len(found) != 1 || found[0].Detail != "opens mail to support@sportello.test" || found[0].Bad {
		t.Errorf("%v %+v", errs, found)
	}
	var none *Keys
	if none.Examine(own, day) != nil || none.SMIME() != nil || none.Roots() != nil || none.PGP() != nil {
		t.Error("no keys know something")
	}
}
