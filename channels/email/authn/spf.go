package authn

// SPF, RFC 7208. The invariants:
//
//   - At most ten terms of one check ask the DNS (section 4.6.4), at most two of their answers are empty, and mx and ptr follow at most
//     ten names each. What is beyond is a permerror, and no mail can make us ask more.
//   - An answer that does not come is a temperror, never a fail.

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"strconv"
	"strings"
)

const (
	mostLookups = 10
	mostVoid    = 2
	mostNames   = 10 // of one mx or ptr
)

// verdict ends a check early.
type verdict string

// Error is the result.
func (v verdict) Error() string { return "spf: " + string(v) }

// spfCheck is one check under way.
type spfCheck struct {
	r       Resolver
	ip      netip.Addr
	sender  string // as macros see it: postmaster@ the hello name for the null sender
	hello   string
	lookups int
	void    int
}

// spf checks the envelope of a mail, and returns the domain it spoke of: that of MAIL FROM, or of the hello name when that is null.
func (c Checker) spf(ctx context.Context, m Mail) (result, domain string) {
	sender := m.Sender
	if domain = domainOf(sender); domain == "" || sender == "" {
		domain = m.Hello
		sender = "postmaster@" + domain
	} else if !strings.Contains(sender, "@") {
		sender = "postmaster@" + sender
	}
	check := &spfCheck{r: c.Resolver, ip: m.Peer.Unmap(), sender: sender, hello: m.Hello}
	result, err := check.host(ctx, strings.ToLower(domain))
	var v verdict
	switch {
	case errors.As(err, &v):
		return string(v), domain
	case err != nil:
		return TempError, domain
	}
	return result, domain
}

// SPF is what a domain's record says of mail in its name that leaves from an address, and temperror when the DNS does not answer.
func SPF(ctx context.Context, r Resolver, ip netip.Addr, domain string) string {
	result, _ := Checker{Resolver: r}.spf(ctx, Mail{Envelope: Envelope{Peer: ip, Hello: domain}})
	return result
}

// host is check_host (RFC 7208 section 4).
func (s *spfCheck) host(ctx context.Context, domain string) (string, error) {
	if len(domain) > 253 || !strings.Contains(strings.Trim(domain, "."), ".") || strings.Contains(domain, "..") || strings.HasPrefix(domain, "[") {
		return None, nil
	}
	record, err := SPFRecord(ctx, s.r, domain)
	if err != nil || record == "" {
		return None, err
	}
	redirect := ""
	var mechanisms []string
	for _, term := range strings.Fields(record)[1:] {
		if name, value, ok := modifier(term); ok {
			if strings.EqualFold(name, "redirect") {
				if redirect != "" {
					return "", verdict(PermError)
				}
				redirect = value
			}
			continue
		}
		mechanisms = append(mechanisms, term)
	}
	for _, term := range mechanisms {
		result, term := qualifier(term)
		hit, err := s.match(ctx, term, domain)
		if err != nil {
			return "", err
		}
		if hit {
			return result, nil
		}
	}
	if redirect == "" {
		return Neutral, nil
	}
	return s.redirect(ctx, redirect, domain)
}

func (s *spfCheck) redirect(ctx context.Context, to, domain string) (string, error) {
	if err := s.count(); err != nil {
		return "", err
	}
	target, err := s.expand(ctx, to, domain)
	if err != nil {
		return "", err
	}
	result, err := s.host(ctx, target)
	if err == nil && result == None {
		return "", verdict(PermError)
	}
	return result, err
}

// SPFRecord is the one SPF record of a domain, "" when it has none. Two are a permerror (RFC 7208 section 4.5).
func SPFRecord(ctx context.Context, r Resolver, domain string) (string, error) {
	all, err := r.LookupTXT(ctx, domain)
	if isNotFound(err) {
		return "", nil
	}
	if err != nil {
		return "", verdict(TempError)
	}
	found := ""
	for _, txt := range all {
		if low := strings.ToLower(txt); low != "v=spf1" && !strings.HasPrefix(low, "v=spf1 ") {
			continue
		}
		if found != "" {
			return "", verdict(PermError)
		}
		found = txt
	}
	return found, nil
}

// modifier splits name=value. A mechanism has a colon or a slash before any equals sign.
func modifier(term string) (name, value string, ok bool) {
	name, value, ok = strings.Cut(term, "=")
	return name, value, ok && name != "" && !strings.ContainsAny(name, ":/+-?~")
}

func qualifier(term string) (result, rest string) {
	switch term[0] {
	case '+':
		return Pass, term[1:]
	case '-':
		return Fail, term[1:]
	case '~':
		return SoftFail, term[1:]
	case '?':
		return Neutral, term[1:]
	}
	return Pass, term
}

