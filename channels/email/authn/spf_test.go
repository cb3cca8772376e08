package authn

import (
	"context"
	"net/netip"
	"strings"
	"testing"
	"time"

	"sportello/channels/channeltest"
)

func zone() *channeltest.DNS {
	many := make([]string, 11)
	for i := range many {
		many[i] = "mx" + string(rune('a'+i)) + ".many.example"
	}
	return &channeltest.DNS{
		TXT: map[string][]string{
			"plain.example":   {"other text", "v=spf1 ip4:192.0.2.0/24 ip6:2001:db8::/32 -all"},
			"soft.example":    {"v=spf1 ~all"},
			"neutral.example": {"v=spf1 ?all"},
			"open.example":    {"v=spf1"},
			"case.example":    {"V=SPF1 IP4:192.0.2.1 -ALL"},
			"twice.example":   {"v=spf1 -all", "v=spf1 +all"},
			"typo.example":    {"v=spf1 ipv4:192.0.2.1 -all"},
			"badnet.example":  {"v=spf1 ip4:192.0.2.1/33 -all"},
			"bad6.example":    {"v=spf1 ip6:192.0.2.1 -all"},
			"late.example":    {"v=spf1 ip4:192.0.2.1 -all nonsense:x"},
			"a.example":       {"v=spf1 a -all"},
			"a24.example":     {"v=spf1 a:a.example/24 -all"},
			"a6.example":      {"v=spf1 a:a.example//64 -all"},
			"mx.example":      {"v=spf1 mx -all"},
			"many.example":    {"v=spf1 mx -all"},
			"ptr.example":     {"v=spf1 ptr -all"},
			"inc.example":     {"v=spf1 include:plain.example -all"},
			"incnone.example": {"v=spf1 include:nothing.example -all"},
			"redir.example":   {"v=spf1 redirect=plain.example"},
			"redirno.example": {"v=spf1 redirect=nothing.example"},
			"redirx2.example": {"v=spf1 redirect=a.example redirect=b.example"},
			"loop.example":    {"v=spf1 include:loop.example -all"},
			"void.example":    {"v=spf1 a:n1.example a:n2.example a:n3.example +all"},
			"void2.example":   {"v=spf1 a:n1.example a:n2.example +all"},
			"ten.example":     {"v=spf1 " + strings.Repeat("a:a.example ", 10) + "-all"},
			"eleven.example":  {"v=spf1 " + strings.Repeat("a:a.example ", 11) + "-all"},
			"macro.example":   {"v=spf1 exists:%{ir}.%{lr-}.%{o}.lists.example -all"},
			"macro6.example":  {"v=spf1 exists:%{ir}.%{v}.lists.example -all"},
			"badmac.example":  {"v=spf1 exists:%{q}.x -all"},
			"broken.example":  {"x"},
			"incbrok.example": {"v=spf1 include:down.example -all"},
			"exp.example":     {"v=spf1 exp=why.example -all"},
			"new.example":     {"v=spf1 future=1 -all"},
			"arg.example":     {"v=spf1 all:x"},
			"empty.example":   {"v=spf1 include: -all"},
		},
		MX: map[string][]string{"mx.example": {"m1.example", "m2.example"}, "many.example": many},
		Hosts: map[string][]string{
			"a.example": {"192.0.2.1", "2001:db8::1"}, "m2.example": {"192.0.2.7"}, "m1.example": {"203.0.113.9"}, "host.ptr.example": {"192.0.2.1"},
			"1.2.0.192.smith.joe.macro.example.lists.example":                                   {"127.0.0.2"},
			"1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.lists.example": {"127.0.0.2"},
		},
		Names:  map[string][]string{"192.0.2.1": {"fake.ptr.example.", "host.ptr.example."}},
		Broken: map[string]bool{"down.example": true},
	}
}

