package email

import (
	"errors"
	"net"
	"strings"

	"github.com/emersion/go-imap/v2"

	"sportello/channels/email/oauth"
)

// The codes of channels.Health that this adapter uses.
const (
	codeOK        = "ok"
	codeAuth      = "auth"
	codeNetwork   = "network"
	codeThrottled = "throttled"
	codeTLS       = "tls"
	codeProtocol  = "protocol"
	codeStore     = "store"
	codeFolder    = "folder"
)

// storeError is a failure on our side: sink, vault or bookmarks. The provider is not to blame.
type storeError struct{ err error }

func (e storeError) Error() string { return e.err.Error() }
func (e storeError) Unwrap() error { return e.err }

// signInError is a refused login.
type signInError struct{ err error }

func (e signInError) Error() string { return "sign in: " + e.err.Error() }
func (e signInError) Unwrap() error { return e.err }

// healthCode names what ended a session.
func healthCode(err error) string {
	var store storeError
	var reply *imap.Error
	var network net.Error
	var token *oauth.Error
	switch {
	case err == nil:
		return codeOK
	case errors.As(err, &store):
		return codeStore
	case errors.As(err, &token):
		return tokenCode(token)
	case isTLS(err):
		return codeTLS
	case errors.As(err, &reply) && throttled(reply):
		return codeThrottled
	case errors.As(err, &reply) && errors.As(err, new(signInError)):
		return codeAuth
	case errors.As(err, &reply):
		return codeProtocol
	case errors.As(err, &network), brokenConnection(err):
		return codeNetwork
	}
	return codeProtocol
}

// tokenCode names why there is no access token.
func tokenCode(err *oauth.Error) string {
	switch {
	case err.Reconnect:
		return codeAuth
	case err.Throttled:
		return codeThrottled
	case err.Code == "store":
		return codeStore
	}
	return codeNetwork
}

// brokenConnection reports whether a connection ended, judged by its words: the IMAP library passes errors of the network on as text,
// and a server's farewell as an unexpected end.
func brokenConnection(err error) bool {
	for _, words := range []string{"EOF", "connection reset", "broken pipe", "closed network connection", "connection closed", "i/o timeout"} {
		if strings.Contains(err.Error(), words) {
			return true
		}
	}
	return false
}

// throttled reports whether a server asks for patience (RFC 5530, and THROTTLED of several providers).
func throttled(reply *imap.Error) bool {
	switch reply.Code {
	case imap.ResponseCodeOverQuota, imap.ResponseCodeLimit, imap.ResponseCodeUnavailable, imap.ResponseCodeInUse, "THROTTLED":
		return true
	}
	text := strings.ToLower(reply.Text)
	return strings.Contains(text, "too many") || strings.Contains(text, "rate limit") || strings.Contains(text, "throttl")
}
