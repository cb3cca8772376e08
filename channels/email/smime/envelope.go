package smime

import (
	"bytes"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"

	"sportello/channels"
)

// The structures of RFC 5652 section 6 and RFC 5083 section 2.1, as far as they are read.
type (
	envelopedData struct {
		Version    int
		Originator implicit        `asn1:"optional,tag:0"`
		Recipients []asn1.RawValue `asn1:"set"`
		Content    encryptedContent
	}
	authEnvelopedData struct {
		Version    int
		Originator implicit        `asn1:"optional,tag:0"`
		Recipients []asn1.RawValue `asn1:"set"`
		Content    encryptedContent
		Attributes implicit `asn1:"optional,tag:1"`
		MAC        []byte
	}
	encryptedContent struct {
		Type      asn1.ObjectIdentifier
		Algorithm pkix.AlgorithmIdentifier
		Octets    asn1.RawValue `asn1:"optional,tag:0"`
	}
)

var (
	errNoKey   = errors.New("no key fits")
	errDamaged = errors.New("what was opened is damaged")
	errTooMuch = errors.New("it is too large when unpacked")
)

// Open decrypts EnvelopedData and AuthEnvelopedData with the first of keys that it was encrypted to. Where that fails Crypt.Failure says
// why and the content is nil. Nothing is told to the sender, so that the failures are no oracle for him (RFC 3218).
func Open(enveloped []byte, keys []Key) ([]byte, channels.Crypt) {
	out := channels.Crypt{Kind: "smime", Encrypted: true}
	content, authentic, err := decrypt(enveloped, keys)
	switch {
	case err == nil:
		out.Opened, out.Unprotected = true, !authentic
		return content, out
	case errors.Is(err, errNoKey):
		out.Failure = channels.SealNoKey
	case errors.Is(err, errUnsupported):
		out.Failure = channels.SealUnsupported
	default:
		out.Failure = channels.SealDamaged
	}
	return nil, out
}

// decrypt returns the content, and whether it is protected against change.
func decrypt(raw []byte, keys []Key) (content []byte, authentic bool, err error) {
	info, err := parseInfo(raw)
	if err != nil {
		return nil, false, err
	}
	var e authEnvelopedData
	switch inner := info.Content.Bytes; {
	case info.Type.Equal(oidEnveloped):
		var plain envelopedData
		_, err = asn1.Unmarshal(inner, &plain)
		e.Recipients, e.Content = plain.Recipients, plain.Content
	case info.Type.Equal(oidAuthEnveloped):
		_, err = asn1.Unmarshal(inner, &e)
		authentic = true
	default:
		err = errUnsupported
	}
	if err != nil {
		return nil, false, err
	}
	c, known := ciphers[e.Content.Algorithm.Algorithm.String()]
	if !known || c.authentic != authentic {
		return nil, false, errUnsupported
	}
	key, err := sessionKey(e.Recipients, keys, c.size)
	if err != nil {
		return nil, false, err
	}
	content, err = c.open(key, e)
	return content, authentic, err
}

// parseInfo reads the outermost structure of any CMS.
func parseInfo(raw []byte) (info contentInfo, err error) {
	der, err := normal(raw)
	if err != nil {
		return info, err
	}
	_, err = asn1.Unmarshal(der, &info)
	return info, err
}

// octets are the bytes of a string under a tag of its own, which may be in pieces.
func octets(v asn1.RawValue) ([]byte, error) {
	if !v.IsCompound {
		return v.Bytes, nil
	}
	var whole bytes.Buffer
	for rest := v.Bytes; len(rest) > 0; {
		var piece []byte
		var err error
		if rest, err = asn1.Unmarshal(rest, &piece); err != nil {
			return nil, err
		}
		whole.Write(piece)
	}
	return whole.Bytes(), nil
}
