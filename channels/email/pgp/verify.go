package pgp

import (
	"bytes"
	"crypto"
	"errors"
	"io"
	"slices"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp/armor"
	"github.com/ProtonMail/go-crypto/openpgp/clearsign"
	pgperrors "github.com/ProtonMail/go-crypto/openpgp/errors"
	openpgp "github.com/ProtonMail/go-crypto/openpgp/v2"

	"sportello/channels"
	"sportello/channels/email/part"
)

// Asking is for whom and when a signature is to hold.
type Asking struct {
	From string    // the mail's sender, normalised
	At   time.Time // when the mail says that it was written; zero: it is not looked at whether the signature had run out
}

// Detached verifies a signature that stands beside what it signs: content is the first part of the multipart/signed as it came, header
// and body (RFC 3156 section 5).
func (r *Ring) Detached(content, signature []byte, ask Asking) channels.Crypt {
	return r.verify(part.Canonical(content), unarmour(signature), ask)
}

// Clear takes the first signed text out of one that is readable as it stands (RFC 9580 section 7). before and after stand outside of
// it, and nobody vouches for them. ok is false when there is none.
func (r *Ring) Clear(text []byte, ask Asking) (before, signed, after []byte, c channels.Crypt, ok bool) {
	at := Find(text, SignedHead)
	if at < 0 {
		return nil, nil, nil, c, false
	}
	block, rest := clearsign.Decode(text[at:])
	if block == nil {
		return nil, nil, nil, c, false
	}
	return text[:at], block.Plaintext, rest, r.verify(block.Bytes, block.ArmoredSignature.Body, ask), true
}

// verify reads a signature of content.
func (r *Ring) verify(content []byte, signature io.Reader, ask Asking) channels.Crypt {
	out := channels.Crypt{Kind: "pgp", Signed: true}
	ring, done := r.borrow()
	defer done()
	md, err := openpgp.VerifyDetachedSignatureReader(ring, bytes.NewReader(content), signature, config(0, false))
	if err != nil {
		return out
	}
	if _, err := io.Copy(io.Discard, md.UnverifiedBody); err != nil {
		return out
	}
	judge(&out, md, ask)
	return out
}

// borrow hands out the keys for one message, and whom to call when it is done.
func (r *Ring) borrow() (*tries, func()) {
	if r == nil {
		return &tries{}, func() {}
	}
	r.mu.Lock()
	return &tries{keys: r.keys, left: triesMost}, r.mu.Unlock
}

var weak = []crypto.Hash{crypto.MD5, crypto.SHA1, crypto.RIPEMD160}

// judge says who signed, and what is wrong with it: the gravest of what is. The whole of the message has been read.
func judge(out *channels.Crypt, md *openpgp.MessageDetails, ask Asking) {
	c := md.SelectedCandidate
	if c == nil {
		return
	}
	out.Signer = keyID(c.IssuerKeyId)
	if c.SignedByEntity == nil {
		out.Problem = channels.ProblemUnknownKey
		return
	}
	known := addresses(c.SignedByEntity)
	switch {
	case slices.Contains(known, ask.From):
		out.Signer = ask.From
	case len(known) > 0:
		out.Signer = known[0]
	}
	out.Problem = problem(md.SignatureError, c, ask)
	if out.Problem == "" && !slices.Contains(known, ask.From) {
		out.Problem = channels.ProblemOtherAddress
	}
	valid := out.Problem == ""
	out.Valid = &valid
}

func problem(err error, c *openpgp.SignatureCandidate, ask Asking) string {
	var brittle pgperrors.WeakAlgorithmError
	switch {
	case slices.Contains(weak, c.HashAlgorithm) || errors.As(err, &brittle):
		return channels.ProblemWeak
	case errors.Is(err, pgperrors.ErrKeyRevoked):
		return channels.ProblemRevoked
	case errors.Is(err, pgperrors.ErrKeyExpired), errors.Is(err, pgperrors.ErrSignatureExpired), errors.Is(err, pgperrors.ErrSignatureOlderThanKey):
		return channels.ProblemExpired
	case err != nil && c.SignedBy == nil: // no key of his could sign at that time
		return lapsed(c)
	case err != nil:
		return channels.ProblemAltered
	}
	if s := c.CorrespondingSig; s != nil && s.SigLifetimeSecs != nil && *s.SigLifetimeSecs > 0 && !ask.At.IsZero() &&
		ask.At.After(s.CreationTime.Add(time.Duration(*s.SigLifetimeSecs)*time.Second)) {
		return channels.ProblemExpired
	}
	return ""
}

// lapsed says why the subkey that signed did not count when it did.
func lapsed(c *openpgp.SignatureCandidate) string {
	for _, k := range c.SignedByEntity.Subkeys {
		if k.PublicKey.KeyId == c.IssuerKeyId && len(k.Revocations) > 0 {
			return channels.ProblemRevoked
		}
	}
	return channels.ProblemExpired
}

// unarmour reads what may be armoured (RFC 9580 section 6) or not.
func unarmour(raw []byte) io.Reader {
	if bytes.Contains(raw, []byte("-----BEGIN PGP ")) {
		if block, err := armor.Decode(bytes.NewReader(raw)); err == nil {
			return block.Body
		}
	}
	return bytes.NewReader(raw)
}
