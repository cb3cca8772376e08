package letter

import (
	"slices"
	"strings"

	"github.com/emersion/go-msgauth/authres"

	"sportello/channels"
	"sportello/channels/email/field"
)

// readProof returns ProofProvider when our own mail server says that the domain of From vouches for the mail (DMARC, RFC 7489).
// Anybody can write an Authentication-Results field, so only the topmost counts, and only when it bears one of trusted (RFC 8601
// section 5: our server removes such fields of others and puts its own on top).
func readProof(h field.Header, from channels.Address, trusted []string) channels.Proof {
	value := h.Get("authentication-results")
	if value == "" || len(trusted) == 0 {
		return channels.ProofNone
	}
	id, results, err := authres.Parse(value)
	if err != nil || !slices.ContainsFunc(trusted, func(t string) bool { return strings.EqualFold(t, id) }) {
		return channels.ProofNone
	}
	_, domain, _ := strings.Cut(from.Value, "@")
	for _, result := range results {
		dmarc, ok := result.(*authres.DMARCResult)
		if ok && dmarc.Value == authres.ResultPass && (dmarc.From == "" || strings.EqualFold(strings.Trim(dmarc.From, "<> "), domain)) {
			return channels.ProofProvider
		}
	}
	return channels.ProofNone
}
