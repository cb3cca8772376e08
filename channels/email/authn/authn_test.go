package authn

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-msgauth/dkim"

	"sportello/channels"
	"sportello/channels/channeltest"
)

// fields is a header for tests.
type fields map[string][]string

func (f fields) All(name string) []string { return f[name] }

func from(value string) channels.Address {
	return channels.Address{Kind: channels.Email, Value: value}
}

// E-46: Authentication-Results count only from configured servers, and only the topmost.
func TestE46OnlyOurServersAreBelieved(t *testing.T) {
	const ours = "mx.shop.example; dkim=fail header.d=x.example; dkim=pass header.d=Example.IT; spf=softfail smtp.mailfrom=b@example.it; dmarc=pass (p=reject) header.from=example.it"
	for name, c := range map[string]struct {
		trusted []string
		fields  []string
		want    channels.Trust
		proof   channels.Proof
	}{
		"ours": {[]string{"MX.shop.example"}, []string{ours},
			channels.Trust{DKIM: Pass, SPF: SoftFail, DMARC: Pass, SignedBy: []string{"example.it"}, Source: "mx.shop.example"}, channels.ProofProvider},
		"a stranger's on top": {[]string{"mx.shop.example"}, []string{"evil.example; dmarc=pass header.from=example.it", ours}, channels.Trust{}, 0},
		"a stranger's below":  {[]string{"mx.shop.example"}, []string{"mx.shop.example; dmarc=fail header.from=example.it", "mx.shop.example; dmarc=pass"}, channels.Trust{DMARC: Fail, Source: "mx.shop.example"}, 0},
		"nobody is trusted":   {nil, []string{ours}, channels.Trust{}, 0},
		"of another From":     {[]string{"mx.shop.example"}, []string{"mx.shop.example; dmarc=pass header.from=example.com"}, channels.Trust{Source: "mx.shop.example"}, 0},
		"Microsoft, trusted":  {[]string{"microsoft"}, []string{"spf=pass (sender IP is 192.0.2.1) smtp.mailfrom=example.it; dkim=pass (signature was verified) header.d=example.it;dmarc=pass action=none header.from=example.it;compauth=pass reason=100"}, channels.Trust{DKIM: Pass, SPF: Pass, DMARC: Pass, SignedBy: []string{"example.it"}, Source: "microsoft"}, channels.ProofProvider},
		"Microsoft, unnamed":  {[]string{"mx.shop.example"}, []string{"spf=pass smtp.mailfrom=example.it; dmarc=pass header.from=example.it"}, channels.Trust{}, 0},
		"older words":         {[]string{"mx"}, []string{"mx; spf=hardfail; dkim=policy; dmarc=bestguesspass header.from=example.it"}, channels.Trust{DKIM: Fail, SPF: Fail, DMARC: Neutral, Source: "mx"}, 0},
		"not one at all":      {[]string{"mx"}, []string{""}, channels.Trust{}, 0},
		"a later version":     {[]string{"mx"}, []string{"mx 2; dmarc=pass"}, channels.Trust{}, 0},
		"its version, spaces": {[]string{"mx"}, []string{" mx (one) 1 ; dmarc/1 = pass\t(p=reject (all; dmarc=fail))\r\n header.from = example.it"}, channels.Trust{DMARC: Pass, Source: "mx"}, channels.ProofProvider},
		"nothing was tried":   {[]string{"mx"}, []string{"mx; none"}, channels.Trust{Source: "mx"}, 0},
		"Microsoft by name":   {[]string{"microsoft"}, []string{"microsoft; dmarc=pass header.from=example.it"}, channels.Trust{}, 0},
		"words in a comment":  {[]string{"mx"}, []string{`mx; dmarc=fail header.from=example.it; spf=pass (domain of "x; dmarc=pass header.from=example.it "@evil.example) smtp.mailfrom=evil.example`}, channels.Trust{SPF: Pass, DMARC: Fail, Source: "mx"}, 0},
		"words in a local part": {[]string{"mx"}, []string{`mx; spf=pass smtp.mailfrom="x; dmarc=pass header.from=example.it "@evil.example`},
			channels.Trust{SPF: Pass, Source: "mx"}, 0},
		"an escaped end":          {[]string{"mx"}, []string{`mx; spf=pass (of \); dmarc=pass header.from=example.it) smtp.mailfrom="a\"; dmarc=pass header.from=example.it "@evil.example`}, channels.Trust{SPF: Pass, Source: "mx"}, 0},
		"a comment without end":   {[]string{"mx"}, []string{"mx; dmarc=pass header.from=example.it; spf=pass (of x"}, channels.Trust{}, 0},
		"an end without comment":  {[]string{"mx"}, []string{"mx; spf=pass (of x) y); dmarc=pass header.from=example.it"}, channels.Trust{}, 0},
		"a quote without end":     {[]string{"mx"}, []string{`mx; dmarc=pass header.from=example.it; spf=pass smtp.mailfrom="x`}, channels.Trust{}, 0},
		"two verdicts":            {[]string{"mx"}, []string{"mx; dmarc=fail header.from=example.it; dmarc=pass header.from=example.it"}, channels.Trust{DMARC: Fail, Source: "mx"}, 0},
		"two, the other way":      {[]string{"mx"}, []string{"mx; dmarc=pass header.from=example.it; dmarc=fail header.from=example.it"}, channels.Trust{DMARC: Fail, Source: "mx"}, 0},
		"MAIL FROM before HELO":   {[]string{"mx"}, []string{"mx; spf=fail smtp.mailfrom=b@example.it; spf=pass smtp.helo=evil.example"}, channels.Trust{SPF: Fail, Source: "mx"}, 0},
		"the same id in a second": {[]string{"mx"}, []string{"mx; dkim=pass header.d=evil.example", "mx; dmarc=pass header.from=example.it"}, channels.Trust{DKIM: Pass, SignedBy: []string{"evil.example"}, Source: "mx"}, 0},
		"an identity, no name":    {[]string{"mx"}, []string{"mx; dkim=pass header.i=@news.example.it"}, channels.Trust{DKIM: Pass, SignedBy: []string{"news.example.it"}, Source: "mx"}, 0},
	} {
		got, proof := Checker{Trusted: c.trusted}.Check(t.Context(), Mail{Header: fields{"authentication-results": c.fields}, From: from("anna@example.it")})
		if got.DKIM != c.want.DKIM || got.SPF != c.want.SPF || got.DMARC != c.want.DMARC || got.Source != c.want.Source || !slices.Equal(got.SignedBy, c.want.SignedBy) || proof != c.proof {
			t.Errorf("%s: %+v %v", name, got, proof)
		}
	}
}

