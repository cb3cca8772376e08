package channels

import (
	"context"
	"time"
)

// Listed is one message of an account as its provider lists it afterwards.
type Listed struct {
	External string    // what Inbound.External or Sent.External names, or its Message-ID when Known
	Known    bool      // it was recognised by its Message-ID
	Inbound  bool      // the customer sent it
	Peer     string    // the other side's address, if it leaves
	Place    string    // where the provider has it, for a person who looks there
	At       time.Time // when the provider took it
}

// Known reports which of some Message-IDs are those of messages in the record that came in by the account that is listed.
type Known func(ctx context.Context, ids []string) (map[string]bool, error)

// Lister is an adapter whose provider can be asked what it has, so that nothing that it has is missing in the record. List changes
// nothing, neither there nor here. It returns what the provider took at or after from and before until, in any order, and leaves out
// what the adapter does not take in by design. known spares reading whole messages; adapters that have no use for it may be given nil.
type Lister interface {
	List(ctx context.Context, from, until time.Time, known Known) ([]Listed, error)
}
