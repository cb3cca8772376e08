package oauth

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
)

// The providers whose endpoints are known.
const (
	Google    = "google"
	Microsoft = "microsoft" // Microsoft 365 and Outlook
)

// Config says who may use the mailbox. With a RefreshToken a person has given the permission (grant refresh_token); without one the
// program itself has it (grant client_credentials), which Google does not know for mail.
type Config struct {
	Provider     string // Google, Microsoft, or "" with a TokenURL
	Tenant       string // Microsoft: the directory, "common" when empty; needed without a refresh token
	TokenURL     string // https; the provider's own when empty
	ClientID     string
	ClientSecret string // may be empty for a public client with a refresh token
	RefreshToken string
	Scopes       []string // the provider's for mail when empty
}

// IsZero reports whether nothing is set.
func (c Config) IsZero() bool {
	return c.Provider == "" && c.Tenant == "" && c.TokenURL == "" && c.ClientID == "" && c.ClientSecret == "" && c.RefreshToken == "" && len(c.Scopes) == 0
}

// Validate returns everything that is wrong, each error in a sentence that names the setting, or nil. No secret is repeated.
func (c Config) Validate() []error {
	var errs []error
	switch c.Provider {
	case Google, Microsoft:
	case "":
		if c.TokenURL == "" {
			errs = append(errs, errors.New("oauth.provider: google, microsoft, or a token_url is needed"))
		}
	default:
		errs = append(errs, fmt.Errorf("oauth.provider: %q is neither google nor microsoft", c.Provider))
	}
	if c.TokenURL != "" {
		u, err := url.Parse(c.TokenURL)
		loopback := err == nil && (u.Hostname() == "127.0.0.1" || u.Hostname() == "::1" || u.Hostname() == "localhost")
		if err != nil || u.Host == "" || u.Scheme != "https" && !(u.Scheme == "http" && loopback) {
			errs = append(errs, errors.New("oauth.token_url: must be an https address"))
		}
	}
	if c.ClientID == "" {
		errs = append(errs, errors.New("oauth.client_id: must not be empty"))
	}
	if c.RefreshToken == "" {
		switch {
		case c.Provider == Google:
			errs = append(errs, errors.New("oauth.refresh_token: Google gives no permission to a program alone; a refresh token is needed"))
		case c.ClientSecret == "":
			errs = append(errs, errors.New("oauth: a refresh_token or a client_secret is needed"))
		case c.Provider == Microsoft && c.Tenant == "" && c.TokenURL == "":
			errs = append(errs, errors.New("oauth.tenant: is needed without a refresh token"))
		}
	}
	if strings.ContainsAny(c.Tenant, "/?# ") {
		errs = append(errs, errors.New("oauth.tenant: must be the name or id of a directory"))
	}
	return errs
}

func (c Config) tokenURL() string {
	switch {
	case c.TokenURL != "":
		return c.TokenURL
	case c.Provider == Google:
		return "https://oauth2.googleapis.com/token"
	}
	tenant := c.Tenant
	if tenant == "" {
		tenant = "common"
	}
	return "https://login.microsoftonline.com/" + url.PathEscape(tenant) + "/oauth2/v2.0/token"
}

// form is what a token endpoint is asked (RFC 6749 sections 4.4.2 and 6).
func (c Config) form(refresh string) url.Values {
	form := url.Values{"client_id": {c.ClientID}}
	if c.ClientSecret != "" {
		form.Set("client_secret", c.ClientSecret)
	}
	if refresh != "" {
		form.Set("grant_type", "refresh_token")
		form.Set("refresh_token", refresh)
	} else {
		form.Set("grant_type", "client_credentials")
	}
	if scopes := c.scopes(); scopes != "" {
		form.Set("scope", scopes)
	}
	return form
}

// scopes are the permissions that are asked for. Google gives those of the refresh token when none is named.
func (c Config) scopes() string {
	switch {
	case len(c.Scopes) > 0:
		return strings.Join(c.Scopes, " ")
	case c.Provider != Microsoft:
		return ""
	case c.RefreshToken == "":
		return "https://outlook.office365.com/.default"
	}
	return "https://outlook.office.com/IMAP.AccessAsUser.All https://outlook.office.com/SMTP.Send offline_access"
}
