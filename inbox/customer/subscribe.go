package customer

import (
	"slices"

	"sportello/channels"
)

// Subscription is how a customer stands to one mailing list of the house.
type Subscription struct {
	List       string
	Subscribed bool
	Because    *Consent // the row of the ledger that decides; nil: nothing was ever said
}

// Subscription says whether the ledger lets a list write to a customer by mail: to any mail address of his. It is a pure function.
func (c Customer) Subscription(list string, p Purpose) Subscription {
	s := Subscription{List: list}
	r := reach{Ask: Ask{Customer: c, Purpose: p, List: list}}
	for _, i := range c.Identities {
		if i.Kind != channels.Email {
			continue
		}
		row, known := r.consent(Option{Kind: i.Kind, Address: i.Value})
		if subscribed := known && row.Granted || !known && p != Marketing; s.Because == nil || subscribed && !s.Subscribed {
			s.Subscribed = subscribed
			if known {
				s.Because = &row
			}
		}
	}
	return s
}

// Lists are the mailing lists that a customer's ledger names, in alphabetical order.
func (c Customer) Lists() []string {
	var all []string
	for _, row := range c.Consents {
		if row.List != "" && !slices.Contains(all, row.List) {
			all = append(all, row.List)
		}
	}
	slices.Sort(all)
	return all
}
