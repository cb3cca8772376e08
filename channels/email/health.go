package email

import (
	"errors"
	"net"
	"strings"

	"github.com/emersion/go-imap/v2"
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
	if errors.As(err, &store) {
		return codeStore
	}
	var reply *imap.Error
	if errors.As(err, &reply) {
		switch {
		case throttled(reply):
			return codeThrottled
		case errors.As(err, new(signInError)):
			return codeAuth
		}
		return codeProtocol
	}
	var network net.Error
	switch {
	case err == nil:
		return codeOK
	case isTLS(err):
		return codeTLS
	case errors.As(err, &network), errors.Is(err, net.ErrClosed), errors.As(err, new(signInError)):
		return codeNetwork
	case strings.Contains(err.Error(), "EOF"), strings.Contains(err.Error(), "closed"):
		return codeNetwork
	}
	return codeProtocol
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
