// Package authn finds out who vouches for a mail that was received: what our own mail servers say of it (Authentication-Results,
// RFC 8601), or, where they say nothing, what its DKIM signatures (RFC 6376), the sender's SPF record (RFC 7208) and DMARC policy
// (RFC 7489) say.
//
// It must never believe a field that a stranger could have written, never keep a mail waiting longer than Checker.Timeout, and never
// refuse one: a question that cannot be answered is a temperror. It starts nothing and writes nothing; the mail adapter asks it for
// every mail it takes in.
package authn

import (
	"context"
	"net"
	"net/netip"
	"slices"
	"strings"
	"time"

	"golang.org/x/net/publicsuffix"

	"sportello/channels"
)

// The results, as RFC 8601 section 2.7 names them.
const (
	Pass      = "pass"
	Fail      = "fail"
	SoftFail  = "softfail"
	Neutral   = "neutral"
	None      = "none"
	TempError = "temperror"
	PermError = "permerror"
)

// Here is Trust.Source when we looked ourselves.
const Here = "here"

// Microsoft is the authserv-id by which the field of Microsoft 365 is trusted, which has none of its own.
const Microsoft = "microsoft"

// Resolver asks the DNS. *net.Resolver is one; a test has its own. A name that does not exist is a *net.DNSError with IsNotFound.
type Resolver interface {
	LookupTXT(ctx context.Context, name string) ([]string, error)
	LookupMX(ctx context.Context, name string) ([]*net.MX, error)
	LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error)
	LookupAddr(ctx context.Context, addr string) ([]string, error)
}

// Header is the header of a mail: All returns every value of a field, unfolded, topmost first; name is in lower case.
type Header interface {
	All(name string) []string
}

// Checker looks at mails. The zero Checker believes nobody and asks nobody. It is safe for concurrent use.
type Checker struct {
	Trusted  []string      // authserv-ids whose topmost field is believed
	Relays   []string      // host names of our own mail servers, whose Received fields are believed, and who are never judged by SPF
	Resolver Resolver      // nil: nothing is looked up
	Timeout  time.Duration // for everything that is looked up of one mail; 0 is 10 seconds
}

// Mail is what is looked at.
type Mail struct {
	Header Header
	Raw    []byte // the whole mail as it came
	From   channels.Address
	Envelope
}

// Envelope is what is known of a mail that was handed over to ourselves by SMTP. Without a Peer, or when that is a server of our own, it
// is read from the topmost Received and Return-Path fields of our own servers, if any are named.
type Envelope struct {
	Peer   netip.Addr // who handed the mail over
	Hello  string     // how he named himself
	Sender string     // MAIL FROM without brackets; "" is the null one
}

// Check says who vouches for a mail, and how strong a proof that is of its From. It never fails. What our own server says of DMARC is
// not asked again; where it says less, that counts beside what we find.
func (c Checker) Check(ctx context.Context, m Mail) (channels.Trust, channels.Proof) {
	said := c.stated(m.Header, m.From)
	if said.DMARC != "" || c.Resolver == nil {
		return said.Trust, proof(said.Trust)
	}
	timeout := c.Timeout
	if timeout <= 0 {
		timeout = 10 * time.Second
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	t := c.look(ctx, m, said)
	return t, proof(t)
}

func proof(t channels.Trust) channels.Proof {
	if t.DMARC == Pass {
		return channels.ProofProvider
	}
	return channels.ProofNone
}

// look verifies a mail ourselves. Our own server saw who handed it over, and saw it before anything was added to it: what it said of
// SPF stands, and what it said of signatures counts too.
func (c Checker) look(ctx context.Context, m Mail, said stated) channels.Trust {
	t := channels.Trust{Source: Here}
	signed := c.dkim(ctx, m.Raw)
	for _, domain := range said.SignedBy {
		if !slices.Contains(signed.domains, domain) && published(domain) {
			signed.domains, signed.result = append(signed.domains, domain), Pass
		}
	}
	t.DKIM, t.SignedBy = signed.result, signed.domains
	sender := said.sender
	if t.SPF = said.SPF; t.SPF == "" {
		if envelope := c.envelope(ctx, m); envelope.Peer.IsValid() {
			t.SPF, sender = c.spf(ctx, envelope)
		}
	}
	t.DMARC, t.Policy = c.dmarc(ctx, m, t, signed, sender)
	return t
}

// Organisational is the organisational domain of a domain (RFC 7489 section 3.2): the registered name below a public suffix.
func Organisational(domain string) string {
	domain = strings.ToLower(strings.TrimSuffix(domain, "."))
	if org, err := publicsuffix.EffectiveTLDPlusOne(domain); err == nil {
		return org
	}
	return domain
}

// Aligned reports whether a domain that vouches stands for the domain of From (RFC 7489 section 3.1): strictly only for itself.
func Aligned(domain, from string, strict bool) bool {
	domain, from = strings.ToLower(strings.TrimSuffix(domain, ".")), strings.ToLower(from)
	if domain == "" || from == "" {
		return false
	}
	return domain == from || !strict && Organisational(domain) == Organisational(from)
}

// domainOf is what stands after the last @.
func domainOf(addr string) string { return addr[strings.LastIndexByte(addr, '@')+1:] }
