package authn

import (
	"slices"
	"strings"

	"github.com/emersion/go-msgauth/authres"

	"sportello/channels"
)

// Stated reads what our own mail server says, without asking anybody: the zero Trust when it says nothing. Anybody can write an Authentication-Results field, so only the topmost counts, and only
// when it bears a trusted id (RFC 8601 section 5: our server removes such fields of others and puts its own on top).
func (c Checker) Stated(h Header, from channels.Address) (channels.Trust, channels.Proof) {
	all := h.All("authentication-results")
	if len(all) == 0 || len(c.Trusted) == 0 {
		return channels.Trust{}, channels.ProofNone
	}
	id, results, err := authres.Parse(all[0])
	if err != nil && slices.ContainsFunc(c.Trusted, func(t string) bool { return strings.EqualFold(t, Microsoft) }) {
		id, results, err = authres.Parse(Microsoft + "; " + all[0]) // Microsoft 365 names no authserv-id
	}
	if err != nil || !slices.ContainsFunc(c.Trusted, func(t string) bool { return strings.EqualFold(t, id) }) {
		return channels.Trust{}, channels.ProofNone
	}
	t := channels.Trust{Source: strings.ToLower(id)}
	for _, r := range results {
		switch r := r.(type) {
		case *authres.DKIMResult:
			addDKIM(&t, known(string(r.Value)), signer(r))
		case *authres.SPFResult:
			t.SPF = known(string(r.Value))
		case *authres.DMARCResult:
			named := strings.Trim(r.From, "<> ")
			if named == "" || strings.EqualFold(named, domainOf(from.Value)) {
				t.DMARC = known(string(r.Value))
			}
		}
	}
	return t, proof(t)
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
func signer(r *authres.DKIMResult) string {
	if r.Domain != "" {
		return strings.ToLower(r.Domain)
	}
	return strings.ToLower(domainOf(r.Identifier))
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