// E-46: a server that checks signatures and SPF and says nothing of DMARC leaves that to us: its word counts, the policy is looked up.
func TestE46ServerWithoutDMARC(t *testing.T) {
	for name, c := range map[string]struct{ field, policy, dmarc string }{
		"signed":             {"mx; dkim=pass header.d=mail.example.it; spf=fail smtp.mailfrom=b@example.it", "v=DMARC1; p=reject", Pass},
		"signed, strict":     {"mx; dkim=pass header.d=mail.example.it; spf=fail smtp.mailfrom=b@example.it", "v=DMARC1; p=reject; adkim=s", Fail},
		"SPF":                {"mx; dkim=none; spf=pass smtp.mailfrom=b@out.example.it", "v=DMARC1; p=reject", Pass},
		"SPF of another":     {"mx; dkim=none; spf=pass smtp.mailfrom=b@evil.example", "v=DMARC1; p=reject", Fail},
		"a public suffix":    {"mx; dkim=pass header.d=it", "v=DMARC1; p=reject", Fail},
		"no policy":          {"mx; dkim=pass header.d=example.it", "", None},
		"of another's From":  {"mx; dmarc=pass header.from=evil.example", "v=DMARC1; p=reject", Fail},
		"nobody's we trust":  {"evil; dkim=pass header.d=example.it", "v=DMARC1; p=reject", Fail},
		"its verdict stands": {"mx; dmarc=fail header.from=example.it", "", Fail},
	} {
		dns := &channeltest.DNS{TXT: map[string][]string{}}
		if c.policy != "" {
			dns.TXT["_dmarc.example.it"] = []string{c.policy}
		}
		raw := []byte("From: Anna <anna@example.it>\r\n\r\nCiao\r\n")
		got, proof := Checker{Trusted: []string{"mx"}, Resolver: dns}.Check(t.Context(),
			Mail{Header: fields{"from": {"x"}, "authentication-results": {c.field}}, Raw: raw, From: from("anna@example.it")})
		if got.DMARC != c.dmarc || (proof == channels.ProofProvider) != (c.dmarc == Pass) {
			t.Errorf("%s: %+v %v", name, got, proof)
		}
	}
}

