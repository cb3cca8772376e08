package chat

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"time"

	"sportello/channels"
)

// Account is one chat inbox: what a website embeds.
type Account struct {
	ID   channels.AccountID
	Name string // the brand's name, shown in the widget's head

	// Origins are the pages that may embed the widget or connect directly: "https://www.shop.example". Our own origin always may.
	Origins []string
	// Secrets sign visitor tokens; at least 32 bytes each. The first signs, all verify, so a secret is rotated by putting a new
	// one in front and removing the old one 30 days later.
	Secrets [][]byte

	// Keys verify identity tokens of logged-in customers. Two are active during a rotation. Empty: nobody can identify himself.
	Keys []Key
	// Issuer is the required "iss" of identity tokens, or "" for any.
	Issuer string
	// VerifiedOnly refuses every visitor who has not identified himself (C-03).
	VerifiedOnly bool

	Locale  string            // the default language, BCP 47; "it" if empty
	Welcome map[string]string // greeting by language
	Colour  string            // the brand's colour, "#2b50d0"
	Region  string            // ISO 3166: where a phone number without a country code belongs; "IT" if empty
}

// Limits hold strangers off. The zero value of a field takes the default named beside it.
type Limits struct {
	Sockets      int           // connections of this node; 20,000
	PerIP        int           // connections of one address; 64
	PerVisitor   int           // connections of one visitor; 10
	VisitsPerMin int           // new tokens and connections of one address per minute; 120
	Messages     int           // messages that a visitor may send in a row; 12
	MessageEvery time.Duration // after which he may send one more; 1 s
	TextRunes    int           // length of one message; 4,000
}

// Settings configure a Server.
type Settings struct {
	Accounts []Account
	// Public is the origin under which browsers reach this server: "https://chat.example". It is what the widget's frame runs under.
	Public string
	Limits Limits
}

var (
	colour = regexp.MustCompile(`^#[0-9a-fA-F]{6}$`)
	slug   = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)
)

// Validate returns every problem of the settings at once, joined, each naming its account; nil if there is none.
func (s Settings) Validate() error {
	var errs []error
	if _, err := origin(s.Public); err != nil {
		errs = append(errs, fmt.Errorf("public origin: %w", err))
	}
	for _, a := range s.Accounts {
		if err := a.check(); err != nil {
			errs = append(errs, fmt.Errorf("chat account %q: %w", a.ID, err))
		}
	}
	return errors.Join(errs...)
}

// withDefaults checks the settings and fills in what was left out.
func (s Settings) withDefaults() (Settings, error) {
	or(&s.Limits.Sockets, 20_000)
	or(&s.Limits.PerIP, 64)
	or(&s.Limits.PerVisitor, 10)
	or(&s.Limits.VisitsPerMin, 120)
	or(&s.Limits.Messages, 12)
	or(&s.Limits.MessageEvery, time.Second)
	or(&s.Limits.TextRunes, 4_000)
	var err error
	if s.Public, err = origin(s.Public); err != nil {
		return s, fmt.Errorf("public origin: %w", err)
	}
	s.Accounts = append([]Account(nil), s.Accounts...)
	for i := range s.Accounts {
		if err := s.Accounts[i].check(); err != nil {
			return s, fmt.Errorf("chat account %q: %w", s.Accounts[i].ID, err)
		}
	}
	return s, nil
}

// or sets *v to what when it is zero.
func or[T comparable](v *T, what T) {
	var zero T
	if *v == zero {
		*v = what
	}
}

func (a *Account) check() error {
	if !slug.MatchString(string(a.ID)) {
		return errors.New("the id must be letters, digits, dots and dashes")
	}
	if len(a.Secrets) == 0 {
		return errors.New("no secret")
	}
	for _, s := range a.Secrets {
		if len(s) < 32 {
			return errors.New("a secret has fewer than 32 bytes")
		}
	}
	for _, k := range a.Keys {
		if err := k.check(); err != nil {
			return fmt.Errorf("identity key %q: %w", k.ID, err)
		}
	}
	if a.VerifiedOnly && len(a.Keys) == 0 {
		return errors.New("verified only, but no key to verify with")
	}
	or(&a.Colour, "#2b50d0")
	if !colour.MatchString(a.Colour) {
		return fmt.Errorf("colour %q is not of the form #rrggbb", a.Colour)
	}
	or(&a.Locale, "it")
	or(&a.Region, "IT")
	origins := make([]string, 0, len(a.Origins))
	for _, o := range a.Origins {
		o, err := origin(o)
		if err != nil {
			return err
		}
		origins = append(origins, o)
	}
	a.Origins = origins
	return nil
}

// origin normalises an origin (RFC 6454 section 6.2): scheme, lower-case host and port, nothing else.
func origin(s string) (string, error) {
	u, err := url.Parse(s)
	if err != nil {
		return "", fmt.Errorf("origin %q: %w", s, err)
	}
	if (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" || (u.Path != "" && u.Path != "/") || u.RawQuery != "" {
		return "", fmt.Errorf("origin %q is not of the form https://host", s)
	}
	return u.Scheme + "://" + strings.ToLower(u.Host), nil
}
