package email

import (
	"context"
	"fmt"

	"sportello/channels/email/letter"
)

// The warnings of a mail under the address of one of our people. No mail is ever taken for his word: it commands nothing, it is never passed
// on to a customer, and it comes in like anybody's. Who reads it is told whether it is his (E-48).
const (
	warnStaff      = "staff"       // DMARC vouches for it
	warnStaffFaked = "staff_faked" // nobody vouches for it: anybody can write so
)

// staff marks a mail that bears the address of one of our people. An error is of the store: the mail comes again.
func (a *Adapter) staff(ctx context.Context, m *letter.Mail) error {
	if a.deps.Staff == nil || m.From.IsZero() {
		return nil
	}
	ours, err := a.deps.Staff(ctx, m.From.Value)
	if err != nil {
		return storeError{fmt.Errorf("look up sender among our people: %w", err)}
	}
	if !ours {
		return nil
	}
	warning := warnStaffFaked
	if m.Plain && m.Details.Trust != nil && m.Details.Trust.DMARC == "pass" {
		warning = warnStaff
	}
	m.Details.Warnings = append(m.Details.Warnings, warning)
	return nil
}
