package smime

import (
	"crypto/x509"
	"errors"
	"strings"
	"time"

	"sportello/channels"
	"sportello/channels/email/field"
	"sportello/channels/email/part"
)

// Asking is for whom and when a signature is to hold.
type Asking struct {
	From  string         // the mail's sender, normalised
	At    time.Time      // when the mail says that it was written; zero: the certificate's time is not looked at
	Roots *x509.CertPool // nil: the system's
}

// Detached checks a signature that stands beside what it signs: content is the first part of the multipart/signed as it came, header
// and body (RFC 8551 section 3.5.3).
func Detached(content, signature []byte, ask Asking) channels.Crypt {
	m, err := parse(signature)
	if err != nil {
		return channels.Crypt{Kind: "smime", Signed: true}
	}
	return m.judge(part.Canonical(content), ask)
}

// Opaque takes the content out of a signature that holds it (RFC 8551 section 3.5.2), and checks it.
func Opaque(signed []byte, ask Asking) (content []byte, c channels.Crypt, err error) {
	m, err := parse(signed)
	if err == nil && m.content == nil {
		err = errFormat
	}
	if err != nil {
		return nil, channels.Crypt{Kind: "smime", Signed: true}, err
	}
	return m.content, m.judge(m.content, ask), nil
}

// judge says who signed, and what is wrong with it: the gravest of what is.
func (m message) judge(content []byte, ask Asking) channels.Crypt {
	out := channels.Crypt{Kind: "smime", Signed: true}
	c := m.certificate()
	if c == nil {
		return out
	}
	addresses := emails(c)
	out.Signer = field.Clip(field.OneLine(c.Subject.CommonName), 200)
	if len(addresses) > 0 {
		out.Signer = addresses[0]
	}
	err := m.verify(c, content)
	if errors.Is(err, errUnsupported) {
		return out
	}
	switch {
	case err != nil:
		out.Problem = channels.ProblemAltered
	case !ask.At.IsZero() && (ask.At.Before(c.NotBefore) || ask.At.After(c.NotAfter)):
		out.Problem = channels.ProblemExpired
	case !has(addresses, ask.From):
		out.Problem = channels.ProblemOtherAddress
	case !m.trusted(c, ask):
		out.Problem = channels.ProblemUntrusted
	}
	valid := out.Problem == ""
	out.Valid = &valid
	return out
}

// trusted reports whether somebody whom we trust vouches for the certificate, for mail.
func (m message) trusted(c *x509.Certificate, ask Asking) bool {
	between := x509.NewCertPool()
	for _, other := range m.certificates {
		between.AddCert(other)
	}
	at := ask.At
	if at.IsZero() {
		at = c.NotBefore
	}
	_, err := c.Verify(x509.VerifyOptions{Roots: ask.Roots, Intermediates: between, CurrentTime: at, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageEmailProtection}})
	return err == nil
}

// emails are the addresses in a certificate, also the one in the name of its subject, as of old.
func emails(c *x509.Certificate) []string {
	var all []string
	add := func(s string) {
		if addr, ok := field.Normal(s); ok {
			all = append(all, addr)
		}
	}
	for _, e := range c.EmailAddresses {
		add(e)
	}
	for _, n := range c.Subject.Names {
		if s, ok := n.Value.(string); ok && n.Type.String() == "1.2.840.113549.1.9.1" {
			add(s)
		}
	}
	return all
}

func has(all []string, addr string) bool {
	for _, a := range all {
		if strings.EqualFold(a, addr) {
			return true
		}
	}
	return false
}
