package authn

import (
	"slices"
	"strings"

	"sportello/channels"
)

// Stated reads what our own mail server says, without asking anybody: the zero Trust when it says nothing. Anybody can write an
// Authentication-Results field, so only the topmost counts, and only when it bears a trusted id (RFC 8601 section 5: our server removes
// such fields of others and puts its own on top).
func (c Checker) Stated(h Header, from channels.Address) (channels.Trust, channels.Proof) {
	s := c.stated(h, from)
	return s.Trust, proof(s.Trust)
}

// stated is what our own mail server says, and of which domain its SPF result speaks.
type stated struct {
	channels.Trust
	sender string
}

func (c Checker) stated(h Header, from channels.Address) (s stated) {
	all := h.All("authentication-results")
	if len(all) == 0 || len(c.Trusted) == 0 {
		return s
	}
	id, results, ok := readResults(all[0])
	if !ok || !c.trusts(id) {
		return s
	}
	if s.Source = strings.ToLower(id); id == "" {
		s.Source = Microsoft
	}
	for _, r := range results {
		switch r.method {
		case "dkim":
			addDKIM(&s.Trust, known(r.value), signer(r.properties))
		case "spf":
			s.addSPF(r)
		case "dmarc":
			named := strings.Trim(r.properties["header.from"], "<> ")
			if named != "" && !strings.EqualFold(domainOf(named), domainOf(from.Value)) {
				continue // of another sender than the one that is shown
			}
			if s.DMARC == "" || s.DMARC == Pass { // of several results the one that says less
				s.DMARC = known(r.value)
			}
		}
	}
	return s
}

// trusts reports whether a field with this authserv-id is our server's. The word for Microsoft stands for a field without one, and is
// itself nobody's id.
func (c Checker) trusts(id string) bool {
	if id == "" {
		id = Microsoft
	} else if strings.EqualFold(id, Microsoft) {
		return false
	}
	return slices.ContainsFunc(c.Trusted, func(t string) bool { return strings.EqualFold(t, id) })
}

// addSPF notes a result of SPF: that of MAIL FROM before that of the hello name.
func (s *stated) addSPF(r result) {
	sender, named := r.properties["smtp.mailfrom"]
	if s.SPF != "" && !named {
		return
	}
	if !named {
		sender = r.properties["smtp.helo"]
	}
	s.SPF, s.sender = known(r.value), strings.ToLower(strings.Trim(domainOf(sender), "<> "))
}

// addDKIM notes one of several signatures: one that holds counts more than any that does not.
func addDKIM(t *channels.Trust, result, domain string) {
	if t.DKIM == "" || result == Pass {
		t.DKIM = result
	}
	if result == Pass && domain != "" && !slices.Contains(t.SignedBy, domain) {
		t.SignedBy = append(t.SignedBy, domain)
	}
}

// signer is the domain of a signature, which some servers give as the identity only.
func signer(properties map[string]string) string {
	if domain := properties["header.d"]; domain != "" {
		return strings.ToLower(domain)
	}
	return strings.ToLower(domainOf(properties["header.i"]))
}

// known is a result as RFC 8601 names it; older servers say hardfail, Microsoft bestguesspass.
func known(result string) string {
	switch result = strings.ToLower(result); result {
	case Pass, Fail, SoftFail, Neutral, None, TempError, PermError:
		return result
	case "hardfail", "policy":
		return Fail
	}
	return Neutral
}
