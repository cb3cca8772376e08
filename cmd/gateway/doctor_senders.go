package main

import (
	"context"
	"fmt"
	"net/netip"
	"strings"

	"sportello/channels/email/authn"
)

// senders looks at what the DNS says of the domains that mail leaves under (E-52): without SPF, DKIM and DMARC much of it ends in the
// receivers' junk.
func (d *doctor) senders(ctx context.Context) {
	seen := map[string]bool{}
	for _, e := range d.app.settings.Email {
		domain := mailDomain(e.Address)
		way := strings.Join([]string{domain, mailDomain(e.Bounces), e.DKIM.Selector, e.DKIM.Domain, e.SMTP.Host}, " ")
		if e.InsecureLab || domain == "" || seen[way] {
			continue
		}
		seen[way] = true
		ctx, cancel := context.WithTimeout(ctx, examine)
		d.found = append(d.found, senderFindings(ctx, d.dns, e, domain)...)
		cancel()
	}
}

func mailDomain(address string) string {
	_, domain, _ := strings.Cut(strings.ToLower(address), "@")
	return domain
}

// senderFindings are what is to be said of one account's domain.
func senderFindings(ctx context.Context, r authn.Resolver, e EmailSettings, domain string) []finding {
	what := domain + " "
	path := domain // the domain that SPF is asked about: that of the envelope's sender
	if e.Bounces != "" {
		path = mailDomain(e.Bounces)
	}
	found := []finding{
		spfFinding(ctx, r, path+" SPF", e, path), dkimFinding(ctx, r, what+"DKIM", e, domain), dmarcFinding(ctx, r, what+"DMARC", domain),
	}
	return append(found, alignmentFindings(ctx, r, what+"alignment", e, domain, path)...)
}

func spfFinding(ctx context.Context, r authn.Resolver, what string, e EmailSettings, domain string) finding {
	record, err := authn.SPFRecord(ctx, r, domain)
	switch {
	case err != nil:
		return finding{"warn", what, "could not be read, or there are two: " + err.Error()}
	case record == "":
		return finding{"warn", what, fmt.Sprintf("none: add a TXT record at %s that names the servers your mail leaves by, such as \"v=spf1 mx include:… -all\"", domain)}
	case strings.HasSuffix(strings.ToLower(record), "+all"):
		return finding{"warn", what, "allows everybody to send in your name: end it with -all or ~all"}
	}
	return coverFinding(ctx, r, what, e.SMTP.Host, domain, record)
}

// coverFinding asks whether a record covers the addresses of the SMTP server. A provider may send by others than it takes mail at, so that
// what is missing is no more than a warning.
func coverFinding(ctx context.Context, r authn.Resolver, what, host, domain, record string) finding {
	var missing []string
	public := 0
	for _, addr := range hostAddresses(ctx, r, host) {
		if addr.IsPrivate() || addr.IsLoopback() || addr.IsLinkLocalUnicast() {
			continue
		}
		public++
		switch result := authn.SPF(ctx, r, addr, domain); result {
		case authn.Pass:
		case authn.PermError:
			return finding{"bad", what, fmt.Sprintf("is not valid, and so counts as none (a term is wrong, or it asks for more than ten look-ups): %s", record)}
		default:
			missing = append(missing, fmt.Sprintf("%s (%s)", addr, result))
		}
	}
	switch {
	case len(missing) > 0:
		return finding{"warn", what, fmt.Sprintf("does not cover the SMTP server %s at %s: if mail leaves by these addresses, add them, or the include: that your provider names; now: %s",
			host, strings.Join(missing, ", "), record)}
	case public == 0:
		return finding{"ok", what, fmt.Sprintf("%s; the SMTP server %s has no public address here: see that the one by which its mail leaves is covered", record, host)}
	}
	return finding{"ok", what, "covers the SMTP server " + host + ": " + record}
}

// hostAddresses are the addresses of a host, or what it is if it is one.
func hostAddresses(ctx context.Context, r authn.Resolver, host string) []netip.Addr {
	if addr, err := netip.ParseAddr(host); err == nil {
		return []netip.Addr{addr.Unmap()}
	}
	found, err := r.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return nil // that it cannot be reached is said of SMTP
	}
	for i := range found {
		found[i] = found[i].Unmap()
	}
	return found
}

