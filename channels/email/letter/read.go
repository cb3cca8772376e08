package letter

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"sportello/channels"
	"sportello/channels/email/authn"
	"sportello/channels/email/echo"
	"sportello/channels/email/field"
	"sportello/channels/email/forward"
	"sportello/channels/email/part"
	"sportello/channels/email/report"
	"sportello/channels/email/seal"
)

// Reading says whose mail is read. The zero value reads a mail without knowing anything of ours.
type Reading struct {
	Own       []string // our addresses, normalised: the mailbox first, then its aliases
	Key       []byte   // with which what we send is marked; nil: nothing is taken for ours
	AuthServs []string // authserv-ids whose Authentication-Results we believe (RFC 8601 section 2.5)
	Cut       bool     // raw is only the beginning of the mail, Size its length
	Size      int64    // bytes, used with Cut

	Keys *seal.Keys // open what is sealed, and verify; nil: nothing is opened, and the system's roots verify S/MIME
}

// File is a part of a mail with its bytes. Blob is empty until the bytes are in a Vault.
type File struct {
	channels.Part
	Data []byte
}

// Mail is everything that was read from the bytes of one mail.
type Mail struct {
	Header   field.Header
	External string // what makes this mail the same mail wherever and whenever it is seen again; see externalID

	From    channels.Address // zero Value when the mail names no usable sender
	Plain   bool             // From is one field with one address: what vouches for it can prove something
	Proof   channels.Proof
	To, Cc  []channels.Address
	ReplyTo []channels.Address
	Subject string
	Date    time.Time // zero when missing or unreadable
	Text    string
	HTML    string // sanitised; images of other servers carry data-src instead of src
	Files   []File
	Thread  channels.Thread
	Auto    channels.Auto

	AutoReason string        // by which header or rule it must not be answered by a machine: one wrote it (Auto), or its sender asks so; "" if it may
	Locale     string        // Content-Language, if it names one
	Report     report.Report // what a mail server or mail program says of mail of ours in it
	List       bool          // a mailing list or a bulk mailer sent it
	Spam       bool          // a mail server on the way took it for spam
	Details    channels.Details
	Ours       bool   // we sent it: it came back by a copy or an alias
	Flaw       string // why it could not be read in full, "" when it could

	keys  *seal.Keys
	seals seals
	raw   []byte
}

// Read reads one mail. It never fails and never panics: what cannot be read is missing from the result, and Flaw says why. Its
// work grows with the length of the mail only: milliseconds for most, a few seconds for 50 MiB of text.
func Read(raw []byte, r Reading) *Mail {
	raw = field.TrimMailbox(raw)
	h, body := field.Split(raw)
	m := &Mail{Header: h, keys: r.Keys}
	m.readHeader(r)
	m.External = externalID(m.Thread.MessageID, h, raw, body, r)
	var root *part.Part
	switch {
	case len(h) == 0:
		m.Flaw = "no header"
		m.Text = field.Clip(strings.TrimSpace(field.Decode(raw, "")), textLimit)
	case len(raw)-len(body) > field.HeaderLimit:
		m.Flaw = "header too large"
		fallthrough
	default:
		tree := part.Read(h, raw, body)
		if r.Cut {
			m.note("too large: only the beginning was read")
		}
		if tree.Flaw != "" {
			m.note(tree.Flaw)
		}
		root = tree.Root
		m.guard(func() { m.readBody(root) })
	}
	m.guard(func() { m.classify(root, r) })
	m.guard(m.readDetails)
	return m
}

// guard makes a panic in one step of the reading a flaw of this one mail, which costs the mail no more than that step.
func (m *Mail) guard(step func()) {
	defer func() {
		if p := recover(); p != nil {
			m.note(fmt.Sprintf("not read: %v", p))
		}
	}()
	step()
}

func (m *Mail) readHeader(r Reading) {
	h := m.Header
	from, plain := field.From(h.All("from"))
	m.From, m.Plain = from, plain
	if plain {
		m.vouched(authn.Checker{Trusted: r.AuthServs}.Stated(h, from))
	}
	m.To = field.Addresses(h.All("to"))
	m.Cc = field.Addresses(h.All("cc"))
	m.ReplyTo = field.Addresses(h.All("reply-to"))
	if len(m.ReplyTo) > 0 && (len(m.ReplyTo) > 1 || m.ReplyTo[0].Value != from.Value) {
		m.Details.ReplyTo = m.ReplyTo
	}
	m.Subject = field.Clip(field.Words(h.Get("subject")), 1000)
	m.Date = readDate(h.Get("date"))
	m.Thread = readThread(h, r.Own)
	m.List, m.Spam, m.Thread.Tag = isList(h), isSpam(h), readTag(m.Subject)
	m.Locale = field.Language(h.Get("content-language"))
	m.Ours = slices.Contains(r.Own, from.Value) && from.Value != "" && echo.IsOurs(r.Key, h)
}

// readDate reads a Date field, also one in the words of another language, as some programs write it. That needs a time of day: what is
// read of a date that is wrong in another way would be midnight.
func readDate(value string) time.Time {
	t := field.Date(value)
	if !t.IsZero() {
		return t
	}
	if t = forward.Date(value); t.Equal(t.Truncate(24 * time.Hour)) {
		return time.Time{}
	}
	return t
}

// vouched notes who vouches for the mail.
func (m *Mail) vouched(t channels.Trust, proof channels.Proof) {
	if m.Proof = proof; t.Source != "" {
		m.Details.Trust = &t
	}
}
