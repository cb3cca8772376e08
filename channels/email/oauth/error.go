package oauth

import (
	"fmt"
	"net/http"
)

// Error is a token that could not be got.
type Error struct {
	Code        string // of RFC 6749 section 5.2, or network, http_<status>, store, config
	Description string // the provider's words; no secret
	Reconnect   bool   // it does not heal by itself: a person must connect the mailbox anew, or put the settings right
	Throttled   bool   // the provider asks for patience
}

// Error says what is to be done, then what the provider said.
func (e *Error) Error() string {
	what := "the provider gave no access token, will be asked again"
	if e.Reconnect {
		what = "the permission to use this mailbox was refused, withdrawn or has run out: re-connect the mailbox"
	}
	if e.Description != "" {
		return fmt.Sprintf("%s (%s: %s)", what, e.Code, e.Description)
	}
	return fmt.Sprintf("%s (%s)", what, e.Code)
}

// failure classifies what a token endpoint answered. Only the refusals that the standard and the providers name are final: an answer
// that nobody knows heals by itself.
func failure(status int, a answer) *Error {
	e := &Error{Code: a.Error, Description: a.Description, Throttled: status == http.StatusTooManyRequests}
	if e.Code == "" {
		e.Code = fmt.Sprintf("http_%d", status)
	}
	switch a.Error {
	case "invalid_grant", "invalid_client", "unauthorized_client", "unsupported_grant_type", "invalid_scope", "interaction_required",
		"consent_required", "login_required", "access_denied", "deleted_client", "disabled_client":
		e.Reconnect = status < 500
	}
	return e
}
