// Package campaign writes the mails of a campaign: what a template says to each of many people.
//
// It asks the ledger of consents whom it may write to, and hands the letters to inbox.Ledger, which queues each once; whether one may
// leave is asked again when it leaves (router/dispatch). It must never send anything itself, and never lets what a customer calls himself
// become markup or a header field. The command `gateway campaign send` starts it.
package campaign

import (
	"sportello/channels"
	"sportello/inbox/customer"
)

// List is a mailing list of the house. The settings declare it.
type List struct {
	ID      string // a short word, as consents know it
	Name    string // as its readers know it: the sender's name
	Account channels.AccountID
	Purpose customer.Purpose
	Postal  string // address of the house, which commercial mail must bear
	Locale  string // language of readers whose own is not known: it or en
	ListID  string // RFC 2919
}
