package smime

import (
	"bytes"
	"crypto"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/rsa"
	_ "crypto/sha1" // of old senders' key derivation, which does not rest on collisions
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/binary"
	"errors"
)

// Key is what mail is encrypted to: a certificate of ours and its private key.
type Key struct {
	Certificate *x509.Certificate
	Private     crypto.PrivateKey // *rsa.PrivateKey or *ecdsa.PrivateKey
}

const triesMost = 8 // recipients of one mail that name a key of ours

// The structures of RFC 5652 section 6.2.
type (
	transported struct {
		Version   int
		ID        asn1.RawValue
		Algorithm pkix.AlgorithmIdentifier
		Key       []byte
	}
	agreed struct {
		Version    int
		Originator asn1.RawValue `asn1:"tag:0"`
		Material   []byte        `asn1:"optional,explicit,tag:1"`
		Algorithm  pkix.AlgorithmIdentifier
		Recipients []agreedRecipient
	}
	agreedRecipient struct {
		ID  asn1.RawValue
		Key []byte
	}
	originatorKey struct {
		Algorithm pkix.AlgorithmIdentifier
		Point     asn1.BitString
	}
	oaepParameters struct {
		Hash  pkix.AlgorithmIdentifier `asn1:"optional,explicit,tag:0"`
		Mask  pkix.AlgorithmIdentifier `asn1:"optional,explicit,tag:1"`
		Label pkix.AlgorithmIdentifier `asn1:"optional,explicit,tag:2"`
	}
	sharedInfo struct { // RFC 5753 section 7.2
		Key      pkix.AlgorithmIdentifier
		Material []byte `asn1:"optional,explicit,tag:0"`
		Length   []byte `asn1:"explicit,tag:2"`
	}
)

// sessionKey finds the key of the content, of that size in bytes, among what was encrypted to the recipients.
func sessionKey(recipients []asn1.RawValue, keys []Key, size int) ([]byte, error) {
	why, tries := errNoKey, 0
	for _, r := range recipients {
		for _, try := range attempts(r, keys) {
			if tries++; tries > triesMost {
				return nil, errUnsupported
			}
			key, err := try(size)
			if err == nil && len(key) == size {
				return key, nil
			}
			if why = errDamaged; errors.Is(err, errUnsupported) {
				why = err
			}
		}
	}
	return nil, why
}

// attempts are the ways to a content's key that one recipient's information offers to our keys.
func attempts(r asn1.RawValue, keys []Key) (all []func(size int) ([]byte, error)) {
	switch {
	case r.Class == asn1.ClassUniversal && r.Tag == asn1.TagSequence:
		var t transported
		if _, err := asn1.Unmarshal(r.FullBytes, &t); err != nil {
			return nil
		}
		for _, k := range keys {
			if private, ok := k.Private.(*rsa.PrivateKey); ok && k.named(t.ID) {
				all = append(all, func(size int) ([]byte, error) { return t.key(private, size) })
			}
		}
	case r.Class == asn1.ClassContextSpecific && r.Tag == 1:
		var a agreed
		if _, err := asn1.UnmarshalWithParams(r.FullBytes, &a, "tag:1"); err != nil {
			return nil
		}
		for _, to := range a.Recipients {
			for _, k := range keys {
				if private, ok := k.Private.(*ecdsa.PrivateKey); ok && k.named(to.ID) {
					all = append(all, func(int) ([]byte, error) { return a.key(private, to.Key) })
				}
			}
		}
	}
	return all
}

// named reports whether an identifier of a recipient means the key's certificate.
func (k Key) named(id asn1.RawValue) bool {
	c := k.Certificate
	if id.Class == asn1.ClassContextSpecific && id.Tag == 0 {
		name := id.Bytes
		if id.IsCompound { // a RecipientKeyIdentifier begins with it
			if _, err := asn1.Unmarshal(id.Bytes, &name); err != nil {
				return false
			}
		}
		return len(c.SubjectKeyId) > 0 && bytes.Equal(c.SubjectKeyId, name)
	}
	var by issuerAndSerial
	_, err := asn1.Unmarshal(id.FullBytes, &by)
	return err == nil && by.Serial != nil && c.SerialNumber.Cmp(by.Serial) == 0 && bytes.Equal(c.RawIssuer, by.Issuer.FullBytes)
}

var (
	oidRSA  = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 1}
	oidOAEP = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 7}
)

