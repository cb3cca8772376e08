package authn

import (
	"context"
	"errors"
	"net"
	"slices"
	"strings"

	"sportello/channels"
)

// Policy is what a domain publishes about mail in its name (RFC 7489 section 6.3).
type Policy struct {
	Domain     string // under which it was found
	Request    string // p: none, quarantine, reject
	Below      string // sp: the same for domains below; "" is as Request
	StrictDKIM bool   // adkim=s
	StrictSPF  bool   // aspf=s
	Reported   bool   // rua: somebody gets the receivers' reports
}

// Of is what the policy asks for mail of a domain: none, quarantine or reject.
func (p Policy) Of(domain string) string {
	if p.Below != "" && !strings.EqualFold(domain, p.Domain) {
		return p.Below
	}
	return p.Request
}

// errNoPolicy says that a domain publishes none.
var errNoPolicy = errors.New("no DMARC policy")

// FindPolicy looks a domain's DMARC policy up, then that of its organisational domain. found is false when there is none. An error is
// of the DNS.
func FindPolicy(ctx context.Context, r Resolver, domain string) (p Policy, found bool, err error) {
	names := []string{strings.ToLower(domain)}
	if org := Organisational(domain); org != names[0] {
		names = append(names, org)
	}
	for _, name := range names {
		p, err := policyAt(ctx, r, name)
		if err == nil {
			return p, true, nil
		}
		if !errors.Is(err, errNoPolicy) {
			return Policy{}, false, err
		}
	}
	return Policy{}, false, nil
}

func policyAt(ctx context.Context, r Resolver, domain string) (Policy, error) {
	all, err := PolicyRecords(ctx, r, domain)
	if err != nil {
		return Policy{}, err
	}
	if len(all) != 1 { // RFC 7489 section 6.6.3: several are none
		return Policy{}, errNoPolicy
	}
	p, ok := parsePolicy(all[0], domain)
	if !ok {
		return Policy{}, errNoPolicy
	}
	return p, nil
}

// PolicyRecords are the DMARC records at _dmarc.<domain>, also when they are too many or say what nobody understands: then there is no
// policy. An error is of the DNS.
func PolicyRecords(ctx context.Context, r Resolver, domain string) ([]string, error) {
	all, err := r.LookupTXT(ctx, "_dmarc."+domain)
	if isNotFound(err) {
		return nil, nil
	}
	return slices.DeleteFunc(slices.Clone(all), func(txt string) bool {
		tag, _, _ := strings.Cut(txt, ";")
		name, value, _ := strings.Cut(tag, "=")
		return strings.ToLower(strings.TrimSpace(name)) != "v" || strings.TrimSpace(value) != "DMARC1"
	}), err
}

// parsePolicy reads one record of PolicyRecords. What is not known in it is skipped.
func parsePolicy(txt, domain string) (Policy, bool) {
	tags := map[string]string{}
	for tag := range strings.SplitSeq(txt, ";") {
		name, value, ok := strings.Cut(tag, "=")
		name, value = strings.ToLower(strings.TrimSpace(name)), strings.TrimSpace(value)
		if _, twice := tags[name]; ok && !twice {
			tags[name] = strings.ToLower(value)
		}
	}
	requests := []string{"none", "quarantine", "reject"}
	p := Policy{Domain: domain, Request: tags["p"], StrictDKIM: tags["adkim"] == "s", StrictSPF: tags["aspf"] == "s", Reported: tags["rua"] != ""}
	if slices.Contains(requests, tags["sp"]) {
		p.Below = tags["sp"]
	}
	if !slices.Contains(requests, p.Request) {
		if !p.Reported {
			return Policy{}, false
		}
		p.Request = "none" // RFC 7489 section 6.6.3, step 6
	}
	return p, true
}

// dmarc asks whether one who vouches stands for the domain of From. sender is the domain that SPF spoke of.
func (c Checker) dmarc(ctx context.Context, m Mail, t channels.Trust, signed signatures, sender string) (result, policy string) {
	from := domainOf(m.From.Value)
	if from == "" {
		return None, ""
	}
	if len(m.Header.All("from")) > 1 {
		return PermError, "" // RFC 7489 section 6.6.1: which of them would be shown?
	}
	p, found, err := FindPolicy(ctx, c.Resolver, from)
	switch {
	case err != nil:
		return TempError, ""
	case !found:
		return None, ""
	}
	policy = p.Of(from)
	by := func(strict bool) func(string) bool {
		return func(domain string) bool { return Aligned(domain, from, strict) }
	}
	switch {
	case slices.ContainsFunc(signed.domains, by(p.StrictDKIM)), t.SPF == Pass && Aligned(sender, from, p.StrictSPF):
		return Pass, policy
	case slices.ContainsFunc(signed.temp, by(p.StrictDKIM)), t.SPF == TempError && Aligned(sender, from, p.StrictSPF):
		return TempError, policy
	}
	return Fail, policy
}

// isNotFound reports whether the DNS says that a name or record does not exist.
func isNotFound(err error) bool {
	var dns *net.DNSError
	return errors.As(err, &dns) && dns.IsNotFound
}
