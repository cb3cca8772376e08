package smime

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	_ "crypto/sha256" // the digests that are believed
	_ "crypto/sha512"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"math/big"
)

var (
	oidSigned        = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 2}
	oidMessageDigest = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 4}
	oidPSS           = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 10}
	digests          = map[string]crypto.Hash{
		"2.16.840.1.101.3.4.2.1": crypto.SHA256, "2.16.840.1.101.3.4.2.2": crypto.SHA384, "2.16.840.1.101.3.4.2.3": crypto.SHA512,
	}
)

// The structures of RFC 5652, as far as they are read.
type (
	contentInfo struct {
		Type    asn1.ObjectIdentifier
		Content asn1.RawValue `asn1:"explicit,tag:0,optional"`
	}
	signedData struct {
		Version      int
		Digests      asn1.RawValue
		Encapsulated contentInfo
		Certificates implicit     `asn1:"optional,tag:0"`
		Revocations  implicit     `asn1:"optional,tag:1"`
		Signers      []signerInfo `asn1:"set"`
	}
	signerInfo struct {
		Version    int
		ID         asn1.RawValue
		Digest     pkix.AlgorithmIdentifier
		Attributes implicit `asn1:"optional,tag:0"`
		Algorithm  pkix.AlgorithmIdentifier
		Signature  []byte
		Unsigned   implicit `asn1:"optional,tag:1"`
	}
	issuerAndSerial struct {
		Issuer asn1.RawValue
		Serial *big.Int
	}
	attribute struct {
		Type   asn1.ObjectIdentifier
		Values asn1.RawValue `asn1:"set"`
	}
)

var (
	errFormat      = errors.New("not a signature")
	errUnsupported = errors.New("a signature of an unknown kind")
	errAltered     = errors.New("the signature does not fit")
)

// implicit is a set under a tag of its own, unread.
type implicit struct{ Raw asn1.RawContent }

// content is what stands within.
func (i implicit) content() []byte {
	if _, n, rest, err := head(i.Raw); err == nil && n >= 0 {
		return rest[:n]
	}
	return nil
}

// message is a signature with what came along.
type message struct {
	signer       signerInfo
	content      []byte // nil when it is detached
	certificates []*x509.Certificate
}

func parse(raw []byte) (m message, err error) {
	info, err := parseInfo(raw)
	if err != nil {
		return m, err
	}
	if !info.Type.Equal(oidSigned) {
		return m, errFormat
	}
	var data signedData
	if _, err := asn1.Unmarshal(info.Content.Bytes, &data); err != nil {
		if _, err = asn1.Unmarshal(info.Content.FullBytes, &data); err != nil {
			return m, errFormat
		}
	}
	if len(data.Signers) == 0 {
		return m, errFormat
	}
	m.signer = data.Signers[0]
	if inner := data.Encapsulated.Content; len(inner.Bytes) > 0 {
		if _, err := asn1.Unmarshal(inner.Bytes, &m.content); err != nil {
			m.content = inner.Bytes
		}
	}
	for rest := data.Certificates.content(); len(rest) > 0 && len(m.certificates) < 20; {
		var one asn1.RawValue
		if rest, err = asn1.Unmarshal(rest, &one); err != nil {
			break
		}
		if c, err := x509.ParseCertificate(one.FullBytes); err == nil {
			m.certificates = append(m.certificates, c)
		}
	}
	return m, nil
}

// certificate is the signer's.
func (m message) certificate() *x509.Certificate {
	var id issuerAndSerial
	_, err := asn1.Unmarshal(m.signer.ID.FullBytes, &id)
	for _, c := range m.certificates {
		if err == nil && id.Serial != nil && c.SerialNumber.Cmp(id.Serial) == 0 && bytes.Equal(c.RawIssuer, id.Issuer.FullBytes) {
			return c
		}
		if m.signer.ID.Class == asn1.ClassContextSpecific && len(c.SubjectKeyId) > 0 && bytes.Equal(c.SubjectKeyId, m.signer.ID.Bytes) {
			return c
		}
	}
	return nil
}

// verify checks that the certificate's key signed the content (RFC 5652 sections 5.4 and 5.6).
func (m message) verify(c *x509.Certificate, content []byte) error {
	hash, ok := digests[m.signer.Digest.Algorithm.String()]
	if !ok {
		return errUnsupported
	}
	sum := func(b []byte) []byte { h := hash.New(); h.Write(b); return h.Sum(nil) }
	signed := content
	if len(m.signer.Attributes.Raw) > 0 {
		digest, err := messageDigest(m.signer.Attributes.content())
		if err != nil || !bytes.Equal(digest, sum(content)) {
			return errAltered
		}
		signed = write(nil, []byte{0x31}, m.signer.Attributes.content())
	}
	var err error
	switch key := c.PublicKey.(type) {
	case *rsa.PublicKey:
		if m.signer.Algorithm.Algorithm.Equal(oidPSS) {
			err = rsa.VerifyPSS(key, hash, sum(signed), m.signer.Signature, nil)
		} else {
			err = rsa.VerifyPKCS1v15(key, hash, sum(signed), m.signer.Signature)
		}
	case *ecdsa.PublicKey:
		if !ecdsa.VerifyASN1(key, sum(signed), m.signer.Signature) {
			err = errAltered
		}
	default:
		return errUnsupported
	}
	if err != nil {
		return errAltered
	}
	return nil
}

// messageDigest is the digest of the content that the signed attributes state.
func messageDigest(attributes []byte) ([]byte, error) {
	for rest := attributes; len(rest) > 0; {
		var a attribute
		var err error
		if rest, err = asn1.Unmarshal(rest, &a); err != nil {
			return nil, err
		}
		if a.Type.Equal(oidMessageDigest) {
			var digest []byte
			_, err := asn1.Unmarshal(a.Values.Bytes, &digest)
			return digest, err
		}
	}
	return nil, errFormat
}