func dkimFinding(ctx context.Context, r authn.Resolver, what string, e EmailSettings, domain string) finding {
	if e.DKIM.Selector == "" {
		return finding{"ok", what, "not signed here: make sure that the SMTP server signs with a key of " + domain}
	}
	signed := signingDomain(e, domain)
	name := e.DKIM.Selector + "._domainkey." + signed
	s := e.DKIM.signing()
	want, err := s.Record()
	if err != nil {
		return finding{"bad", what, err.Error()}
	}
	policy, _, err := authn.FindPolicy(ctx, r, domain)
	strict := err == nil && policy.StrictDKIM
	found, err := r.LookupTXT(ctx, name)
	switch {
	case !authn.Aligned(signed, domain, strict):
		return finding{"warn", what, fmt.Sprintf("mail of %s is signed by %s: that does not count for DMARC", domain, signed)}
	case err != nil || len(found) == 0:
		return finding{"bad", what, fmt.Sprintf("what is signed cannot be verified: add a TXT record at %s: %s", name, want)}
	case !sameKey(found[0], want):
		return finding{"bad", what, fmt.Sprintf("the key at %s is another one than the file's: receivers take the signature for forged", name)}
	}
	return finding{"ok", what, "signed, and the key is at " + name}
}

// sameKey compares the p= of two records.
func sameKey(a, b string) bool {
	key := func(record string) string {
		for tag := range strings.SplitSeq(record, ";") {
			if p, ok := strings.CutPrefix(strings.TrimSpace(tag), "p="); ok {
				return strings.Join(strings.Fields(p), "")
			}
		}
		return ""
	}
	return key(a) == key(b) && key(a) != ""
}

func dmarcFinding(ctx context.Context, r authn.Resolver, what, domain string) finding {
	p, found, err := authn.FindPolicy(ctx, r, domain)
	switch {
	case err != nil:
		return finding{"warn", what, "could not be read: " + err.Error()}
	case !found:
		return noPolicyFinding(ctx, r, what, domain)
	}
	tail := ""
	if !p.Reported {
		tail = "; nobody gets the receivers' reports: add rua=mailto:…"
	}
	switch request := p.Of(domain); request {
	case "none":
		state := "ok"
		if !p.Reported {
			state = "warn" // it neither protects nor tells anything
		}
		return finding{state, what, "only watches (p=none): once reports show that your own mail passes, ask for quarantine or reject" + tail}
	default:
		return finding{"ok", what, "receivers are asked to " + request + " what is not yours" + tail}
	}
}

// noPolicyFinding says why there is no policy: no record, several, or one that cannot be understood.
func noPolicyFinding(ctx context.Context, r authn.Resolver, what, domain string) finding {
	for _, name := range []string{domain, authn.Organisational(domain)} {
		records, err := authn.PolicyRecords(ctx, r, name)
		switch {
		case err != nil:
			return finding{"warn", what, "could not be read: " + err.Error()}
		case len(records) > 1:
			return finding{"bad", what, fmt.Sprintf("%d records at _dmarc.%s: receivers heed none of them; keep one", len(records), name)}
		case len(records) == 1:
			return finding{"bad", what, fmt.Sprintf("the record at _dmarc.%s cannot be understood (p must be none, quarantine or reject): %s", name, records[0])}
		}
	}
	return finding{"warn", what, fmt.Sprintf("none: anybody can write in your name; add a TXT record at _dmarc.%s, to begin with \"v=DMARC1; p=none; rua=mailto:…\"", domain)}
}

// alignmentFindings say whether what vouches for our mail vouches for the domain of its From, which is what DMARC asks for.
func alignmentFindings(ctx context.Context, r authn.Resolver, what string, e EmailSettings, domain, path string) []finding {
	p, _, err := authn.FindPolicy(ctx, r, domain)
	if err != nil {
		return nil // said already
	}
	signed := e.DKIM.Selector != "" && authn.Aligned(signingDomain(e, domain), domain, p.StrictDKIM)
	switch {
	case authn.Aligned(path, domain, p.StrictSPF):
		return nil
	case signed:
		return []finding{{"ok", what, fmt.Sprintf("bounces go to %s, so that only the signature stands for %s", path, domain)}}
	}
	return []finding{{"warn", what, fmt.Sprintf("bounces go to %s, and nothing here signs for %s: unless the SMTP server signs with a key of it, DMARC fails for all mail", path, domain)}}
}

// signingDomain is the domain that signs an account's mail.
func signingDomain(e EmailSettings, domain string) string {
	if e.DKIM.Domain != "" {
		return strings.ToLower(e.DKIM.Domain)
	}
	return domain
}
