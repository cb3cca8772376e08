package smime

import (
	"bytes"
	"compress/zlib"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/rsa"
	"encoding/asn1"
	"os"
	"path/filepath"
	"testing"
	"time"

	"sportello/channels"
)

func file(t testing.TB, name string) []byte {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func keyFrom(t testing.TB, name string) Key {
	t.Helper()
	k, err := LoadKey(file(t, name+".crt.pem"), file(t, name+".key.pem"))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// What OpenSSL encrypted for us is opened in each of the ways that are read, and what is not read says so. The files are OpenSSL's.
func TestE42OpensWhatOpenSSLEncrypted(t *testing.T) {
	rsaKey, ecKey := keyFrom(t, "rsa"), keyFrom(t, "ec")
	for name, c := range map[string]struct {
		keys        []Key
		failure     string
		unprotected bool
	}{
		"rsa-cbc":        {keys: []Key{ecKey, rsaKey}, unprotected: true},
		"rsa-cbc-stream": {keys: []Key{rsaKey}, unprotected: true},
		"rsa-oaep":       {keys: []Key{rsaKey}, unprotected: true},
		"rsa-oaep-sha1":  {keys: []Key{rsaKey}, unprotected: true},
		"rsa-des3":       {keys: []Key{rsaKey}, unprotected: true},
		"rsa-gcm":        {keys: []Key{rsaKey}},
		"rsa-keyid":      {keys: []Key{rsaKey}, unprotected: true},
		"ec-cbc":         {keys: []Key{ecKey}, unprotected: true},
		"ec-sha256-gcm":  {keys: []Key{rsaKey, ecKey}},
		"both":           {keys: []Key{ecKey}, unprotected: true},
		"rc2":            {keys: []Key{rsaKey}, failure: channels.SealUnsupported},
		"signed":         {keys: []Key{rsaKey}, failure: channels.SealUnsupported},
	} {
		got, crypt := Open(file(t, name+".p7m"), c.keys)
		want := channels.Crypt{Kind: "smime", Encrypted: true, Opened: c.failure == "", Failure: c.failure, Unprotected: c.unprotected}
		if crypt != want || c.failure == "" && !bytes.Equal(got, file(t, "content.txt")) || c.failure != "" && got != nil {
			t.Errorf("%s: %+v %q", name, crypt, got)
		}
	}
	if got, crypt := Open(file(t, "rsa-cbc.p7m"), []Key{ecKey}); got != nil || crypt.Failure != channels.SealNoKey {
		t.Errorf("with another's key: %+v %q", crypt, got)
	}
	if got, crypt := Open(file(t, "rsa-cbc.p7m"), nil); got != nil || crypt.Failure != channels.SealNoKey {
		t.Errorf("without a key: %+v %q", crypt, got)
	}
	wrong := rsaKey
	other, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	wrong.Private = other
	for _, name := range []string{"rsa-cbc", "rsa-oaep", "rsa-gcm"} {
		if got, crypt := Open(file(t, name+".p7m"), []Key{wrong}); got != nil || crypt.Failure != channels.SealDamaged {
			t.Errorf("%s with a private key that is not the certificate's: %+v %q", name, crypt, got)
		}
	}
}

// A content that was changed on the way is not opened where that shows; whatever is cut off is not opened at all.
func TestE42OpensNothingDamaged(t *testing.T) {
	key := keyFrom(t, "rsa")
	whole := file(t, "rsa-gcm.p7m")
	for _, at := range []int{len(whole) - 1, len(whole) - 20, len(whole) - 60} { // its tag, its end, its middle
		changed := bytes.Clone(whole)
		changed[at] ^= 1
		if got, crypt := Open(changed, []Key{key}); got != nil || crypt.Failure != channels.SealDamaged {
			t.Errorf("changed at %d: %+v %q", at, crypt, got)
		}
	}
	for _, name := range []string{"rsa-gcm.p7m", "rsa-cbc.p7m", "ec-cbc.p7m"} {
		raw := file(t, name)
		for n := range len(raw) {
			if got, crypt := Open(raw[:n], []Key{key}); got != nil || crypt.Failure == "" {
				t.Fatalf("%s cut at %d: %+v", name, n, crypt)
			}
		}
	}
}

// A mail to very many is read; one that names us again and again costs no more than a few tries.
func TestE42ManyRecipients(t *testing.T) {
	key := keyFrom(t, "rsa")
	session := make([]byte, 16)
	one := func(serial int64, way asn1.ObjectIdentifier, sealed []byte) []byte {
		id := tlv(0x30, key.Certificate.RawIssuer, must(t, serial))
		if serial == 0 {
			id = tlv(0x30, key.Certificate.RawIssuer, must(t, key.Certificate.SerialNumber))
		}
		return tlv(0x30, must(t, 0), id, tlv(0x30, must(t, way)), must(t, sealed))
	}
	mail := func(recipients ...[]byte) []byte {
		iv := make([]byte, 16)
		block, err := aes.NewCipher(session)
		if err != nil {
			t.Fatal(err)
		}
		sealed := bytes.Repeat([]byte{16}, 16)
		cipher.NewCBCEncrypter(block, iv).CryptBlocks(sealed, sealed)
		content := tlv(0x30, must(t, asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 1}),
			tlv(0x30, must(t, asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 1, 2}), must(t, iv)), tlv(0x80, sealed))
		return tlv(0x30, must(t, oidEnveloped), tlv(0xA0, tlv(0x30, must(t, 0), tlv(0x31, recipients...), content)))
	}
	sealed, err := rsa.EncryptPKCS1v15(rand.Reader, &key.Private.(*rsa.PrivateKey).PublicKey, session)
	if err != nil {
		t.Fatal(err)
	}
	var many, us [][]byte
	for i := range 5000 {
		many, us = append(many, one(int64(i+1), oidRSA, sealed)), append(us, one(0, oidOAEP, make([]byte, 256)))
	}
	if got, crypt := Open(mail(append(many, one(0, oidRSA, sealed))...), []Key{key}); !crypt.Opened || len(got) != 0 {
		t.Errorf("the last of 5001: %+v %q", crypt, got)
	}
	start := time.Now()
	if _, crypt := Open(mail(append(us, one(0, oidRSA, sealed))...), []Key{key}); crypt.Failure != channels.SealUnsupported {
		t.Errorf("named 5001 times: %+v", crypt)
	}
	if took := time.Since(start); took > 2*time.Second {
		t.Errorf("it took %v", took)
	}
}

