package letter

import (
	"bytes"
	"unicode/utf8"

	"sportello/channels"
	"sportello/channels/email/part"
	"sportello/channels/email/pgp"
)

// words reads a text part into blocks: more than one where OpenPGP stands in the text itself (RFC 9580 section 7), since what is around
// it was neither signed nor encrypted.
func (s *sorter) words(p *part.Part) {
	if p.Type == "text/html" || !s.inline(p) {
		s.add(s.textBlock(p))
	}
}

// inline reads the first sealed stretch of a text, and what is around it. It reports false when there is none that can be told apart.
func (s *sorter) inline(p *part.Part) bool {
	sealed, readable := pgp.Find(p.Data, pgp.MessageHead), pgp.Find(p.Data, pgp.SignedHead)
	switch {
	case sealed < 0 && readable < 0:
		return false
	case readable >= 0 && (sealed < 0 || readable < sealed):
		return s.clearSigned(p)
	}
	before, message, after, ok := pgp.Inline(p.Data)
	switch {
	case !ok:
		return s.asItIs(p, channels.Crypt{Kind: "pgp", Encrypted: true, Failure: channels.SealDamaged})
	case s.left() == 0:
		return s.asItIs(p, channels.Crypt{Kind: "pgp", Encrypted: true, Failure: channels.SealTooLarge})
	}
	content, c := s.admit(s.mail.keys.PGP().Open(message, s.left(), s.asked()))
	s.piece(p, before)
	s.within(c, func() {
		if content == nil {
			s.add(s.textBlock(like(p, message)))
		} else {
			s.piece(p, content)
		}
	})
	s.piece(p, after)
	return true
}

// clearSigned reads a text that is signed and readable as it stands.
func (s *sorter) clearSigned(p *part.Part) bool {
	before, signed, after, c, ok := s.mail.keys.PGP().Clear(p.Data, s.asked())
	if !ok || s.left() == 0 {
		return s.asItIs(p, channels.Crypt{Kind: "pgp", Signed: true})
	}
	signed, c = s.admit(signed, c)
	s.piece(p, before)
	s.within(c, func() { s.piece(p, signed) })
	s.piece(p, after)
	return true
}

// asItIs shows a sealed text that cannot be told apart as it came.
func (s *sorter) asItIs(p *part.Part, c channels.Crypt) bool {
	s.seal(c)
	s.within(c, func() { s.add(s.textBlock(p)) })
	return true
}

// piece reads a stretch of a text part.
func (s *sorter) piece(p *part.Part, text []byte) {
	if len(bytes.TrimSpace(text)) > 0 {
		s.words(like(p, text))
	}
}

// like is a part of the same kind with another text. What was encrypted is UTF-8, whatever the text around it is (RFC 9580 section 5.9).
func like(p *part.Part, text []byte) *part.Part {
	other := &part.Part{Type: p.Type, Params: p.Params, Data: text}
	if utf8.Valid(text) {
		other.Params = map[string]string{"charset": "utf-8"}
	}
	return other
}
