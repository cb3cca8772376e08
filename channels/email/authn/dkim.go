package authn

import (
	"bytes"
	"context"
	"net"
	"slices"
	"strings"

	"github.com/emersion/go-msgauth/dkim"
	"golang.org/x/net/publicsuffix"
)

// mostSignatures bounds the work that one mail can ask for.
const mostSignatures = 5

// signatures is what a mail's DKIM signatures say together.
type signatures struct {
	result  string
	domains []string // whose signatures hold
	temp    []string // whose keys could not be asked for
}

// dkim verifies the signatures of a mail. A signature that covers only the beginning of the body (l=) does not hold.
func (c Checker) dkim(ctx context.Context, raw []byte) signatures {
	found, err := dkim.VerifyWithOptions(bytes.NewReader(canonicalEnds(raw)), &dkim.VerifyOptions{
		MaxVerifications: mostSignatures,
		LookupTXT: func(domain string) ([]string, error) {
			all, err := c.Resolver.LookupTXT(ctx, domain)
			if err != nil && !isNotFound(err) {
				err = &net.DNSError{Err: "no answer", Name: domain, IsTemporary: true}
			}
			return all, err
		},
	})
	s := signatures{result: None}
	if err != nil && len(found) == 0 {
		s.result = PermError
		return s
	}
	for _, v := range found {
		domain := strings.ToLower(v.Domain)
		result := Fail
		switch {
		case v.Err == nil && !published(domain):
			result = PermError
		case v.Err == nil:
			result = Pass
			if !slices.Contains(s.domains, domain) {
				s.domains = append(s.domains, domain)
			}
		case dkim.IsTempFail(v.Err) || ctx.Err() != nil:
			result = TempError
			s.temp = append(s.temp, domain)
		case dkim.IsPermFail(v.Err):
			result = PermError
		}
		s.result = better(s.result, result)
	}
	return s
}

// published reports whether a domain can belong to somebody: a public suffix signs for nobody.
func published(domain string) bool {
	_, err := publicsuffix.EffectiveTLDPlusOne(domain)
	return err == nil
}

// better is the result that says more for a mail with several signatures.
func better(a, b string) string {
	order := []string{None, PermError, Fail, TempError, Pass}
	if slices.Index(order, b) > slices.Index(order, a) {
		return b
	}
	return a
}

// canonicalEnds makes CR LF of every line end: mailboxes in files lose the CR.
func canonicalEnds(raw []byte) []byte {
	if !bytes.Contains(raw, []byte("\n")) || bytes.Count(raw, []byte("\n")) == bytes.Count(raw, []byte("\r\n")) {
		return raw
	}
	return bytes.ReplaceAll(bytes.ReplaceAll(raw, []byte("\r\n"), []byte("\n")), []byte("\n"), []byte("\r\n"))
}
