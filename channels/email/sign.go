package email

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"

	"github.com/emersion/go-msgauth/dkim"
	"golang.org/x/net/idna"

	"sportello/channels/email/field"
)

// Signing is how an account's mail is signed (DKIM, RFC 6376), where the relay does not do it.
type Signing struct {
	Domain   string // the domain of Address when empty
	Selector string // the key's record is <Selector>._domainkey.<Domain>
	Key      crypto.Signer
}

// LoadKey reads a private key for Signing in PEM: RSA of 1024 bits or more, or Ed25519 (RFC 8301, RFC 8463).
func LoadKey(raw []byte) (crypto.Signer, error) {
	block, _ := pem.Decode(raw)
	if block == nil {
		return nil, errors.New("no PEM block")
	}
	if key, err := x509.ParsePKCS1PrivateKey(block.Bytes); err == nil {
		return checkKey(key)
	}
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, errors.New("no RSA or Ed25519 private key")
	}
	return checkKey(key)
}

func checkKey(key any) (crypto.Signer, error) {
	switch key := key.(type) {
	case *rsa.PrivateKey:
		if key.N.BitLen() < 1024 {
			return nil, errors.New("an RSA key of less than 1024 bits convinces nobody")
		}
		return key, nil
	case ed25519.PrivateKey:
		return key, nil
	}
	return nil, errors.New("only RSA and Ed25519 keys can sign mail")
}

// signedOnce are signed if present; signedTwice are signed once more than they are there, so that nobody can add one (RFC 6376 section
// 8.15). RFC 8058 section 4 wants both fields of unsubscribing covered.
var (
	signedTwice = []string{"From", "To", "Cc", "Reply-To", "Subject", "Date", "Message-ID", "In-Reply-To", "References", "MIME-Version",
		"Content-Type", "List-Unsubscribe", "List-Unsubscribe-Post"}
	signedOnce = []string{"Content-Transfer-Encoding", "Content-Language", "Auto-Submitted", "List-Id", "Feedback-ID"}
)

// sign puts a signature above a finished mail. It is done once for each attempt, since it carries the time.
func (s *Signing) sign(mail []byte) ([]byte, error) {
	h, _ := field.Split(mail)
	keys := make([]string, 0, 2*len(signedTwice)+len(signedOnce))
	for _, name := range signedTwice {
		for range len(h.All(strings.ToLower(name))) + 1 {
			keys = append(keys, name)
		}
	}
	for _, name := range signedOnce {
		if h.Has(strings.ToLower(name)) {
			keys = append(keys, name)
		}
	}
	var signed bytes.Buffer
	err := dkim.Sign(&signed, bytes.NewReader(mail), &dkim.SignOptions{
		Domain: s.Domain, Selector: s.Selector, Signer: s.Key, HeaderKeys: keys,
		HeaderCanonicalization: dkim.CanonicalizationRelaxed, BodyCanonicalization: dkim.CanonicalizationRelaxed,
	})
	if err != nil {
		return nil, fmt.Errorf("sign mail: %w", err)
	}
	return signed.Bytes(), nil
}

// validate lists what is wrong.
func (s *Signing) validate() []error {
	if s == nil {
		return nil
	}
	var errs []error
	if name, err := idna.Lookup.ToASCII(s.Selector + ".example"); err != nil || s.Selector == "" || strings.ContainsAny(name, " ;=") {
		errs = append(errs, errors.New("dkim.selector: must be a DNS label"))
	}
	if s.Domain != "" && !strings.Contains(s.Domain, ".") || strings.ContainsAny(s.Domain, " ;=@") {
		errs = append(errs, fmt.Errorf("dkim.domain: %q is not a domain", s.Domain))
	}
	if s.Key == nil {
		errs = append(errs, errors.New("dkim.key_file: a private key is needed"))
	}
	return errs
}

// Record is the TXT record that the key needs at <Selector>._domainkey.<Domain>.
func (s *Signing) Record() (string, error) {
	if s == nil || s.Key == nil {
		return "", errors.New("the signing key cannot be read")
	}
	kind, public := "rsa", []byte(nil)
	switch key := s.Key.Public().(type) {
	case ed25519.PublicKey:
		kind, public = "ed25519", key
	default:
		var err error
		if public, err = x509.MarshalPKIXPublicKey(key); err != nil {
			return "", err
		}
	}
	return "v=DKIM1; k=" + kind + "; p=" + base64.StdEncoding.EncodeToString(public), nil
}