func compressed(t testing.TB, content []byte) []byte {
	t.Helper()
	var packed bytes.Buffer
	z := zlib.NewWriter(&packed)
	if _, err := z.Write(content); err != nil || z.Close() != nil {
		t.Fatal(err)
	}
	data := tlv(0x30, must(t, 0), tlv(0x30, must(t, oidZlib)), tlv(0x30, must(t, asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 1}), tlv(0xA0, must(t, packed.Bytes()))))
	return tlv(0x30, must(t, oidCompressed), tlv(0xA0, data))
}

func TestE42Compressed(t *testing.T) {
	got, crypt := Inflate(compressed(t, []byte("Ciao")), 4)
	if string(got) != "Ciao" || crypt.Failure != "" {
		t.Errorf("%+v %q", crypt, got)
	}
	if got, crypt := Inflate(compressed(t, make([]byte, 1<<20)), 1<<16); got != nil || crypt.Failure != channels.SealTooLarge {
		t.Errorf("a bomb: %+v", crypt)
	}
	if _, crypt := Inflate([]byte("no"), 10); crypt.Failure != channels.SealDamaged {
		t.Errorf("%+v", crypt)
	}
}

func TestE42Kinds(t *testing.T) {
	for name, want := range map[string]Kind{"signed": Signed, "rsa-cbc": Encrypted, "rsa-cbc-stream": Encrypted, "rsa-gcm": Encrypted} {
		if got := KindOf(file(t, name+".p7m")); got != want {
			t.Errorf("%s: %q", name, got)
		}
	}
	if got := KindOf(compressed(t, nil)); got != Compressed {
		t.Errorf("%q", got)
	}
	if got := KindOf(file(t, "rsa-cbc.p7m")[:100]); got != Encrypted {
		t.Errorf("cut off: %q", got)
	}
	if got := KindOf([]byte("%PDF")); got != "" {
		t.Errorf("%q", got)
	}
}

// Key files that cannot be used are told in words that name no key material.
func TestE42KeyFiles(t *testing.T) {
	for name, c := range map[string]struct{ certificate, key []byte }{
		"the certificate is of another key": {file(t, "ec.crt.pem"), file(t, "rsa.key.pem")},
		"no certificate in PEM":             {file(t, "rsa.key.pem"), file(t, "rsa.key.pem")},
		"no private key in PEM":             {file(t, "rsa.crt.pem"), file(t, "rsa.crt.pem")},
		"the private key has a passphrase: take it off, and let nobody but the gateway read the file": {file(t, "rsa.crt.pem"),
			[]byte("-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n")},
	} {
		if _, err := LoadKey(c.certificate, c.key); err == nil || err.Error() != name {
			t.Errorf("%q, want %q", err, name)
		}
	}
	if got := keyFrom(t, "rsa").Addresses(); len(got) != 1 || got[0] != "support@sportello.test" {
		t.Errorf("%v", got)
	}
}

// FuzzOpen: any bytes are looked at without a panic, and nothing grows.
func FuzzOpen(f *testing.F) {
	keys := []Key{keyFrom(f, "rsa"), keyFrom(f, "ec")}
	for _, name := range []string{"rsa-cbc", "rsa-gcm", "rsa-oaep", "ec-cbc", "both", "signed"} {
		f.Add(file(f, name+".p7m"))
	}
	f.Add(compressed(f, []byte("Ciao")))
	f.Fuzz(func(t *testing.T, raw []byte) {
		content, crypt := Open(raw, keys)
		if len(content) > len(raw) || crypt.Opened != (crypt.Failure == "") || crypt.Failure != "" && content != nil {
			t.Errorf("%d bytes of %d: %+v", len(content), len(raw), crypt)
		}
		if content, crypt := Inflate(raw, 1000); len(content) > 1000 || crypt.Opened {
			t.Errorf("%d bytes: %+v", len(content), crypt)
		}
	})
}
