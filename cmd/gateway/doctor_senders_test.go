package main

import (
	"cmp"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sportello/channels/channeltest"
)

// E-52: what the DNS lacks for the domain of an account is said in plain words, with the record that is to be added.
func TestE52DoctorLooksAtTheSendersDomain(t *testing.T) {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "k1.pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	e := EmailSettings{Address: "aiuto@negozio.example", SMTP: MailServerSettings{Host: "smtp.example"}, DKIM: DKIMSettings{Selector: "k1", KeyFile: file}}
	record, err := e.DKIM.signing().Record()
	if err != nil {
		t.Fatal(err)
	}
	const name = "k1._domainkey.negozio.example"
	for what, c := range map[string]struct {
		dns  *channeltest.DNS
		e    EmailSettings
		want [3]string // state and a word of SPF, DKIM, DMARC
	}{
		"nothing": {&channeltest.DNS{}, e, [3]string{"warn v=spf1", "bad " + record, "warn _dmarc.negozio.example"}},
		"everything": {&channeltest.DNS{TXT: map[string][]string{"negozio.example": {"v=spf1 ip4:192.0.2.0/24 ip6:2001:db8::/32 -all"}, name: {record}, "_dmarc.negozio.example": {"v=DMARC1; p=reject"}},
			Hosts: map[string][]string{"smtp.example": {"192.0.2.25", "2001:db8::25"}}},
			e, [3]string{"ok covers the SMTP server smtp.example", "ok " + name, "ok reject"}},
		"half": {&channeltest.DNS{TXT: map[string][]string{"negozio.example": {"v=spf1 +all"}, name: {"v=DKIM1; k=ed25519; p=AAAA"}, "_dmarc.negozio.example": {"v=DMARC1; p=none"}}},
			e, [3]string{"warn everybody", "bad another", "warn p=none"}},
		"two, and unreachable": {&channeltest.DNS{TXT: map[string][]string{"negozio.example": {"v=spf1 -all", "v=spf1 -all"}}, Broken: map[string]bool{"_dmarc.negozio.example": true}},
			EmailSettings{Address: e.Address}, [3]string{"warn permerror", "ok SMTP server signs", "warn could not be read"}},
		"a server not covered": {&channeltest.DNS{TXT: map[string][]string{"negozio.example": {"v=spf1 ip4:192.0.2.0/24 ~all"}, name: {record}, "_dmarc.negozio.example": {"v=DMARC1; p=none; rua=mailto:x@negozio.example"}},
			Hosts: map[string][]string{"smtp.example": {"192.0.2.25", "198.51.100.25"}}},
			e, [3]string{"warn at 198.51.100.25 (softfail)", "ok " + name, "ok p=none"}},
		"SPF with too many look-ups": {&channeltest.DNS{TXT: map[string][]string{"negozio.example": {"v=spf1 include:negozio.example -all"}, name: {record}, "_dmarc.negozio.example": {"v=DMARC1; p=reject", "v=DMARC1; p=none"}},
			Hosts: map[string][]string{"smtp.example": {"198.51.100.25"}}},
			e, [3]string{"bad not valid", "ok " + name, "bad 2 records"}},
		"a server of our own network": {&channeltest.DNS{TXT: map[string][]string{"negozio.example": {"v=spf1 -all"}, name: {record}, "_dmarc.negozio.example": {"v=DMARC1; p=rejected"}},
			Hosts: map[string][]string{"smtp.example": {"10.0.0.2", "127.0.0.1"}}},
			e, [3]string{"ok no public address", "ok " + name, "bad cannot be understood"}},
		"a server by its address, strict": {&channeltest.DNS{TXT: map[string][]string{"post.negozio.example": {"v=spf1 ip4:192.0.2.9 -all"}, "_dmarc.negozio.example": {"v=DMARC1; p=none; sp=reject; adkim=s"}}},
			EmailSettings{Address: "aiuto@post.negozio.example", SMTP: MailServerSettings{Host: "192.0.2.9"}, DKIM: DKIMSettings{Selector: "k1", KeyFile: file, Domain: "negozio.example"}},
			[3]string{"ok covers", "warn does not count", "ok reject what is not yours; nobody gets"}},
		"no key": {&channeltest.DNS{}, EmailSettings{DKIM: DKIMSettings{Selector: "k1", KeyFile: "/none"}}, [3]string{"warn none", "bad key", "warn none"}},
		"another's signature": {&channeltest.DNS{}, EmailSettings{Address: e.Address, DKIM: DKIMSettings{Selector: "k1", KeyFile: file, Domain: "relay.example"}},
			[3]string{"warn none", "warn relay.example", "warn none"}},
	} {
		domain := cmp.Or(mailDomain(c.e.Address), "negozio.example")
		for i, f := range senderFindings(t.Context(), c.dns, c.e, domain) {
			state, word, _ := strings.Cut(c.want[i], " ")
			if f.State != state || !strings.Contains(f.Detail, word) {
				t.Errorf("%s: %+v, want %s", what, f, c.want[i])
			}
		}
	}
}

// E-52: who returns bounces to another domain, or signs with one, learns whether DMARC passes all the same. Each way by which mail leaves is
// looked at once, with the resolver that doctor was given.
func TestE52DoctorLooksAtAlignment(t *testing.T) {
	dns := &channeltest.DNS{TXT: map[string][]string{"_dmarc.negozio.example": {"v=DMARC1; p=reject; aspf=s"}}}
	signed := DKIMSettings{Selector: "k1"}
	for name, c := range map[string]struct {
		e    EmailSettings
		want string
	}{
		"the same domain":     {EmailSettings{Address: "a@negozio.example"}, ""},
		"a domain below":      {EmailSettings{Address: "a@negozio.example", Bounces: "b@bounce.negozio.example"}, "warn DMARC fails"},
		"another, signed":     {EmailSettings{Address: "a@negozio.example", Bounces: "b@relay.example", DKIM: signed}, "ok only the signature"},
		"another, not signed": {EmailSettings{Address: "a@negozio.example", Bounces: "b@relay.example"}, "warn nothing here signs"},
		"signed by another":   {EmailSettings{Address: "a@negozio.example", Bounces: "b@relay.example", DKIM: DKIMSettings{Selector: "k1", Domain: "relay.example"}}, "warn nothing here signs"},
		"relaxed without one": {EmailSettings{Address: "a@altro.example", Bounces: "b@bounce.altro.example"}, ""},
		"in a lab":            {EmailSettings{Address: "a@negozio.example", Bounces: "b@relay.example", InsecureLab: true}, ""},
	} {
		d := &doctor{app: &app{settings: Settings{Email: []EmailSettings{c.e, c.e}}}, dns: dns}
		d.senders(t.Context())
		got := ""
		for _, f := range d.found {
			if strings.HasSuffix(f.What, "alignment") {
				got += f.State + " " + f.Detail
			}
		}
		state, word, _ := strings.Cut(c.want, " ")
		if !strings.HasPrefix(got, state) || !strings.Contains(got, word) || (got == "") != (c.want == "") || strings.Count(got, "bounces go to") > 1 {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
		if len(d.found) > 4 || !c.e.InsecureLab && len(d.found) < 3 {
			t.Errorf("%s: %+v", name, d.found)
		}
	}
}
