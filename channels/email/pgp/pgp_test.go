package pgp

import (
	"bytes"
	"crypto/aes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp/armor"
	"github.com/ProtonMail/go-crypto/openpgp/packet"
	openpgp "github.com/ProtonMail/go-crypto/openpgp/v2"

	"sportello/channels"
)

var day = time.Date(2026, 11, 2, 10, 0, 0, 0, time.UTC)

const most = 1 << 20

func file(t testing.TB, name string) []byte {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// fromGnuPG is a ring with the keys that GnuPG made.
func fromGnuPG(t testing.TB) *Ring {
	t.Helper()
	r := &Ring{}
	if _, err := r.AddSecret(file(t, "support.sec.asc"), nil); err != nil {
		t.Fatal(err)
	}
	if _, err := r.AddPublic(file(t, "anna.pub.asc")); err != nil {
		t.Fatal(err)
	}
	return r
}

func verdict(c channels.Crypt) string {
	out := c.Signer
	switch {
	case c.Valid == nil:
		out += " ?"
	case *c.Valid:
		out += " ok"
	default:
		out += " no"
	}
	return strings.TrimSpace(out + " " + c.Problem)
}

// What GnuPG signed and encrypted is read. The files are GnuPG's.
func TestE42ReadsWhatGnuPGWrote(t *testing.T) {
	r, anna := fromGnuPG(t), Asking{From: "anna@example.test"}
	content := file(t, "content.txt")
	got, c := r.Open(file(t, "signed-encrypted.asc"), most, anna)
	if !bytes.Equal(got, content) || !c.Opened || !c.Encrypted || !c.Signed || c.Unprotected || verdict(c) != "anna@example.test ok" {
		t.Errorf("%+v %q", c, got)
	}
	if got, c := r.Open(file(t, "hidden.asc"), most, anna); !bytes.Equal(got, content) || !c.Opened || c.Signed {
		t.Errorf("to a hidden recipient: %+v %q", c, got)
	}
	if got, c := r.Open(file(t, "symmetric.asc"), most, anna); got != nil || c.Failure != channels.SealNoKey {
		t.Errorf("with a passphrase: %+v %q", c, got)
	}
	for name, c := range map[string]struct {
		ring    *Ring
		content []byte
		from    string
		want    string
	}{
		"good":    {r, content, "anna@example.test", "anna@example.test ok"},
		"bare LF": {r, bytes.ReplaceAll(content, []byte("\r"), nil), "anna@example.test", "anna@example.test ok"},
		"altered": {r, append([]byte("x"), content...), "anna@example.test", "anna@example.test no altered"},
		"another": {r, content, "b@example.test", "anna@example.test no other_address"},
		"unknown": {&Ring{}, content, "anna@example.test", signerOf(t) + " ? unknown_key"},
		"no ring": {nil, content, "anna@example.test", signerOf(t) + " ? unknown_key"},
	} {
		if got := verdict(c.ring.Detached(c.content, file(t, "detached.asc"), Asking{From: c.from})); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
	text := "Prima\n" + string(file(t, "clear.asc")) + "Dopo\n"
	before, signed, after, c, ok := r.Clear([]byte(text), anna)
	if !ok || string(before) != "Prima\n" || string(signed) != "Il codice è 4711.\n- trattino\n-----fine" || string(after) != "Dopo\n" || verdict(c) != "anna@example.test ok" {
		t.Errorf("%q %q %q %+v", before, signed, after, c)
	}
	if _, _, _, c, _ := r.Clear([]byte(strings.Replace(text, "4711", "4712", 1)), anna); verdict(c) != "anna@example.test no altered" {
		t.Errorf("altered: %+v", c)
	}
	if _, _, _, _, ok := r.Clear([]byte("> "+strings.ReplaceAll(text, "\n", "\n> ")), anna); ok {
		t.Error("what is quoted is taken for signed")
	}
}

// signerOf is the number of Anna's key.
func signerOf(t *testing.T) string {
	t.Helper()
	k, err := (&Ring{}).AddPublic(file(t, "anna.pub.asc"))
	if err != nil || len(k) != 1 {
		t.Fatal(k, err)
	}
	return k[0].ID
}

// person has a key of his own, made at that time.
func person(t testing.TB, address string, at time.Time, lifetime time.Duration) *openpgp.Entity {
	t.Helper()
	e, err := openpgp.NewEntity("", "", address, &packet.Config{Algorithm: packet.PubKeyAlgoEdDSA, Time: func() time.Time { return at }, KeyLifetimeSecs: uint32(lifetime / time.Second)})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func ringOf(t testing.TB, all ...*openpgp.Entity) *Ring {
	t.Helper()
	r := &Ring{}
	r.add(all)
	return r
}

func at(when time.Time) *packet.Config { return &packet.Config{Time: func() time.Time { return when }} }

func detached(t testing.TB, by *openpgp.Entity, content string, c *packet.Config) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := openpgp.DetachSign(&out, []*openpgp.Entity{by}, strings.NewReader(content), c); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestE42WhyASignatureDoesNotCount(t *testing.T) {
	month := 30 * 24 * time.Hour
	anna, short := person(t, "anna@x.it", day, 0), person(t, "anna@x.it", day, month)
	ask := Asking{"anna@x.it", day.AddDate(0, 0, 1)}
	brief := at(day)
	brief.SigLifetimeSecs = 3600
	for name, c := range map[string]struct {
		ring      *Ring
		signature []byte
		want      string
	}{
		"good":              {ringOf(t, anna), detached(t, anna, "x", at(day)), "anna@x.it ok"},
		"key valid then":    {ringOf(t, short), detached(t, short, "x", at(day.AddDate(0, 0, 2))), "anna@x.it ok"},
		"signature ran out": {ringOf(t, anna), detached(t, anna, "x", brief), "anna@x.it no expired"},
		"no signature":      {ringOf(t, anna), []byte("no"), "?"},
	} {
		if got := verdict(c.ring.Detached([]byte("x"), c.signature, ask)); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
	revoked := detached(t, anna, "x", at(day))
	if err := anna.Revoke(packet.KeyCompromised, "", at(day.AddDate(0, 0, 1))); err != nil {
		t.Fatal(err)
	}
	if got := verdict(ringOf(t, anna).Detached([]byte("x"), revoked, ask)); got != "anna@x.it no revoked" {
		t.Errorf("revoked: %s", got)
	}
}

// seal encrypts to somebody; pack is how it is compressed.
func seal(t testing.TB, to, by *openpgp.Entity, content []byte, pack packet.CompressionAlgo) []byte {
	t.Helper()
	var out bytes.Buffer
	var signers []*openpgp.Entity
	if by != nil {
		signers = []*openpgp.Entity{by}
	}
	c := at(day)
	c.DefaultCompressionAlgo = pack
	w, err := openpgp.Encrypt(&out, []*openpgp.Entity{to}, nil, signers, nil, c)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(content); err != nil || w.Close() != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestE42OpensOnlyWhatIsWhole(t *testing.T) {
	us, anna := person(t, "us@x.it", day, 0), person(t, "anna@x.it", day, 0)
	ring, ask := ringOf(t, us, anna), Asking{"anna@x.it", day}
	sealed := seal(t, us, anna, []byte("Ciao"), packet.CompressionZLIB)
	if got, c := ring.Open(sealed, most, ask); string(got) != "Ciao" || verdict(c) != "anna@x.it ok" {
		t.Errorf("%+v %q", c, got)
	}
	for n := range len(sealed) {
		if got, c := ring.Open(sealed[:n], most, ask); got != nil || c.Failure == "" {
			t.Fatalf("cut at %d: %+v %q", n, c, got)
		}
		changed := bytes.Clone(sealed)
		changed[n] ^= 0x40
		if got, c := ring.Open(changed, most, ask); got != nil && (string(got) != "Ciao" || !c.Opened) {
			t.Fatalf("changed at %d: %+v %q", n, c, got)
		}
	}
	if got, c := ringOf(t, anna).Open(sealed, most, ask); got != nil || c.Failure != channels.SealNoKey || !c.Encrypted {
		t.Errorf("to somebody else: %+v", c)
	}
	if got, c := ring.Open(seal(t, us, nil, make([]byte, 8*most), packet.CompressionZIP), most, ask); got != nil || c.Failure != channels.SealTooLarge {
		t.Errorf("a bomb: %+v, %d bytes", c, len(got))
	}
}

// unprotected is a message as it was before modifications showed (RFC 9580 section 5.7): tag 9.
func unprotected(t testing.TB, to *openpgp.Entity, content string) []byte {
	t.Helper()
	key := make([]byte, 32)
	var out, literal, sealed bytes.Buffer
	sub, ok := to.EncryptionKey(day, nil)
	if !ok {
		t.Fatal("no key to encrypt to")
	}
	if err := packet.SerializeEncryptedKeyAEAD(&out, sub.PublicKey, packet.CipherAES256, false, key, nil); err != nil {
		t.Fatal(err)
	}
	w, err := packet.SerializeLiteral(nopCloser{&literal}, true, "", 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(w, content); err != nil || w.Close() != nil {
		t.Fatal(err)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		t.Fatal(err)
	}
	stream, prefix := packet.NewOCFBEncrypter(block, make([]byte, 16), packet.OCFBResync)
	body := literal.Bytes()
	stream.XORKeyStream(body, body)
	sealed.Write(prefix)
	sealed.Write(body)
	out.Write([]byte{0xC0 | 9, 0xFF, 0, 0, byte(sealed.Len() >> 8), byte(sealed.Len())})
	out.Write(sealed.Bytes())
	return out.Bytes()
}

type nopCloser struct{ io.Writer }

func (nopCloser) Close() error { return nil }

// EFAIL: a message of which nothing shows whether it was changed is read, and said to be so.
func TestE42WithoutProtectionAgainstChange(t *testing.T) {
	us := person(t, "us@x.it", day, 0)
	got, c := ringOf(t, us).Open(unprotected(t, us, "Ciao"), most, Asking{})
	if string(got) != "Ciao" || !c.Opened || !c.Unprotected {
		t.Errorf("%+v %q", c, got)
	}
}

// A message to very many, or with very many signatures, costs no more than a few tries.
func TestE42ManyKeysAndSignatures(t *testing.T) {
	us, anna := person(t, "us@x.it", day, 0), person(t, "anna@x.it", day, 0)
	sealed := seal(t, us, nil, []byte("Ciao"), packet.CompressionNone)
	n := int(sealed[1]) + 2 // of the first packet, the encrypted key
	if sealed[0] != 0xC1 || sealed[1] >= 192 {
		t.Fatalf("not a key first: %x", sealed[:2])
	}
	wrong := bytes.Clone(sealed[:n])
	wrong[n-1] ^= 1
	start := time.Now()
	if got, c := ringOf(t, us).Open(append(bytes.Repeat(wrong, 20_000), sealed...), most, Asking{}); got != nil || c.Failure == "" {
		t.Errorf("%+v %q", c, got)
	}
	var literal bytes.Buffer
	w, err := packet.SerializeLiteral(nopCloser{&literal}, true, "", 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(make([]byte, most)); err != nil || w.Close() != nil {
		t.Fatal(err)
	}
	old := detached(t, anna, "x", at(day)) // as of old, signatures stand before what they sign
	if _, c := ringOf(t, anna).Open(append(bytes.Repeat(old, 5000), literal.Bytes()...), most, Asking{}); c.Valid != nil && *c.Valid {
		t.Errorf("%+v", c)
	}
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("it took %v", took)
	}
}

// Key files that cannot be used are told in words that name no key material.
func TestE42KeyFiles(t *testing.T) {
	e := person(t, "us@x.it", day, 30*24*time.Hour)
	if err := e.EncryptPrivateKeys([]byte("segreto"), at(day)); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	w, err := armor.Encode(&out, openpgp.PrivateKeyType, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := e.SerializePrivateWithoutSigning(w, nil); err != nil || w.Close() != nil {
		t.Fatal(err)
	}
	if _, err := (&Ring{}).AddSecret(out.Bytes(), []byte("falso")); err == nil || !strings.Contains(err.Error(), "does not open with the passphrase") {
		t.Errorf("wrong passphrase: %v", err)
	}
	keys, err := (&Ring{}).AddSecret(out.Bytes(), []byte("segreto"))
	if err != nil || len(keys) != 1 || len(keys[0].Addresses) != 1 || keys[0].Addresses[0] != "us@x.it" || !keys[0].Expires.Equal(day.AddDate(0, 0, 30)) || keys[0].Revoked {
		t.Errorf("%+v %v", keys, err)
	}
	for _, raw := range []string{"", "no key", "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nAAAA\n-----END PGP PUBLIC KEY BLOCK-----\n"} {
		if _, err := (&Ring{}).AddPublic([]byte(raw)); err == nil || err.Error() != "no OpenPGP key that can be read" {
			t.Errorf("%q: %v", raw, err)
		}
	}
	if _, err := (&Ring{}).AddSecret(file(t, "anna.pub.asc"), nil); err == nil || !strings.Contains(err.Error(), "public only") {
		t.Errorf("%v", err)
	}
	if keys, err := (&Ring{}).AddPublic(append(file(t, "anna.pub.asc"), file(t, "anna.pub.asc")...)); err != nil || len(keys) != 2 {
		t.Errorf("two blocks: %+v %v", keys, err)
	}
}

// FuzzOpen: any bytes are looked at without a panic, and nothing grows past what it may.
func FuzzOpen(f *testing.F) {
	ring := fromGnuPG(f)
	for _, name := range []string{"signed-encrypted.asc", "hidden.asc", "symmetric.asc", "clear.asc", "detached.asc"} {
		f.Add(file(f, name))
	}
	us := person(f, "us@x.it", day, 0)
	ring.add([]*openpgp.Entity{us})
	f.Add(seal(f, us, us, []byte("Ciao"), packet.CompressionZLIB))
	f.Add(unprotected(f, us, "Ciao"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		if content, c := ring.Open(raw, 1000, Asking{}); len(content) > 1000 || c.Failure != "" && content != nil {
			t.Errorf("%d bytes: %+v", len(content), c)
		}
		if c := ring.Detached([]byte("other"), raw, Asking{From: "us@x.it"}); c.Valid != nil && *c.Valid {
			t.Errorf("%+v", c)
		}
		ring.Clear(raw, Asking{})
		Inline(raw)
	})
}
