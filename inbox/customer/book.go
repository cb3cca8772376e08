package customer

import (
	"errors"
	"time"

	"sportello/inbox/db"
	"sportello/inbox/journal"
)

// ErrNotFound is returned for a customer who is not in the record.
var ErrNotFound = errors.New("customer: not found")

// Book is the record of customers. Every verb is one transaction and appends one customer.changed event to the customer's stream.
// It is safe for concurrent use.
type Book struct {
	db      *db.DB
	journal *journal.Journal
	now     func() time.Time
}

// NewBook makes the book of a record.
func NewBook(d *db.DB, j *journal.Journal, now func() time.Time) *Book {
	return &Book{db: d, journal: j, now: now}
}

// Change is the Data of customer.changed: the customer after the change, and what changed.
type Change struct {
	Customer Customer `json:"customer"`
	What     What     `json:"what"`
	Absorbed ID       `json:"absorbed,omitempty"` // merged: who became this customer
}

// What names a change of a customer. It is stored, so a value never changes its meaning.
type What string

// The changes.
const (
	Created           What = "created"
	NameChanged       What = "name"
	NoteChanged       What = "note"
	TierChanged       What = "tier"
	ZoneChanged       What = "zone"
	IdentityChanged   What = "identity"
	PreferenceChanged What = "preference"
	ConsentChanged    What = "consent"
	AddressSuppressed What = "suppressed"
	AddressRestored   What = "restored"
	Merged            What = "merged"
)

// Resolved is who a message comes from.
type Resolved struct {
	Customer Customer
	Created  bool
	Absorbed ID // an anonymous customer who turned out to be Customer; his conversations are to follow. "" mostly
}
