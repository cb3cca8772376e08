package chat

import (
	"crypto/ed25519"
	"crypto/rand"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"sportello/channels"
)

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

func secret(c string) []byte { return []byte(strings.Repeat(c, 32)) }

func testAccount() *Account {
	a := &Account{ID: "shop", Name: "Bottega", Secrets: [][]byte{secret("a")}, Origins: []string{"https://www.shop.example"}}
	if err := a.check(); err != nil {
		panic(err)
	}
	return a
}

// C-01: the token is signed, lives 30 days, and belongs to one account.
func TestC01VisitorToken(t *testing.T) {
	a := testAccount()
	v := newVisit(noon)
	token := a.sign(v)
	if len(v.id()) != 32 || newVisit(noon).id() == v.id() {
		t.Fatalf("visitor id %q", v.id())
	}
	got, err := a.visitOf(token, noon.Add(tokenLife))
	if err != nil || got.visitor != v.visitor || !got.issued.Equal(noon) {
		t.Fatalf("read back %+v, %v", got, err)
	}
	other := *a
	other.ID = "other"
	rotated := *a
	rotated.Secrets = [][]byte{secret("b"), secret("a")}
	foreign := *a
	foreign.Secrets = [][]byte{secret("b")}
	if _, err := rotated.visitOf(token, noon); err != nil {
		t.Errorf("a rotated secret breaks old tokens: %v", err)
	}
	if _, err := a.visitOf(token, noon.Add(-time.Hour)); err != nil {
		t.Errorf("a visitor is forgotten because the clock was set back: %v", err)
	}
	for name, try := range map[string]func() error{
		"expired":         func() error { _, err := a.visitOf(token, noon.Add(tokenLife+time.Second)); return err },
		"from the future": func() error { _, err := a.visitOf(token, noon.Add(-tokenSkew-time.Second)); return err },
		"another account": func() error { _, err := other.visitOf(token, noon); return err },
		"another secret":  func() error { _, err := foreign.visitOf(token, noon); return err },
		"tampered":        func() error { _, err := a.visitOf("B"+token[1:], noon); return err },
		"cut":             func() error { _, err := a.visitOf(token[:len(token)-1], noon); return err },
		"empty":           func() error { _, err := a.visitOf("", noon); return err },
	} {
		if try() == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func sign(t testing.TB, m jwt.SigningMethod, key any, claims jwt.MapClaims) string {
	t.Helper()
	s, err := jwt.NewWithClaims(m, claims).SignedString(key)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// identity is a good set of claims, changed by what is given; a nil value removes one.
func identity(change jwt.MapClaims) jwt.MapClaims {
	c := jwt.MapClaims{
		"sub": "u1", "aud": "shop", "iss": "https://shop.example", "iat": noon.Unix(), "exp": noon.Add(time.Hour).Unix(), "jti": "j1",
		"name": "Anna Rossi", "email": "Anna@Example.IT", "phone": "333 123 4567",
	}
	for k, v := range change {
		if c[k] = v; v == nil {
			delete(c, k)
		}
	}
	return c
}

// C-02: signature, pinned algorithm, audience, issuer, life of an hour, skew of a minute, subject.
func TestC02IdentityTokenIsChecked(t *testing.T) {
	a := testAccount()
	pub, priv, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	a.Issuer = "https://shop.example"
	a.Keys = []Key{{ID: "old", Alg: "HS256", Secret: secret("k")}, {ID: "new", Alg: "EdDSA", Public: pub}}
	good := sign(t, jwt.SigningMethodHS256, secret("k"), identity(nil))
	p, err := a.personOf(good, noon)
	if err != nil {
		t.Fatal(err)
	}
	want := []channels.Address{{Kind: channels.Email, Value: "anna@example.it", Name: "Anna Rossi"}, {Kind: channels.SMS, Value: "+393331234567", Name: "Anna Rossi"}}
	if p.sub != "u1" || p.name != "Anna Rossi" || len(p.claims) != 2 || p.claims[0].Address != want[0] || p.claims[1].Address != want[1] ||
		p.claims[0].Proof != channels.ProofVerified {
		t.Fatalf("person %+v", p)
	}
	if _, err := a.personOf(sign(t, jwt.SigningMethodEdDSA, priv, identity(nil)), noon); err != nil {
		t.Fatalf("the second active key: %v", err)
	}
	if p, err := a.personOf(sign(t, jwt.SigningMethodHS256, secret("k"), identity(jwt.MapClaims{"email_verified": false})), noon); err != nil || len(p.claims) != 1 {
		t.Fatalf("an address that is not verified became a claim: %+v, %v", p, err)
	}
	hs := func(change jwt.MapClaims) string {
		return sign(t, jwt.SigningMethodHS256, secret("k"), identity(change))
	}
	for name, token := range map[string]string{
		"wrong key":            sign(t, jwt.SigningMethodHS256, secret("x"), identity(nil)),
		"public key as secret": sign(t, jwt.SigningMethodHS256, []byte(pub), identity(nil)),
		"other algorithm":      sign(t, jwt.SigningMethodHS512, secret("k"), identity(nil)),
		"no algorithm":         sign(t, jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, identity(nil)),
		"wrong audience":       hs(jwt.MapClaims{"aud": "other"}),
		"no audience":          hs(jwt.MapClaims{"aud": nil}),
		"wrong issuer":         hs(jwt.MapClaims{"iss": "https://evil.example"}),
		"no subject":           hs(jwt.MapClaims{"sub": nil}),
		"no expiry":            hs(jwt.MapClaims{"exp": nil}),
		"expired":              hs(jwt.MapClaims{"iat": noon.Add(-2 * time.Hour).Unix(), "exp": noon.Add(-61 * time.Second).Unix()}),
		"too long a life":      hs(jwt.MapClaims{"exp": noon.Add(2 * time.Hour).Unix()}),
		"too long without iat": hs(jwt.MapClaims{"iat": nil, "exp": noon.Add(2 * time.Hour).Unix()}),
		"from the future":      hs(jwt.MapClaims{"iat": noon.Add(2 * time.Minute).Unix(), "exp": noon.Add(30 * time.Minute).Unix()}),
		"not a token":          "a.b.c",
	} {
		if _, err := a.personOf(token, noon); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	if _, err := a.personOf(hs(jwt.MapClaims{"iat": noon.Add(-50 * time.Minute).Unix(), "exp": noon.Add(-59 * time.Second).Unix()}), noon); err != nil {
		t.Errorf("a minute of skew: %v", err)
	}
}

// C-02: who presented a token first is known until it has expired, and the memory is bounded.
func TestC02ReplayWindow(t *testing.T) {
	var r replays
	r.remember("j1", replay{"v1", noon.Add(time.Hour)}, noon)
	for at, want := range map[time.Duration]bool{0: true, time.Hour + 59*time.Second: true, time.Hour + identitySkew: false} {
		if first, ok := r.first("j1", noon.Add(at)); ok != want || ok && first != "v1" {
			t.Errorf("after %s: %q %v", at, first, ok)
		}
	}
	if _, ok := r.first("j2", noon); ok {
		t.Error("a token that nobody presented is known")
	}
	for i := range replayLimit + 10 {
		r.remember(string(rune(i+0x1000)), replay{"v", noon.Add(time.Hour)}, noon)
	}
	if len(r.seen) > replayLimit {
		t.Errorf("%d tokens remembered", len(r.seen))
	}
}

// C-21: a burst, then one per interval; another key is not touched.
func TestC21Buckets(t *testing.T) {
	b := newBuckets(3, time.Second)
	for i := range 3 {
		if _, ok := b.take("a", noon); !ok {
			t.Fatalf("refused number %d of the burst", i)
		}
	}
	if wait, ok := b.take("a", noon); ok || wait != time.Second {
		t.Fatalf("after the burst: %s %v", wait, ok)
	}
	if _, ok := b.take("b", noon); !ok {
		t.Fatal("another key was refused")
	}
	if _, ok := b.take("a", noon.Add(time.Second)); !ok {
		t.Fatal("refused after the interval")
	}
	b.take("c", noon.Add(time.Hour))
	if len(b.full) != 1 {
		t.Fatalf("%d buckets kept", len(b.full))
	}
}

// N15: what was written while the clock was an hour ahead holds nobody up for an hour when it is set back.
func TestN15BucketsWhenTheClockIsSetBack(t *testing.T) {
	b := newBuckets(3, time.Second)
	for range 3 {
		b.take("a", noon.Add(time.Hour))
	}
	for i := range 3 {
		if wait, ok := b.take("a", noon); !ok {
			t.Fatalf("number %d of the burst must wait for %s", i, wait)
		}
	}
	if wait, ok := b.take("a", noon); ok || wait != time.Second {
		t.Fatalf("after the burst: %s %v", wait, ok)
	}
	b.take("c", noon.Add(10*time.Second))
	if len(b.full) != 1 {
		t.Fatalf("%d buckets kept", len(b.full))
	}
}

func TestC21NetworkIsWhatOneStrangerCommands(t *testing.T) {
	for in, want := range map[string]string{
		"192.0.2.7": "192.0.2.7", "::ffff:192.0.2.7": "192.0.2.7", "2001:db8:1:2:3:4:5:6": "2001:db8:1:2::/64", "unix": "unix",
	} {
		if got := network(in); got != want {
			t.Errorf("%s: %s, want %s", in, got, want)
		}
	}
}

// C-22: text only, and nothing that makes words say something else.
func TestC22TextIsPlain(t *testing.T) {
	for in, want := range map[string]string{
		" a\r\nb\rc ":          "a\nb\nc",
		"<b>x</b>":             "<b>x</b>",
		"a\x00\x1b[31mb\u007f": "a[31mb",
		"pay \u202Eevil\u202C": "pay evil",
		"\xff":                 "\uFFFD",
		"\t tab\tin ":          "tab\tin",
	} {
		if got := cleanText(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func TestContactAddresses(t *testing.T) {
	for in, want := range map[string]string{
		"Anna@Müller.example": "anna@xn--mller-kva.example", " a.b+c@d.it ": "a.b+c@d.it",
		"a@b": "", "Anna <a@b.it>": "", "a@b.it, c@d.it": "", "": "", "@b.it": "", "a b@c.it": "",
	} {
		if got, ok := emailAddress(in); got != want || ok != (want != "") {
			t.Errorf("%q: %q %v", in, got, ok)
		}
	}
	for in, want := range map[string]string{"333 1234567": "+393331234567", "+44 20 7946 0958": "+442079460958", "12": "", "ciao": ""} {
		if got, ok := phoneNumber(in, "IT"); got != want || ok != (want != "") {
			t.Errorf("%q: %q %v", in, got, ok)
		}
	}
}

func TestSettingsAreChecked(t *testing.T) {
	good := Account{ID: "a", Secrets: [][]byte{secret("a")}, Origins: []string{"HTTPS://Shop.example/"}}
	for name, change := range map[string]func(*Account){
		"id":            func(a *Account) { a.ID = "a b" },
		"no secret":     func(a *Account) { a.Secrets = nil },
		"short secret":  func(a *Account) { a.Secrets = [][]byte{[]byte("short")} },
		"origin":        func(a *Account) { a.Origins = []string{"https://shop.example/path"} },
		"star":          func(a *Account) { a.Origins = []string{"*"} },
		"colour":        func(a *Account) { a.Colour = "red;}" },
		"verified only": func(a *Account) { a.VerifiedOnly = true },
		"key":           func(a *Account) { a.Keys = []Key{{Alg: "EdDSA", Secret: secret("a")}} },
		"algorithm":     func(a *Account) { a.Keys = []Key{{Alg: "none"}} },
	} {
		a := good
		change(&a)
		if a.check() == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	if err := good.check(); err != nil || good.Origins[0] != "https://shop.example" {
		t.Errorf("good settings: %v, %v", err, good.Origins)
	}
}