// E-46: SPF as RFC 7208 has it.
func TestE46SPF(t *testing.T) {
	for _, c := range []struct{ sender, ip, want string }{
		{"a@plain.example", "192.0.2.77", Pass}, {"a@plain.example", "2001:db8:1::1", Pass}, {"a@plain.example", "198.51.100.1", Fail},
		{"a@plain.example", "::ffff:192.0.2.77", Pass},
		{"a@soft.example", "192.0.2.1", SoftFail}, {"a@neutral.example", "192.0.2.1", Neutral}, {"a@open.example", "192.0.2.1", Neutral},
		{"a@case.example", "192.0.2.1", Pass}, {"a@nothing.example", "192.0.2.1", None}, {"a@localhost", "192.0.2.1", None},
		{"a@twice.example", "192.0.2.1", PermError}, {"a@typo.example", "192.0.2.1", PermError}, {"a@badnet.example", "192.0.2.1", PermError},
		{"a@bad6.example", "192.0.2.1", PermError}, {"a@arg.example", "192.0.2.1", PermError}, {"a@empty.example", "192.0.2.1", PermError},
		{"a@late.example", "192.0.2.9", Fail}, {"a@exp.example", "192.0.2.9", Fail}, {"a@new.example", "192.0.2.9", Fail},
		{"a@a.example", "192.0.2.1", Pass}, {"a@a.example", "192.0.2.2", Fail}, {"a@a24.example", "192.0.2.200", Pass},
		{"a@a6.example", "2001:db8::ffff", Pass}, {"a@a6.example", "2001:db8:0:1::1", Fail},
		{"a@mx.example", "192.0.2.7", Pass}, {"a@mx.example", "192.0.2.8", Fail}, {"a@many.example", "192.0.2.8", PermError},
		{"a@ptr.example", "192.0.2.1", Pass}, {"a@ptr.example", "192.0.2.2", Fail},
		{"a@inc.example", "192.0.2.1", Pass}, {"a@inc.example", "198.51.100.1", Fail}, {"a@incnone.example", "192.0.2.1", PermError},
		{"a@redir.example", "192.0.2.1", Pass}, {"a@redir.example", "198.51.100.1", Fail}, {"a@redirno.example", "192.0.2.1", PermError},
		{"a@redirx2.example", "192.0.2.1", PermError},
		{"a@loop.example", "192.0.2.1", PermError}, {"a@void.example", "192.0.2.1", PermError}, {"a@void2.example", "192.0.2.1", Pass},
		{"a@ten.example", "192.0.2.2", Fail}, {"a@eleven.example", "192.0.2.2", PermError},
		{"joe-smith@macro.example", "192.0.2.1", Pass}, {"joe-jones@macro.example", "192.0.2.1", Fail}, {"x@macro6.example", "2001:db8::1", Pass}, {"x@badmac.example", "192.0.2.1", PermError},
		{"a@down.example", "192.0.2.1", TempError}, {"a@incbrok.example", "192.0.2.1", TempError},
		{"", "192.0.2.1", Pass}, // the null sender is judged by the hello name
	} {
		dns := zone()
		got, domain := Checker{Resolver: dns}.spf(t.Context(), Mail{Envelope: Envelope{Peer: netip.MustParseAddr(c.ip), Hello: "a.example", Sender: c.sender}})
		if got != c.want {
			t.Errorf("%s from %s: %s, want %s", c.sender, c.ip, got, c.want)
		}
		if c.sender == "" && domain != "a.example" {
			t.Error(domain)
		}
		if n := dns.Asked.Load(); n > 25 {
			t.Errorf("%s: the DNS was asked %d times", c.sender, n)
		}
	}
}

// RFC 7208 section 7.4: the examples of macros.
func TestE46SPFMacros(t *testing.T) {
	s := &spfCheck{ip: netip.MustParseAddr("192.0.2.3"), sender: "strong-bad@email.example.com", hello: "mx.example.org"}
	six := &spfCheck{ip: netip.MustParseAddr("2001:db8::cb01"), sender: s.sender}
	for _, c := range []struct {
		check    *spfCheck
		in, want string
	}{
		{s, "%{s}", "strong-bad@email.example.com"}, {s, "%{o}", "email.example.com"}, {s, "%{d}", "email.example.com"}, {s, "%{d4}", "email.example.com"},
		{s, "%{d2}", "example.com"}, {s, "%{d1}", "com"}, {s, "%{dr}", "com.example.email"}, {s, "%{d2r}", "example.email"}, {s, "%{l}", "strong-bad"},
		{s, "%{l-}", "strong.bad"}, {s, "%{lr}", "strong-bad"}, {s, "%{lr-}", "bad.strong"}, {s, "%{l1r-}", "strong"},
		{s, "%{ir}.%{v}._spf.%{d2}", "3.2.0.192.in-addr._spf.example.com"}, {s, "%{lr-}.lp._spf.%{d2}", "bad.strong.lp._spf.example.com"},
		{s, "%{lr-}.lp.%{ir}.%{v}._spf.%{d2}", "bad.strong.lp.3.2.0.192.in-addr._spf.example.com"},
		{six, "%{ir}.%{v}._spf.%{d2}", "1.0.b.c.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6._spf.example.com"},
		{s, "%%%_%-", "% %20"}, {s, "%{h}", "mx.example.org"},
	} {
		if got, err := c.check.expand(t.Context(), c.in, "email.example.com"); err != nil || got != c.want {
			t.Errorf("%s: %q %v, want %q", c.in, got, err, c.want)
		}
	}
	for _, bad := range []string{"%", "%x", "%{", "%{}", "%{s0}", "%{s1!}", "%{c}", "a b", "%{d99999999999999999999}"} {
		if got, err := s.expand(t.Context(), bad, "d.example"); err == nil {
			t.Errorf("%q: %q", bad, got)
		}
	}
}

// Whatever a stranger publishes: it ends, asks little, and says one of the results.
func FuzzSPF(f *testing.F) {
	for _, all := range zone().TXT {
		f.Add(all[0], "joe@x.example")
	}
	f.Add("v=spf1 include:x.example include:x.example mx:%{d} a:%{i} exists:%{s}.y redirect=%{h}", "")
	f.Fuzz(func(t *testing.T, record, sender string) {
		dns := &channeltest.DNS{TXT: map[string][]string{"x.example": {record}}, Hosts: map[string][]string{"x.example": {"192.0.2.1"}},
			MX: map[string][]string{"x.example": {"x.example"}}}
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		got, _ := Checker{Resolver: dns}.spf(ctx, Mail{Envelope: Envelope{Peer: netip.MustParseAddr("192.0.2.1"), Hello: "x.example", Sender: sender}})
		if got != known(got) || ctx.Err() != nil {
			t.Fatalf("%q", got)
		}
		if n := dns.Asked.Load(); n > 120 {
			t.Fatalf("asked %d times", n)
		}
	})
}