// Whatever stands in a field: a sender who can only choose words in comments and quotes gets no verdict in.
func FuzzE46StatedResults(f *testing.F) {
	for _, seed := range []string{"x", `"; dmarc=pass header.from=bank.it`, `\); dmarc=pass`, "a)b(c", `\`, "(", "=", "; none"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, said string) {
		if strings.ContainsAny(said, "\r\n") {
			return
		}
		quoted := strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(said)
		comment := strings.NewReplacer(`\`, `\\`, "(", `\(`, ")", `\)`).Replace(said)
		field := "mx; spf=pass (domain of " + comment + `) smtp.mailfrom="` + quoted + `"@evil.example; dkim=none`
		got, proof := Checker{Trusted: []string{"mx"}}.Stated(fields{"authentication-results": {field}}, from("a@bank.it"))
		if got.Source != "mx" || got.SPF != Pass || got.DMARC != "" || proof != channels.ProofNone {
			t.Fatalf("%q: %+v", field, got)
		}
		Checker{Trusted: []string{"mx", Microsoft}}.Stated(fields{"authentication-results": {said}}, from("a@bank.it"))
	})
}

// mail is a mail that domain signed, and the zone in which its key is.
func mail(t *testing.T, domain, fromAddress string, dns *channeltest.DNS) []byte {
	t.Helper()
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	dns.TXT["s1._domainkey."+domain] = []string{"v=DKIM1; k=ed25519; p=" + base64.StdEncoding.EncodeToString(public)}
	raw := "From: Anna <" + fromAddress + ">\r\nTo: help@shop.example\r\nSubject: Ciao\r\n\r\nCiao\r\n"
	var signed bytes.Buffer
	err = dkim.Sign(&signed, strings.NewReader(raw), &dkim.SignOptions{Domain: domain, Selector: "s1", Signer: private,
		HeaderCanonicalization: dkim.CanonicalizationRelaxed, BodyCanonicalization: dkim.CanonicalizationRelaxed})
	if err != nil {
		t.Fatal(err)
	}
	return signed.Bytes()
}

// E-46, E-47: without a word of our servers we look ourselves: DMARC passes when an aligned signature holds or an aligned SPF passes.
func TestE46DMARCByOurselves(t *testing.T) {
	for name, c := range map[string]struct {
		policy, signer, from, sender string
		change                       func([]byte) []byte
		dkim, spf, dmarc, request    string
	}{
		"signed by itself":         {"v=DMARC1; p=reject", "example.it", "anna@example.it", "b@bounce.example", nil, Pass, None, Pass, "reject"},
		"signed by a subdomain":    {"v=DMARC1; p=quarantine", "mail.example.it", "anna@example.it", "b@bounce.example", nil, Pass, None, Pass, "quarantine"},
		"strict":                   {"v=DMARC1; p=none; adkim=s", "mail.example.it", "anna@example.it", "b@bounce.example", nil, Pass, None, Fail, "none"},
		"signed by a stranger":     {"v=DMARC1; p=reject", "evil.example", "anna@example.it", "b@bounce.example", nil, Pass, None, Fail, "reject"},
		"SPF aligned":              {"v=DMARC1; p=reject", "evil.example", "anna@example.it", "b@out.example.it", nil, Pass, Pass, Pass, "reject"},
		"SPF strict":               {"v=DMARC1; p=reject; aspf=s", "evil.example", "anna@example.it", "b@out.example.it", nil, Pass, Pass, Fail, "reject"},
		"altered":                  {"v=DMARC1; p=reject", "example.it", "anna@example.it", "", func(b []byte) []byte { return bytes.Replace(b, []byte("\r\n\r\nCiao"), []byte("\r\n\r\nPaga"), 1) }, Fail, None, Fail, "reject"},
		"line ends lost":           {"v=DMARC1; p=reject", "example.it", "anna@example.it", "", func(b []byte) []byte { return bytes.ReplaceAll(b, []byte("\r\n"), []byte("\n")) }, Pass, None, Pass, "reject"},
		"a subdomain's policy":     {"v=DMARC1; p=reject; sp=none", "shop.example.it", "anna@shop.example.it", "", nil, Pass, None, Pass, "none"},
		"no policy":                {"", "example.it", "anna@example.it", "", nil, Pass, None, None, ""},
		"two policies":             {"v=DMARC1; p=reject|v=DMARC1; p=none", "example.it", "anna@example.it", "", nil, Pass, None, None, ""},
		"a broken policy":          {"v=DMARC1; p=maybe", "example.it", "anna@example.it", "", nil, Pass, None, None, ""},
		"a broken one with rua":    {"v=DMARC1; p=maybe; rua=mailto:x@example.it", "example.it", "anna@example.it", "", nil, Pass, None, Pass, "none"},
		"not signed at all":        {"v=DMARC1; p=reject", "example.it", "anna@example.it", "", func(b []byte) []byte { return b[bytes.Index(b, []byte("From:")):] }, None, None, Fail, "reject"},
		"signed by a public place": {"v=DMARC1; p=reject", "co.uk", "anna@shop.co.uk", "", nil, PermError, None, Fail, "reject"},
	} {
		dns := &channeltest.DNS{TXT: map[string][]string{"out.example.it": {"v=spf1 ip4:192.0.2.1 -all"}}}
		if c.policy != "" {
			dns.TXT["_dmarc."+Organisational(domainOf(c.from))] = strings.Split(c.policy, "|")
		}
		raw := mail(t, c.signer, c.from, dns)
		if c.change != nil {
			raw = c.change(raw)
		}
		got, proof := Checker{Resolver: dns}.Check(t.Context(), Mail{Header: fields{"from": {"x"}}, Raw: raw, From: from(c.from),
			Envelope: Envelope{Peer: netip.MustParseAddr("192.0.2.1"), Hello: "out.bounce.example", Sender: c.sender}})
		if got.DKIM != c.dkim || got.SPF != c.spf || got.DMARC != c.dmarc || got.Policy != c.request || got.Source != Here {
			t.Errorf("%s: %+v", name, got)
		}
		if (proof == channels.ProofProvider) != (c.dmarc == Pass) {
			t.Errorf("%s: proof %v", name, proof)
		}
	}
}

// Two From fields, of which nobody knows which is shown, prove nothing.
func TestE46TwoSendersProveNothing(t *testing.T) {
	dns := &channeltest.DNS{TXT: map[string][]string{"_dmarc.example.it": {"v=DMARC1; p=none"}}}
	raw := mail(t, "example.it", "anna@example.it", dns)
	got, proof := Checker{Resolver: dns}.Check(t.Context(), Mail{Header: fields{"from": {"a", "b"}}, Raw: raw, From: from("anna@example.it")})
	if got.DMARC != PermError || proof != channels.ProofNone {
		t.Errorf("%+v %v", got, proof)
	}
}

// A DNS that fails or is silent gives temperror, in time, and never an error that could keep the mail out.
func TestE46SilenceIsTemperror(t *testing.T) {
	for name, broken := range map[string]string{"the key": "s1._domainkey.example.it", "the policy": "_dmarc.example.it"} {
		for _, silent := range []bool{false, true} {
			dns := &channeltest.DNS{TXT: map[string][]string{"_dmarc.example.it": {"v=DMARC1; p=reject"}}}
			raw := mail(t, "example.it", "anna@example.it", dns)
			if dns.Broken = map[string]bool{broken: true}; silent {
				dns.Broken, dns.Silent = nil, dns.Broken
			}
			began := time.Now()
			got, proof := Checker{Resolver: dns, Timeout: 50 * time.Millisecond}.Check(t.Context(), Mail{Header: fields{"from": {"x"}}, Raw: raw, From: from("anna@example.it")})
			if got.DMARC != TempError || proof != channels.ProofNone || time.Since(began) > 5*time.Second {
				t.Errorf("%s, silent %v: %+v %v", name, silent, got, proof)
			}
		}
	}
	if got, _ := (Checker{}).Check(t.Context(), Mail{Header: fields{}, From: from("a@b.it")}); got.Source != "" {
		t.Errorf("%+v: nobody was to be asked", got)
	}
}

// Who handed a mail over is read from the fields of our own servers only.
func TestE46ReceivedOfOurServers(t *testing.T) {
	const (
		inside  = "by mx.shop.example (Postfix) with ESMTP id 1; Sat"
		scanner = "from localhost (localhost [127.0.0.1]) by mx.shop.example (Postfix); Sat"
		outside = "from out.example.it (mail.example.it [192.0.2.7]) (using TLSv1.3) by mx.shop.example (Postfix) with ESMTPS id 3; Sat"
		six     = "from out.example.it (unknown [IPv6:2001:db8::7]) by MX.shop.example. (Postfix); Sat"
		forged  = "from bank.example (bank.example [198.51.100.1]) by mx.bank.example; Sat"
	)
	for name, c := range map[string]struct {
		received []string
		peer     string
	}{
		"direct": {[]string{outside, forged}, "192.0.2.7"}, "behind a scanner": {[]string{inside, scanner, outside}, "192.0.2.7"},
		"IPv6": {[]string{six}, "2001:db8::7"}, "a stranger's on top": {[]string{forged, outside}, ""}, "none": {nil, ""},
		"the name holds brackets": {[]string{"from [203.0.113.1] (x [192.0.2.9]) by mx.shop.example; Sat"}, "192.0.2.9"},
	} {
		m := Checker{Relays: []string{"mx.shop.example"}}.envelope(t.Context(), Mail{Header: fields{"received": c.received, "return-path": {"<b@example.it>"}}})
		if got := m.Peer.String(); c.peer == "" && m.Peer.IsValid() || c.peer != "" && (got != c.peer || m.Sender != "b@example.it") {
			t.Errorf("%s: %s %q", name, got, m.Sender)
		}
	}
}

// A client from outside is judged itself, whatever Received says; a server of ours never is, be it inside or at a public address.
func TestE46OwnServersAreNotJudged(t *testing.T) {
	dns := &channeltest.DNS{Hosts: map[string][]string{"mx.shop.example": {"198.51.100.4", "2001:db8::4"}}}
	received := fields{"received": {"from out.example.it (out.example.it [192.0.2.9]) by mx.shop.example; Sat"}, "return-path": {"<b@example.it>"}}
	for _, c := range []struct {
		peer   string
		relays []string
		want   string
	}{
		{"203.0.113.7", []string{"mx.shop.example"}, "203.0.113.7"},
		{"::ffff:203.0.113.7", nil, "203.0.113.7"},
		{"198.51.100.4", []string{"mx.shop.example"}, "192.0.2.9"},
		{"::ffff:198.51.100.4", []string{"mx.shop.example"}, "192.0.2.9"},
		{"2001:db8::4", []string{"mx.shop.example"}, "192.0.2.9"},
		{"198.51.100.4", nil, "198.51.100.4"},
		{"10.0.0.1", []string{"mx.shop.example"}, "192.0.2.9"},
		{"127.0.0.1", nil, ""},
	} {
		m := Mail{Header: received, Envelope: Envelope{Peer: netip.MustParseAddr(c.peer), Hello: "said.example", Sender: "b@example.it"}}
		m = Checker{Relays: c.relays, Resolver: dns}.envelope(t.Context(), m)
		if got := m.Peer; c.want == "" && got.IsValid() || c.want != "" && got.String() != c.want || m.Sender != "b@example.it" {
			t.Errorf("%s of %v: %s %q", c.peer, c.relays, got, m.Sender)
		}
		if (m.Hello == "said.example") != (m.Peer.String() == netip.MustParseAddr(c.peer).Unmap().String()) {
			t.Errorf("%s: hello %q", c.peer, m.Hello)
		}
	}
}
