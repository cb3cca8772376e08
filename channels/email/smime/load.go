package smime

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"strings"
)

// LoadKey reads a private key (RSA, or ECDSA of a NIST curve) and the certificate that goes with it, both in PEM. The two may be one
// file, and other certificates may stand behind the first.
func LoadKey(certificate, private []byte) (Key, error) {
	all, err := LoadCertificates(certificate)
	if err != nil {
		return Key{}, err
	}
	key, err := loadPrivate(private)
	if err != nil {
		return Key{}, err
	}
	public, ok := key.Public().(interface{ Equal(crypto.PublicKey) bool })
	if !ok || !public.Equal(all[0].PublicKey) {
		return Key{}, errors.New("the certificate is of another key")
	}
	return Key{Certificate: all[0], Private: key}, nil
}

// LoadCertificates reads certificates in PEM, of which there must be one at least.
func LoadCertificates(raw []byte) ([]*x509.Certificate, error) {
	var all []*x509.Certificate
	for block, rest := pem.Decode(raw); block != nil; block, rest = pem.Decode(rest) {
		if block.Type != "CERTIFICATE" {
			continue
		}
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, errors.New("a certificate that cannot be read")
		}
		all = append(all, c)
	}
	if len(all) == 0 {
		return nil, errors.New("no certificate in PEM")
	}
	return all, nil
}

func loadPrivate(raw []byte) (crypto.Signer, error) {
	for block, rest := pem.Decode(raw); block != nil; block, rest = pem.Decode(rest) {
		if !strings.HasSuffix(block.Type, "PRIVATE KEY") {
			continue
		}
		if block.Type == "ENCRYPTED PRIVATE KEY" || block.Headers["DEK-Info"] != "" {
			return nil, errors.New("the private key has a passphrase: take it off, and let nobody but the gateway read the file")
		}
		if key, err := x509.ParsePKCS1PrivateKey(block.Bytes); err == nil {
			return key, nil
		}
		if key, err := x509.ParseECPrivateKey(block.Bytes); err == nil {
			return key, nil
		}
		switch key, _ := x509.ParsePKCS8PrivateKey(block.Bytes); key := key.(type) {
		case *rsa.PrivateKey:
			return key, nil
		case *ecdsa.PrivateKey:
			return key, nil
		}
		return nil, errors.New("the private key is neither RSA nor of a NIST curve")
	}
	return nil, errors.New("no private key in PEM")
}

// Addresses are the mail addresses in the key's certificate, normalised.
func (k Key) Addresses() []string { return emails(k.Certificate) }