// key decrypts the content's key. Of a wrong padding of PKCS #1 comes a random key, in the same time, so that the failure is that of the
// content (RFC 3218 section 2.3.2).
func (t transported) key(private *rsa.PrivateKey, size int) ([]byte, error) {
	switch algorithm := t.Algorithm.Algorithm; {
	case algorithm.Equal(oidRSA):
		key := make([]byte, size)
		if _, err := rand.Read(key); err != nil {
			return nil, err
		}
		return key, rsa.DecryptPKCS1v15SessionKey(nil, private, t.Key, key)
	case algorithm.Equal(oidOAEP):
		options, err := oaep(t.Algorithm.Parameters.FullBytes)
		if err != nil {
			return nil, err
		}
		return private.Decrypt(nil, t.Key, options)
	}
	return nil, errUnsupported
}

// oaep reads the parameters of RFC 8017 appendix A.2.1.
func oaep(raw []byte) (*rsa.OAEPOptions, error) {
	var p oaepParameters
	if len(raw) > 0 {
		if _, err := asn1.Unmarshal(raw, &p); err != nil {
			return nil, err
		}
	}
	options := &rsa.OAEPOptions{Hash: crypto.SHA1, MGFHash: crypto.SHA1}
	if len(p.Hash.Algorithm) > 0 {
		options.Hash = derivations[p.Hash.Algorithm.String()]
	}
	if len(p.Mask.Algorithm) > 0 {
		var within pkix.AlgorithmIdentifier
		if _, err := asn1.Unmarshal(p.Mask.Parameters.FullBytes, &within); err != nil {
			return nil, err
		}
		options.MGFHash = derivations[within.Algorithm.String()]
	}
	if options.Hash == 0 || options.MGFHash == 0 || len(p.Label.Parameters.Bytes) > 0 {
		return nil, errUnsupported
	}
	return options, nil
}

// derivations are the digests that keys may be derived or masked with: of OAEP, and of X9.63 by the way of agreement (RFC 5753 section
// 7.1.4; the curves read here have cofactor 1).
var derivations = map[string]crypto.Hash{
	"1.3.14.3.2.26": crypto.SHA1, "2.16.840.1.101.3.4.2.1": crypto.SHA256, "2.16.840.1.101.3.4.2.2": crypto.SHA384, "2.16.840.1.101.3.4.2.3": crypto.SHA512,
	"1.3.133.16.840.63.0.2": crypto.SHA1, "1.3.132.1.11.1": crypto.SHA256, "1.3.132.1.11.2": crypto.SHA384, "1.3.132.1.11.3": crypto.SHA512,
	"1.3.133.16.840.63.0.3": crypto.SHA1, "1.3.132.1.14.1": crypto.SHA256, "1.3.132.1.14.2": crypto.SHA384, "1.3.132.1.14.3": crypto.SHA512,
}

// wraps are the sizes of key-encryption keys, by their way of wrapping (RFC 3565 section 2.3.2).
var wraps = map[string]int{"2.16.840.1.101.3.4.1.5": 16, "2.16.840.1.101.3.4.1.25": 24, "2.16.840.1.101.3.4.1.45": 32}

// key agrees with the sender's ephemeral key on the key that wraps the content's (RFC 5753 section 3.1).
func (a agreed) key(private *ecdsa.PrivateKey, wrapped []byte) ([]byte, error) {
	hash := derivations[a.Algorithm.Algorithm.String()]
	var wrap pkix.AlgorithmIdentifier
	if _, err := asn1.Unmarshal(a.Algorithm.Parameters.FullBytes, &wrap); err != nil || hash == 0 || wraps[wrap.Algorithm.String()] == 0 {
		return nil, errUnsupported
	}
	var from originatorKey
	if _, err := asn1.UnmarshalWithParams(a.Originator.Bytes, &from, "tag:1"); err != nil {
		return nil, errUnsupported
	}
	size := wraps[wrap.Algorithm.String()]
	info, err := asn1.Marshal(sharedInfo{wrap, a.Material, binary.BigEndian.AppendUint32(nil, uint32(size)*8)})
	if err != nil {
		return nil, err
	}
	shared, err := agree(private, from.Point.Bytes)
	if err != nil {
		return nil, err
	}
	return unwrap(derive(hash, shared, info, size), wrapped)
}

func agree(private *ecdsa.PrivateKey, point []byte) ([]byte, error) {
	own, err := private.ECDH()
	if err != nil {
		return nil, errUnsupported
	}
	var theirs *ecdh.PublicKey
	if theirs, err = own.Curve().NewPublicKey(point); err != nil {
		return nil, errDamaged
	}
	return own.ECDH(theirs)
}

// derive is the key derivation of ANSI X9.63 (RFC 5753 section 7.2, SEC 1 section 3.6.1).
func derive(hash crypto.Hash, shared, info []byte, size int) []byte {
	var out []byte
	for counter := uint32(1); len(out) < size; counter++ {
		h := hash.New()
		h.Write(shared)
		h.Write(binary.BigEndian.AppendUint32(nil, counter))
		h.Write(info)
		out = h.Sum(out)
	}
	return out[:size]
}
