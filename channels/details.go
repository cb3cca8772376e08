package channels

import "time"

// Details is what an adapter read of a message beside its words: facts that are shown with it and decide nothing by themselves. It is
// stored with the message as JSON. What is zero was not found or not looked for.
type Details struct {
	Folds    []Fold        `json:"folds,omitempty"`    // runs of Inbound.Text that are folded when shown, in order, without overlap
	Trust    *Trust        `json:"trust,omitempty"`    // who vouches for the sender
	Calendar []Appointment `json:"calendar,omitempty"` // invitations and answers to them
	Forward  *Forwarded    `json:"forward,omitempty"`  // the message passes on somebody else's
	Crypt    *Crypt        `json:"crypt,omitempty"`    // it is signed or encrypted
	Reports  []Report      `json:"reports,omitempty"`  // of a delivery report: what it says; of a mail of ours: what became of it; one per recipient
	Warnings []string      `json:"warnings,omitempty"` // stable codes that the console translates: reply_to_differs, brand_name, variant, staff …
	Matched  string        `json:"matched,omitempty"`  // by which rule its conversation was found: token, in_reply_to, references, subject …
	Robot    string        `json:"robot,omitempty"`    // why a machine is taken to have written it (Inbound.Auto): auto_submitted, list_id, out_of_office …
	ListID   string        `json:"list_id,omitempty"`  // RFC 2919
	ReplyTo  []Address     `json:"reply_to,omitempty"` // where the sender wants answers, when that is not where it came from
	Bcc      []Address     `json:"bcc,omitempty"`      // of a mail of ours: who got it without the others being shown
}

// FoldKind says what a folded run is.
type FoldKind string

// The kinds of folded text.
const (
	FoldQuote      FoldKind = "quote"      // an older message, with the line that introduces it
	FoldSignature  FoldKind = "signature"  // the sender's signature, or what his device adds
	FoldDisclaimer FoldKind = "disclaimer" // a legal notice
	FoldForwarded  FoldKind = "forwarded"  // somebody else's message, passed on: shown open, but it is not the sender's words
)

// Fold is the run Text[From:To] in bytes. Both ends are at line starts or at the end of the text.
type Fold struct {
	From int      `json:"from"`
	To   int      `json:"to"`
	Kind FoldKind `json:"kind"`
}

// Trust is what is known of a mail's origin: results are pass, fail, softfail, neutral, none, temperror, permerror (RFC 8601
// section 2.7), "" when not looked for.
type Trust struct {
	DKIM     string   `json:"dkim,omitempty"`
	SPF      string   `json:"spf,omitempty"`
	DMARC    string   `json:"dmarc,omitempty"`
	Policy   string   `json:"policy,omitempty"`    // the DMARC policy that the sender's domain publishes: none, quarantine, reject
	SignedBy []string `json:"signed_by,omitempty"` // domains whose DKIM signatures hold
	Source   string   `json:"source,omitempty"`    // the authserv-id that says so, or "here" when we looked ourselves
}

// Appointment is one event of a calendar part (RFC 5545, RFC 5546). Times are UTC; a whole day has AllDay and midnight UTC.
type Appointment struct {
	Method    string     `json:"method"` // REQUEST, REPLY, CANCEL, PUBLISH, COUNTER …
	UID       string     `json:"uid"`
	Sequence  int        `json:"sequence,omitempty"`
	Summary   string     `json:"summary,omitempty"`
	Location  string     `json:"location,omitempty"`
	Starts    time.Time  `json:"starts,omitzero"`
	Ends      time.Time  `json:"ends,omitzero"`
	AllDay    bool       `json:"all_day,omitempty"`
	Zone      string     `json:"zone,omitempty"`    // as the sender named it
	Repeats   string     `json:"repeats,omitempty"` // RRULE as written
	Organizer *Address   `json:"organizer,omitempty"`
	Attendees []Attendee `json:"attendees,omitempty"`
}

// Attendee is somebody who is invited.
type Attendee struct {
	Address Address `json:"address"`
	Status  string  `json:"status,omitempty"` // PARTSTAT: NEEDS-ACTION, ACCEPTED, DECLINED, TENTATIVE …
}

// Forwarded is the head of the message that is passed on, as far as it can be read.
type Forwarded struct {
	From    Address   `json:"from,omitzero"`
	Subject string    `json:"subject,omitempty"`
	Date    time.Time `json:"date,omitzero"`
	How     string    `json:"how"` // attached: a message/rfc822 part; inline: a block of header lines in the text
}

// Crypt says how a message is sealed, and what came of its seals. What was decrypted is in the message like any other words.
type Crypt struct {
	Kind      string `json:"kind"` // of the outermost seal: smime, pgp
	Signed    bool   `json:"signed,omitempty"`
	Encrypted bool   `json:"encrypted,omitempty"`

	Signer  string `json:"signer,omitempty"`  // the address or name in the certificate or key; of a key that is not known here its number
	Valid   *bool  `json:"valid,omitempty"`   // nil: a signature was recognised and could not be verified
	Problem string `json:"problem,omitempty"` // a Problem: why a signature is not valid, or could not be verified

	Opened      bool   `json:"opened,omitempty"`      // it was decrypted with a key of ours
	Failure     string `json:"failure,omitempty"`     // a Seal: why it was not opened
	Unprotected bool   `json:"unprotected,omitempty"` // it was decrypted, and nothing shows that it was not changed on the way
	Partial     bool   `json:"partial,omitempty"`     // something of the message stands outside the signature or the encryption
	Subject     string `json:"subject,omitempty"`     // the subject that was encrypted with the message; it proves nothing
}

// Why a signature is not valid, or could not be verified. The gravest is told.
const (
	ProblemAltered      = "altered"       // the message is not what was signed
	ProblemExpired      = "expired"       // the certificate, key or signature had run out, or had not begun
	ProblemRevoked      = "revoked"       // the key was taken back
	ProblemOtherAddress = "other_address" // whoever signed is not whom the message says it is from
	ProblemUntrusted    = "untrusted"     // nobody whom we trust vouches for the certificate
	ProblemWeak         = "weak"          // the way of signing can be forged nowadays
	ProblemUnknownKey   = "unknown_key"   // the key is none that is known here: not verified
)

// Why a seal was not opened.
const (
	SealNoKey       = "no_key"      // it was not encrypted to a key of ours
	SealDamaged     = "damaged"     // it cannot be read, or was changed on the way
	SealUnsupported = "unsupported" // it is sealed in a way that is not known here
	SealTooLarge    = "too_large"   // unpacked it would be too large, or there are too many seals within each other
)

// Report is what a delivery report says of one recipient (RFC 3464), or what became of a mail of ours at one of its recipients.
type Report struct {
	Recipient  string `json:"recipient,omitempty"`
	Action     string `json:"action,omitempty"` // failed, delayed, delivered, relayed, expanded; complaint (RFC 5965), displayed and the like (RFC 8098); unknown
	Code       string `json:"code,omitempty"`   // the Code of a Fault, of a mail of ours
	Status     string `json:"status,omitempty"` // RFC 3463: "5.1.1"
	Diagnostic string `json:"diagnostic,omitempty"`
	Server     string `json:"server,omitempty"`  // the one that refused: Remote-MTA
	Guessed    bool   `json:"guessed,omitempty"` // read from words, not from fields
}
