package email

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"sportello/channels"
	"sportello/channels/email/authn"
	"sportello/channels/email/letter"
)

// The warnings of a mail under the address or the name of one of our people. No mail is ever taken for his word: it commands nothing, it is
// never passed on to a customer, and it comes in like anybody's. Who reads it is told whether it is his (E-47, E-48).
const (
	warnStaff      = "staff"       // it bears his address, and DMARC vouches for it
	warnStaffFaked = "staff_faked" // it bears his address, and nobody vouches for it: anybody can write so
	warnStaffName  = "staff_name"  // it shows his name over an address that is neither his nor of a domain of ours
)

// staff marks a mail that bears the address or the name of one of our people. An error is of the store: the mail comes again.
func (a *Adapter) staff(ctx context.Context, m *letter.Mail) error {
	if a.deps.Staff == nil || m.From.IsZero() {
		return nil
	}
	people, err := a.deps.Staff(ctx)
	if err != nil {
		return storeError{fmt.Errorf("look up sender among our people: %w", err)}
	}
	his := func(p channels.Address) bool { return strings.EqualFold(p.Value, m.From.Value) }
	warning := ""
	switch {
	case slices.ContainsFunc(people, his) && m.Plain && m.Details.Trust != nil && m.Details.Trust.DMARC == authn.Pass:
		warning = warnStaff
	case slices.ContainsFunc(people, his):
		warning = warnStaffFaked
	case !authn.OfOurs(m.From, a.cfg.own()) && slices.ContainsFunc(people, func(p channels.Address) bool { return showsName(m.From.Name, p.Name) }):
		warning = warnStaffName
	default:
		return nil
	}
	m.Details.Warnings = append(m.Details.Warnings, warning)
	return nil
}

// showsName reports whether somebody shows a name with a surname, in either order. One word alone is the name of too many.
func showsName(shown, name string) bool {
	words := strings.Fields(name)
	if len(words) < 2 {
		return false
	}
	surname := append(words[1:len(words):len(words)], words[0])
	return authn.Shows(shown, name) || authn.Shows(shown, strings.Join(surname, " "))
}
