package pgp

import (
	"bytes"
	"errors"
	"io"

	pgperrors "github.com/ProtonMail/go-crypto/openpgp/errors"
	openpgp "github.com/ProtonMail/go-crypto/openpgp/v2"

	"sportello/channels"
)

// The lines that a sealed text begins with (RFC 9580 section 6.2).
const (
	MessageHead = "-----BEGIN PGP MESSAGE-----"
	messageTail = "-----END PGP MESSAGE-----"
	SignedHead  = "-----BEGIN PGP SIGNED MESSAGE-----"
)

// Find returns where a line begins that is head and nothing else, or -1. One that is quoted does not count.
func Find(text []byte, head string) int {
	for from := 0; ; {
		at := bytes.Index(text[from:], []byte(head))
		if at < 0 {
			return -1
		}
		at += from
		from = at + len(head)
		line, _, _ := bytes.Cut(text[from:], []byte("\n"))
		if (at == 0 || text[at-1] == '\n') && len(bytes.TrimSpace(line)) == 0 {
			return at
		}
	}
}

// Inline cuts a text at the first sealed message in it. ok is false when there is none, or its end is missing.
func Inline(text []byte) (before, message, after []byte, ok bool) {
	at := Find(text, MessageHead)
	if at < 0 {
		return nil, nil, nil, false
	}
	end := Find(text[at:], messageTail)
	if end < 0 {
		return nil, nil, nil, false
	}
	end += at + len(messageTail)
	return text[:at], text[at:end], text[end:], true
}

var errTooMuch = errors.New("it is too large when unpacked")

// Open decrypts a message, armoured or not, unpacks it and verifies a signature that is within (RFC 9580 section 10.3). One that is
// signed or packed and not encrypted is read in the same way. Where that fails Crypt.Failure says why and the content is nil; content of
// more than most bytes is not unpacked.
func (r *Ring) Open(message []byte, most int64, ask Asking) ([]byte, channels.Crypt) {
	ring, done := r.borrow()
	defer done()
	content, md, err := read(ring, message, most, false)
	unprotected := false
	var refused pgperrors.UnsupportedError
	if errors.As(err, &refused) { // it may be that nothing shows whether it was changed (RFC 9580 section 5.7)
		ring.left = triesMost
		content, md, err = read(ring, message, most, true)
		unprotected = err == nil && md.IsEncrypted
	}
	out := channels.Crypt{Kind: "pgp", Encrypted: true}
	if err != nil {
		out.Failure = failure(err)
		return nil, out
	}
	out.Encrypted, out.Opened, out.Unprotected, out.Signed = md.IsEncrypted, md.IsEncrypted, unprotected, md.IsSigned
	if md.IsSigned {
		judge(&out, md, ask)
	}
	return content, out
}

// read returns the content once all of it is known to be whole.
func read(ring *tries, message []byte, most int64, unprotected bool) ([]byte, *openpgp.MessageDetails, error) {
	md, err := openpgp.ReadMessage(unarmour(message), ring, nil, config(most, unprotected))
	if err != nil {
		return nil, nil, err
	}
	content, err := io.ReadAll(io.LimitReader(md.UnverifiedBody, most+1))
	if err == nil && int64(len(content)) > most {
		err = errTooMuch
	}
	if err != nil {
		return nil, nil, err
	}
	return content, md, nil
}

func failure(err error) string {
	var unknown pgperrors.UnsupportedError
	switch {
	case errors.Is(err, pgperrors.ErrKeyIncorrect):
		return channels.SealNoKey
	case errors.Is(err, errTooMuch):
		return channels.SealTooLarge
	case errors.As(err, &unknown):
		return channels.SealUnsupported
	}
	return channels.SealDamaged
}