// match evaluates one mechanism.
func (s *spfCheck) match(ctx context.Context, term, domain string) (bool, error) {
	name, argument := term, ""
	if i := strings.IndexAny(term, ":/"); i >= 0 {
		name, argument = term[:i], term[i:]
	}
	target, hasTarget := strings.CutPrefix(argument, ":")
	switch name = strings.ToLower(name); name {
	case "all":
		if argument != "" {
			return false, verdict(PermError)
		}
		return true, nil
	case "ip4", "ip6":
		return s.network(name, target, hasTarget)
	case "include", "exists":
		if !hasTarget || target == "" {
			return false, verdict(PermError)
		}
	case "a", "mx", "ptr":
	default:
		return false, verdict(PermError)
	}
	if err := s.count(); err != nil {
		return false, err
	}
	spec, bits4, bits6, err := prefixes(argument)
	if err != nil {
		return false, err
	}
	if name == "include" || name == "exists" || name == "ptr" {
		spec = target // no prefix may follow; a slash in it belongs to a macro
	}
	host := domain
	if spec != "" {
		if host, err = s.expand(ctx, spec, domain); err != nil {
			return false, err
		}
	} else if hasTarget {
		return false, verdict(PermError)
	}
	switch name {
	case "include":
		return s.include(ctx, host)
	case "exists":
		found, err := s.addresses(ctx, "ip4", host, true)
		return len(found) > 0, err
	case "mx":
		return s.mx(ctx, host, bits4, bits6)
	case "ptr":
		return s.ptr(ctx, host)
	}
	return s.a(ctx, host, bits4, bits6, true)
}

// include matches when the other record says pass (RFC 7208 section 5.2).
func (s *spfCheck) include(ctx context.Context, host string) (bool, error) {
	result, err := s.host(ctx, host)
	if err == nil && result == None {
		err = verdict(PermError)
	}
	return result == Pass, err
}

// network is ip4 or ip6.
func (s *spfCheck) network(name, text string, ok bool) (bool, error) {
	if !ok {
		return false, verdict(PermError)
	}
	bits := 32
	if name == "ip6" {
		bits = 128
	}
	if !strings.Contains(text, "/") {
		text += "/" + strconv.Itoa(bits)
	}
	p, err := netip.ParsePrefix(text)
	if err != nil || p.Addr().BitLen() != bits {
		return false, verdict(PermError)
	}
	return p.Masked().Contains(s.ip), nil
}

// a matches the addresses of a host.
func (s *spfCheck) a(ctx context.Context, host string, bits4, bits6 int, counts bool) (bool, error) {
	network, bits := "ip4", bits4
	if !s.ip.Is4() {
		network, bits = "ip6", bits6
	}
	found, err := s.addresses(ctx, network, host, counts)
	for _, addr := range found {
		if p, bad := addr.Unmap().Prefix(bits); bad == nil && p.Contains(s.ip) {
			return true, nil
		}
	}
	return false, err
}

func (s *spfCheck) mx(ctx context.Context, host string, bits4, bits6 int) (bool, error) {
	found, err := s.r.LookupMX(ctx, host)
	if err := s.answered(len(found), err); err != nil {
		return false, err
	}
	if len(found) > mostNames {
		return false, verdict(PermError)
	}
	for _, mx := range found {
		hit, err := s.a(ctx, strings.TrimSuffix(mx.Host, "."), bits4, bits6, false)
		if hit || err != nil {
			return hit, err
		}
	}
	return false, nil
}

// ptr matches a name of the address that leads back to it (RFC 7208 section 5.5). What the DNS refuses is no match.
func (s *spfCheck) ptr(ctx context.Context, host string) (bool, error) {
	names, err := s.r.LookupAddr(ctx, s.ip.String())
	if err != nil {
		names = nil
		if isNotFound(err) {
			if err := s.answered(0, err); err != nil {
				return false, err
			}
		}
	}
	for _, name := range names[:min(len(names), mostNames)] {
		name = strings.ToLower(strings.TrimSuffix(name, "."))
		if name != host && !strings.HasSuffix(name, "."+host) {
			continue
		}
		if hit, err := s.a(ctx, name, 32, 128, false); hit && err == nil {
			return true, nil
		}
	}
	return false, nil
}

func (s *spfCheck) addresses(ctx context.Context, network, host string, counts bool) ([]netip.Addr, error) {
	found, err := s.r.LookupNetIP(ctx, network, host)
	if counts || !isNotFound(err) {
		return found, s.answered(len(found), err)
	}
	return nil, nil
}

// count counts a term that asks the DNS.
func (s *spfCheck) count() error {
	if s.lookups++; s.lookups > mostLookups {
		return verdict(PermError)
	}
	return nil
}

// answered counts answers without anything in them.
func (s *spfCheck) answered(n int, err error) error {
	var address *net.AddrError
	if err != nil && !isNotFound(err) && !errors.As(err, &address) {
		return verdict(TempError)
	}
	if n == 0 {
		if s.void++; s.void > mostVoid {
			return verdict(PermError)
		}
	}
	return nil
}

// prefixes cuts ":host/24//64" into its parts.
func prefixes(argument string) (spec string, bits4, bits6 int, err error) {
	bits4, bits6 = 32, 128
	spec = strings.TrimPrefix(argument, ":")
	if head, six, ok := strings.Cut(spec, "//"); ok {
		if bits6, err = width(six, 128); err != nil {
			return "", 0, 0, err
		}
		spec = head
	}
	if i := strings.LastIndexByte(spec, '/'); i >= 0 && !strings.Contains(spec[i:], "}") {
		if bits4, err = width(spec[i+1:], 32); err != nil {
			return "", 0, 0, err
		}
		spec = spec[:i]
	}
	return spec, bits4, bits6, nil
}

func width(text string, most int) (int, error) {
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 || n > most || len(text) > 1 && text[0] == '0' {
		return 0, verdict(PermError)
	}
	return n, nil
}
