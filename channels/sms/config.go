package sms

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/nyaruka/phonenumbers"

	"sportello/channels"
)

// DefaultAPIBase is where Twilio's REST API is.
const DefaultAPIBase = "https://api.twilio.com"

// DefaultTimeout bounds one call of the REST API.
const DefaultTimeout = 15 * time.Second

// DefaultAskEvery is the time between two questions whether an API in trouble is well again.
const DefaultAskEvery = 5 * time.Second

// Config is how one account is set up. Validate must have passed before New.
type Config struct {
	Account    channels.AccountID // letters, digits, ".", "_" and "-": it stands in the webhook's path
	AccountSID string             // AC and 32 hexadecimal digits

	// AuthTokens verify webhooks, and sign in to the REST API when there is no API key. While a token is being replaced there
	// are two: the one in force first, then the other (M-01).
	AuthTokens []string
	APIKey     string // optional: SK and 32 hexadecimal digits; preferred for the REST API because it can be revoked alone
	APISecret  string

	Number              string // the sender: E.164, a short code or an alphanumeric name. Either this, or the service, or both
	MessagingServiceSID string // MG and 32 hexadecimal digits; preferred for sending when present (M-11)

	PublicURL string // the base by which the provider reaches us, "https://help.example.it"; what it signs begins with this
	APIBase   string // DefaultAPIBase when empty
	Country   string // ISO 3166 two-letter code by which numbers without country code are read; IT when empty
	Keywords  Keywords
	Timeout   time.Duration // of one REST call; DefaultTimeout when zero
	AskEvery  time.Duration // how often an API in trouble is asked whether it is well again; DefaultAskEvery when zero
}

var (
	accountPattern = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)
	accountSID     = regexp.MustCompile(`^AC[0-9a-fA-F]{32}$`)
	keySID         = regexp.MustCompile(`^SK[0-9a-fA-F]{32}$`)
	serviceSID     = regexp.MustCompile(`^MG[0-9a-fA-F]{32}$`)
	secretPattern  = regexp.MustCompile(`^[A-Za-z0-9]+$`) // the client library refuses anything else
)

// Validate returns every problem of the configuration at once, joined, in words for the operator; nil if there is none. It names
// settings but never repeats a secret.
func (c Config) Validate() error {
	var errs []error
	bad := func(format string, args ...any) {
		errs = append(errs, fmt.Errorf("sms %s: "+format, append([]any{c.Account}, args...)...))
	}
	if !accountPattern.MatchString(string(c.Account)) {
		bad("the account id must be 1 to 64 letters, digits, dots, dashes or underscores")
	}
	if !accountSID.MatchString(c.AccountSID) {
		bad("the account SID must be AC and 32 hexadecimal digits")
	}
	c.validateSecrets(bad)
	if c.Number == "" && c.MessagingServiceSID == "" {
		bad("a number or a messaging service SID is needed")
	}
	if c.Number != "" {
		if a, form := Normalize(c.Number, c.country()); form == FormNone || form == FormOther || a.Value != c.Number {
			bad("the number must be in E.164 form such as +390212345678, a short code or an alphanumeric sender")
		}
	}
	if c.MessagingServiceSID != "" && !serviceSID.MatchString(c.MessagingServiceSID) {
		bad("the messaging service SID must be MG and 32 hexadecimal digits")
	}
	if err := checkBase(c.PublicURL); err != nil {
		bad("public URL: %w", err)
	}
	if err := checkBase(c.apiBase()); err != nil {
		bad("API base: %w", err)
	}
	if phonenumbers.GetCountryCodeForRegion(c.country()) == 0 {
		bad("%q is not an ISO 3166 two-letter country", c.Country)
	}
	if c.Timeout < 0 || c.AskEvery < 0 {
		bad("the timeout, or the time between questions, is negative")
	}
	return errors.Join(errs...)
}

func (c Config) validateSecrets(bad func(string, ...any)) {
	if len(c.AuthTokens) == 0 || len(c.AuthTokens) > 2 {
		bad("one auth token is needed, two while it is being replaced")
	}
	for _, t := range c.AuthTokens {
		if !secretPattern.MatchString(t) {
			bad("an auth token must be letters and digits")
			break
		}
	}
	if (c.APIKey == "") != (c.APISecret == "") {
		bad("API key and API secret go together")
	}
	if c.APIKey != "" && !keySID.MatchString(c.APIKey) {
		bad("the API key must be SK and 32 hexadecimal digits")
	}
	if c.APISecret != "" && !secretPattern.MatchString(c.APISecret) {
		bad("the API secret must be letters and digits")
	}
}

func checkBase(s string) error {
	u, err := url.Parse(s)
	switch {
	case err != nil:
		return errors.New("not a URL")
	case (u.Scheme != "https" && u.Scheme != "http") || u.Host == "":
		return errors.New("must begin with https:// (or http://) and a host")
	case u.RawQuery != "" || u.Fragment != "" || u.User != nil:
		return errors.New("must have no query, fragment or user")
	}
	return nil
}

func (c Config) country() string {
	if c.Country == "" {
		return "IT"
	}
	return strings.ToUpper(c.Country)
}

func (c Config) apiBase() string {
	if c.APIBase == "" {
		return DefaultAPIBase
	}
	return strings.TrimSuffix(c.APIBase, "/")
}

func (c Config) timeout() time.Duration {
	if c.Timeout == 0 {
		return DefaultTimeout
	}
	return c.Timeout
}

func (c Config) askEvery() time.Duration {
	if c.AskEvery == 0 {
		return DefaultAskEvery
	}
	return c.AskEvery
}

// retryPolicy is appended to the URLs that the provider calls: three more tries on a 5xx, and on a time-out of connecting or
// reading, within the provider's 15 seconds (Twilio, "Webhooks: Connection Overrides"). A fragment is not sent in the request.
const retryPolicy = "#rc=3&rp=5xx,ct,rt"

// InboundURL is what the operator enters at the provider for incoming messages of this account, retry policy included (M-04).
func (c Config) InboundURL() string { return c.hook("inbound") + retryPolicy }

// StatusURL is where the provider reports what became of the message of outbox row id.
func (c Config) StatusURL(id string) string {
	return c.hook("status") + "?o=" + url.QueryEscape(id) + retryPolicy
}

func (c Config) hook(verb string) string {
	return strings.TrimSuffix(c.PublicURL, "/") + "/hooks/sms/" + string(c.Account) + "/" + verb
}
