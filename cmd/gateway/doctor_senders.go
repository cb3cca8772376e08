package main

import (
	"context"
	"fmt"
	"net"
	"strings"

	"sportello/channels/email/authn"
)

// senders looks at what the DNS says of the domains that mail leaves under (E-52): without SPF, DKIM and DMARC much of it ends in the
// receivers' junk.
func (d *doctor) senders(ctx context.Context) {
	seen := map[string]bool{}
	for _, e := range d.app.settings.Email {
		_, domain, _ := strings.Cut(strings.ToLower(e.Address), "@")
		if e.InsecureLab || domain == "" || seen[domain+" "+e.DKIM.Selector] {
			continue
		}
		seen[domain+" "+e.DKIM.Selector] = true
		ctx, cancel := context.WithTimeout(ctx, examine)
		d.found = append(d.found, senderFindings(ctx, net.DefaultResolver, e, domain)...)
		cancel()
	}
}

// senderFindings are what is to be said of one account's domain.
func senderFindings(ctx context.Context, r authn.Resolver, e EmailSettings, domain string) []finding {
	what := domain + " "
	return []finding{spfFinding(ctx, r, what+"SPF", domain), dkimFinding(ctx, r, what+"DKIM", e, domain), dmarcFinding(ctx, r, what+"DMARC", domain)}
}

func spfFinding(ctx context.Context, r authn.Resolver, what, domain string) finding {
	record, err := authn.SPFRecord(ctx, r, domain)
	switch {
	case err != nil:
		return finding{"warn", what, "could not be read, or there are two: " + err.Error()}
	case record == "":
		return finding{"warn", what, fmt.Sprintf("none: add a TXT record at %s that names the servers your mail leaves by, such as \"v=spf1 mx include:… -all\"", domain)}
	case strings.HasSuffix(strings.ToLower(record), "+all"):
		return finding{"warn", what, "allows everybody to send in your name: end it with -all or ~all"}
	}
	return finding{"ok", what, record}
}

func dkimFinding(ctx context.Context, r authn.Resolver, what string, e EmailSettings, domain string) finding {
	if e.DKIM.Selector == "" {
		return finding{"ok", what, "not signed here: make sure that the SMTP server signs with a key of " + domain}
	}
	signed := domain
	if e.DKIM.Domain != "" {
		signed = e.DKIM.Domain
	}
	name := e.DKIM.Selector + "._domainkey." + signed
	s := e.DKIM.signing()
	want, err := s.Record()
	if err != nil {
		return finding{"bad", what, err.Error()}
	}
	found, err := r.LookupTXT(ctx, name)
	switch {
	case authn.Organisational(signed) != authn.Organisational(domain):
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
		return finding{"warn", what, fmt.Sprintf("none: anybody can write in your name; add a TXT record at _dmarc.%s, to begin with \"v=DMARC1; p=none; rua=mailto:…\"", domain)}
	case p.Request == "none":
		return finding{"ok", what, "only watches (p=none): once reports show that your own mail passes, ask for quarantine or reject"}
	}
	return finding{"ok", what, "receivers are asked to " + p.Request + " what is not yours"}
}
