package main

import (
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
	e := EmailSettings{Address: "aiuto@negozio.example", DKIM: DKIMSettings{Selector: "k1", KeyFile: file}}
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
		"everything": {&channeltest.DNS{TXT: map[string][]string{"negozio.example": {"v=spf1 mx -all"}, name: {record}, "_dmarc.negozio.example": {"v=DMARC1; p=reject"}}},
			e, [3]string{"ok mx -all", "ok " + name, "ok reject"}},
		"half": {&channeltest.DNS{TXT: map[string][]string{"negozio.example": {"v=spf1 +all"}, name: {"v=DKIM1; k=ed25519; p=AAAA"}, "_dmarc.negozio.example": {"v=DMARC1; p=none"}}},
			e, [3]string{"warn everybody", "bad another", "ok p=none"}},
		"two, and unreachable": {&channeltest.DNS{TXT: map[string][]string{"negozio.example": {"v=spf1 -all", "v=spf1 -all"}}, Broken: map[string]bool{"_dmarc.negozio.example": true}},
			EmailSettings{Address: e.Address}, [3]string{"warn permerror", "ok SMTP server signs", "warn could not be read"}},
		"no key": {&channeltest.DNS{}, EmailSettings{DKIM: DKIMSettings{Selector: "k1", KeyFile: "/none"}}, [3]string{"warn none", "bad key", "warn none"}},
		"another's signature": {&channeltest.DNS{}, EmailSettings{Address: e.Address, DKIM: DKIMSettings{Selector: "k1", KeyFile: file, Domain: "relay.example"}},
			[3]string{"warn none", "warn relay.example", "warn none"}},
	} {
		for i, f := range senderFindings(t.Context(), c.dns, c.e, "negozio.example") {
			state, word, _ := strings.Cut(c.want[i], " ")
			if f.State != state || !strings.Contains(f.Detail, word) {
				t.Errorf("%s: %+v, want %s", what, f, c.want[i])
			}
		}
	}
}
