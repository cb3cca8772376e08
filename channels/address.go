package channels

// Address is one end of a message on one channel. Value is normalised by the adapter and is what identities are resolved by:
//
//	Email: local part as written, lower-cased, domain lower-cased and in ASCII (IDNA): "anna.rossi@example.it"
//	SMS:   E.164 ("+393331234567"), a short code ("48484"), or an alphanumeric sender in its own case ("Poste"), which cannot be answered
//	Chat:  the visitor id, 32 lower-case hexadecimal digits
//
// Name is what the sender calls himself. It is untrusted text for showing only.
type Address struct {
	Kind  Kind   `json:"kind"`
	Value string `json:"value"`
	Name  string `json:"name,omitempty"`
}

// IsZero reports whether the address is empty. A message without a usable sender is accepted all the same.
func (a Address) IsZero() bool { return a.Value == "" }

// Proof says how well it is known that a message comes from the address it names. Higher is stronger.
type Proof int

// The strengths of proof, weakest first.
const (
	ProofNone     Proof = 0  // claimed only: an unauthenticated mail, an address typed in a form
	ProofDeclared Proof = 10 // said by a party that we know: an agent, a visitor in his own session
	ProofProvider Proof = 20 // vouched for by the provider: a signed SMS webhook, a mail with DMARC pass
	ProofVerified Proof = 30 // proved to us: a signed identity token, a one-time code, our own reply token
)
