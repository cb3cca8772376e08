package letter

import (
	"slices"
	"strings"

	"sportello/channels"
	"sportello/channels/email/field"
	"sportello/channels/email/part"
	"sportello/channels/email/pgp"
	"sportello/channels/email/smime"
)

// Invariants of what is sealed:
//   - What comes out of a seal is blocks and files of its own. It is never put into one piece of HTML with what stands outside, so that
//     nothing outside can carry it away.
//   - A mail whose every word is not within its signature, or its encryption, is told to be so in part.
//   - Seals within seals and what they unpack to are bounded for the whole mail.

const (
	openMost   = 5        // seals of one mail that are taken off
	unpackMost = 64 << 20 // bytes that all of them may unpack to
)

// seals is how far the seals of a mail are taken off.
type seals struct {
	layers          int   // how many were
	unpacked        int64 // bytes that came out
	signed, opened  int   // within how many we are
	unsigned, clear int   // what is to be read outside of any signature, of any encryption
}

// seal notes what came of one seal. The outermost says of what kind the mail is, the gravest verdict counts.
func (s *sorter) seal(c channels.Crypt) {
	if s.mail.Details.Crypt == nil {
		s.mail.Details.Crypt = &channels.Crypt{Kind: c.Kind}
	}
	have := s.mail.Details.Crypt
	if c.Signed && (!have.Signed || gravity(c) > gravity(*have)) {
		have.Signer, have.Valid, have.Problem = c.Signer, c.Valid, c.Problem
	}
	have.Signed = have.Signed || c.Signed
	have.Encrypted = have.Encrypted || c.Encrypted
	have.Opened = have.Opened || c.Opened
	have.Unprotected = have.Unprotected || c.Unprotected
	if have.Failure == "" {
		have.Failure = c.Failure
	}
}

// gravity orders verdicts on signatures.
func gravity(c channels.Crypt) int {
	switch {
	case c.Valid == nil:
		return 1
	case *c.Valid:
		return 0
	}
	return 2
}

// sum says of all seals together what none says by itself. A signature that holds and covers everything shows that nothing was changed.
func (m *Mail) sum() {
	c := m.Details.Crypt
	if c == nil {
		return
	}
	c.Partial = c.Signed && m.seals.unsigned > 0 || c.Encrypted && m.seals.clear > 0
	if c.Valid != nil && *c.Valid && !c.Partial {
		c.Unprotected = false
	}
}

// outside counts something that is to be read.
func (m *Mail) outside() {
	if m.seals.signed == 0 {
		m.seals.unsigned++
	}
	if m.seals.opened == 0 {
		m.seals.clear++
	}
}

// depth is how many seals there are around what is read now.
func (m *Mail) depth() int { return m.seals.signed + m.seals.opened }

// within reads what a seal holds.
func (s *sorter) within(c channels.Crypt, read func()) {
	state := &s.mail.seals
	if c.Signed {
		state.signed++
		defer func() { state.signed-- }()
	}
	if c.Encrypted {
		state.opened++
		defer func() { state.opened-- }()
	}
	read()
}

// left is how many bytes may still come out of seals, 0 when no more are taken off.
func (s *sorter) left() int64 {
	if s.mail.seals.layers >= openMost {
		return 0
	}
	return max(0, unpackMost-s.mail.seals.unpacked)
}

// admit notes what came of a seal, and counts what it held against what may come out of all seals: content is nil when it may not.
func (s *sorter) admit(content []byte, c channels.Crypt) ([]byte, channels.Crypt) {
	if int64(len(content)) > s.left() {
		content, c.Opened, c.Unprotected, c.Failure = nil, false, false, channels.SealTooLarge
	}
	if c.Signed || c.Encrypted || c.Failure != "" {
		s.seal(c)
	}
	if content != nil {
		s.mail.seals.layers++
		s.mail.seals.unpacked += int64(len(content))
	}
	return content, c
}

// takeOff reads what a seal held. Where that is nothing that can be read, the seal itself is a file.
func (s *sorter) takeOff(p *part.Part, content []byte, c channels.Crypt) {
	content, c = s.admit(content, c)
	s.within(c, func() {
		if content == nil {
			s.file(p)
		} else {
			s.inside(content)
		}
	})
}

// inside reads the mail that a seal held.
func (s *sorter) inside(content []byte) {
	h, body := field.Split(content)
	tree := part.Read(h, content, body)
	if tree.Flaw != "" {
		s.mail.note(tree.Flaw)
	}
	s.hiddenSubject(tree.Root)
	if isBody(tree.Root) {
		s.words(tree.Root)
	} else {
		s.collect(tree.Root)
	}
}

