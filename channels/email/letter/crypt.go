package letter

import (
	"bytes"
	"strings"

	"sportello/channels"
	"sportello/channels/email/field"
	"sportello/channels/email/part"
	"sportello/channels/email/smime"
)

// seal notes that the mail is signed or encrypted. The outermost says of what kind.
func (s *sorter) seal(c channels.Crypt) {
	if s.mail.Details.Crypt == nil {
		s.mail.Details.Crypt = &channels.Crypt{Kind: c.Kind}
	}
	have := s.mail.Details.Crypt
	have.Signed = have.Signed || c.Signed
	have.Encrypted = have.Encrypted || c.Encrypted
	if have.Signer == "" && have.Valid == nil {
		have.Signer, have.Valid, have.Problem = c.Signer, c.Valid, c.Problem
	}
}

// signed reads a mail with a detached signature (RFC 8551 section 3.5.3, RFC 3156 section 5): the first part is the mail, the second
// the signature, which is no file of it.
func (s *sorter) signed(p *part.Part) {
	kind := "pgp"
	if strings.Contains(strings.ToLower(p.Params["protocol"]), "pkcs7") {
		kind = "smime"
	}
	sealed := channels.Crypt{Kind: kind, Signed: true}
	for i, c := range p.Children {
		if i > 0 && strings.Contains(c.Type, "signature") {
			if kind == "smime" && i == 1 {
				sealed = smime.Detached(p.Children[0].Raw, c.Data, s.asking())
			}
			continue
		}
		s.collect(c)
	}
	s.seal(sealed)
}

// asking is for whom a signature is to hold.
func (s *sorter) asking() smime.Asking {
	return smime.Asking{From: s.mail.From.Value, At: s.mail.Date, Roots: s.mail.roots}
}

// encrypted files what is encrypted (RFC 3156 section 4). We hold no keys.
func (s *sorter) encrypted(p *part.Part) {
	s.seal(channels.Crypt{Kind: "pgp", Encrypted: true})
	for _, c := range p.Children {
		if c.Type != "application/pgp-encrypted" {
			s.collect(c)
		}
	}
}

// The object identifier of CMS content types (RFC 5652), but for its last byte.
var cmsType = []byte{0x06, 0x09, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x07}

// opaque reads a part that is all CMS (RFC 8551 section 3.2): encrypted, or a signature that holds what it signs. A file that somebody
// has signed by itself, such as an Italian invoice, has a name of its own and is a file.
func (s *sorter) opaque(p *part.Part) {
	if p.Name != "" && !strings.HasPrefix(strings.ToLower(p.Name), "smime.") {
		s.files = append(s.files, p)
		return
	}
	head := p.Data[:min(len(p.Data), 64)]
	kind := byte(0)
	if i := bytes.Index(head, cmsType); i >= 0 && i+len(cmsType) < len(head) {
		kind = head[i+len(cmsType)]
	}
	stated := strings.ToLower(p.Params["smime-type"])
	switch {
	case kind == 2 || kind == 0 && strings.HasPrefix(stated, "signed"):
		if s.opened(p) {
			return
		}
	case kind == 3 || kind == 0 && strings.HasPrefix(stated, "enveloped"):
		s.seal(channels.Crypt{Kind: "smime", Encrypted: true})
	}
	s.files = append(s.files, p)
}

const openMost = 3 // signatures within signatures

// opened reads the mail that an opaque signature holds in place of the part. It reports false when there is none.
func (s *sorter) opened(p *part.Part) bool {
	content, sealed, err := smime.Opaque(p.Data, s.asking())
	s.seal(sealed)
	if err != nil || s.mail.unsealed >= openMost {
		return false
	}
	s.mail.unsealed++
	h, body := field.Split(content)
	tree := part.Read(h, content, body)
	if tree.Flaw != "" {
		s.mail.note(tree.Flaw)
	}
	if isBody(tree.Root) {
		s.blocks = append(s.blocks, s.textBlock(tree.Root))
	} else {
		s.collect(tree.Root)
	}
	return true
}

// sealedText notes PGP that stands in the text itself (RFC 9580 section 7).
func (s *sorter) sealedText(text string) {
	switch {
	case strings.Contains(text, "-----BEGIN PGP MESSAGE-----"):
		s.seal(channels.Crypt{Kind: "pgp", Encrypted: true})
	case strings.Contains(text, "-----BEGIN PGP SIGNED MESSAGE-----"):
		s.seal(channels.Crypt{Kind: "pgp", Signed: true})
	}
}
