package sms

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/twilio/twilio-go/client"
)

// A webhook is signed with base64(HMAC-SHA1(token, URL + each form key and value, sorted by key)); a body that is not a form is
// covered by its SHA-256 in the query value bodySHA256, which the URL carries (Twilio, "Webhooks Security"). The URL is the one
// that the operator gave the provider: it is built from the configured public base, because Host and X-Forwarded-* are the
// sender's own words.

// verifier checks signatures made with one token.
type verifier = client.RequestValidator

func verifiers(tokens []string) []verifier {
	vs := make([]verifier, len(tokens))
	for i, t := range tokens {
		vs[i] = client.NewRequestValidator(t)
	}
	return vs
}

// signed reports whether the request with this body comes from the provider: by any token, with and without default port, with
// and without the retry policy that stands behind the URL.
func (a *Adapter) signed(r *http.Request, body []byte) bool {
	signature := r.Header.Get("X-Twilio-Signature")
	if signature == "" {
		return false
	}
	seen := strings.TrimSuffix(a.cfg.PublicURL, "/") + requestPath(r)
	for i := range a.check {
		for _, u := range []string{seen, seen + retryPolicy} {
			if matches(&a.check[i], u, r, body, signature) {
				return true
			}
		}
	}
	return false
}

func matches(v *verifier, u string, r *http.Request, body []byte, signature string) bool {
	if r.URL.Query().Get("bodySHA256") != "" {
		return v.ValidateBody(u, body, signature)
	}
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return false
	}
	return v.Validate(u, signedFields(form), signature)
}

// signedFields gives each key the text that follows it in what is signed. A key with several values is signed once per distinct
// value, in order, with the key before each.
func signedFields(form url.Values) map[string]string {
	fields := make(map[string]string, len(form))
	for k, vs := range form {
		vs = slices.Clone(vs)
		slices.Sort(vs)
		fields[k] = strings.Join(slices.Compact(vs), k)
	}
	return fields
}

// requestPath returns path and query as they stood in the request line, also when a proxy sent the absolute form (RFC 9112
// section 3.2.2).
func requestPath(r *http.Request) string {
	if strings.HasPrefix(r.RequestURI, "/") {
		return r.RequestURI
	}
	if u, err := url.Parse(r.RequestURI); err == nil && u.Host != "" {
		return u.RequestURI()
	}
	return r.URL.RequestURI()
}