// hiddenSubject notes the subject that was encrypted with a mail (RFC 9788 section 4.2, and protected-headers="v1" before it), where the
// one outside only stands for it.
func (s *sorter) hiddenSubject(p *part.Part) {
	for p.Type == "multipart/signed" && len(p.Children) > 0 {
		p = p.Children[0]
	}
	standIn := slices.Contains([]string{"", "...", "[...]", "…", "[…]", "Encrypted Message"}, s.mail.Subject)
	if s.mail.seals.opened == 0 || !standIn || p.Params["hp"] == "" && p.Params["protected-headers"] == "" {
		return
	}
	if c := s.mail.Details.Crypt; c != nil && c.Subject == "" {
		c.Subject = field.Clip(field.Words(p.Header.Get("subject")), 1000)
	}
}

// signed reads a mail with a detached signature (RFC 8551 section 3.5.3, RFC 3156 section 5): the first part is the mail, the second
// the signature, which is no file of it.
func (s *sorter) signed(p *part.Part) {
	sealed := channels.Crypt{Kind: "pgp", Signed: true}
	beside := len(p.Children) > 1 && strings.Contains(p.Children[1].Type, "signature")
	byCertificate := strings.Contains(strings.ToLower(p.Params["protocol"]), "pkcs7") || beside && strings.Contains(p.Children[1].Type, "pkcs7")
	if byCertificate {
		sealed.Kind = "smime"
	}
	if beside {
		content, signature := p.Children[0].Raw, p.Children[1].Data
		if byCertificate {
			sealed = smime.Detached(content, signature, s.asking())
		} else {
			sealed = s.mail.keys.PGP().Detached(content, signature, s.asked())
		}
	}
	s.seal(sealed)
	for i, c := range p.Children {
		switch {
		case i == 0:
			s.within(sealed, func() { s.collect(c) })
		case !strings.Contains(c.Type, "signature"):
			s.collect(c)
		}
	}
}

// encrypted opens a mail that is encrypted by OpenPGP (RFC 3156 section 4): a part that says so, and the message.
func (s *sorter) encrypted(p *part.Part) {
	opened := false
	for _, c := range p.Children {
		switch {
		case c.Type == "application/pgp-encrypted":
		case !opened && len(c.Children) == 0:
			opened = true
			s.message(c)
		default:
			s.collect(c)
		}
	}
	if !opened {
		s.seal(channels.Crypt{Kind: "pgp", Encrypted: true, Failure: channels.SealDamaged})
	}
}

// message opens a part that is an OpenPGP message.
func (s *sorter) message(p *part.Part) {
	if s.left() == 0 {
		s.takeOff(p, nil, channels.Crypt{Kind: "pgp", Encrypted: true, Failure: channels.SealTooLarge})
		return
	}
	content, sealed := s.mail.keys.PGP().Open(p.Data, s.left(), s.asked())
	s.takeOff(p, content, sealed)
}

// opaque reads a part that is all CMS (RFC 8551 section 3.2): encrypted, packed, or a signature that holds what it signs. A file that
// somebody has signed by itself, such as an Italian invoice, has a name of its own and is a file.
func (s *sorter) opaque(p *part.Part) {
	if p.Name != "" && !strings.HasPrefix(strings.ToLower(p.Name), "smime.") {
		s.file(p)
		return
	}
	kind := smime.KindOf(p.Data)
	if stated := strings.ToLower(p.Params["smime-type"]); kind == "" && strings.Contains(stated, "enveloped") {
		kind = smime.Encrypted
	} else if kind == "" && strings.HasPrefix(stated, "signed") {
		kind = smime.Signed
	}
	switch {
	case kind != "" && s.left() == 0:
		s.takeOff(p, nil, channels.Crypt{Kind: "smime", Signed: kind == smime.Signed, Encrypted: kind == smime.Encrypted, Failure: channels.SealTooLarge})
	case kind == smime.Signed:
		content, sealed, err := smime.Opaque(p.Data, s.asking())
		if err != nil {
			content = nil
		}
		s.takeOff(p, content, sealed)
	case kind == smime.Encrypted:
		content, sealed := smime.Open(p.Data, s.mail.keys.SMIME())
		s.takeOff(p, content, sealed)
	case kind == smime.Compressed:
		content, sealed := smime.Inflate(p.Data, s.left())
		s.takeOff(p, content, sealed)
	default:
		s.file(p)
	}
}

// asked is for whom and when a signature is to hold.
func (s *sorter) asked() pgp.Asking { return pgp.Asking{From: s.mail.From.Value, At: s.mail.Date} }

func (s *sorter) asking() smime.Asking {
	return smime.Asking{From: s.mail.From.Value, At: s.mail.Date, Roots: s.mail.keys.Roots()}
}
