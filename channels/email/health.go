package email

import (
	"errors"
	"net"
	"slices"
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
	codeQuota     = "quota"
	codeClosed    = "closed"
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
	case errors.As(err, &reply) && overQuota(reply):
		return codeQuota
	case errors.As(err, &reply) && throttled(reply):
		return codeThrottled
	case errors.As(err, &reply) && reply.Type == imap.StatusResponseTypeBye:
		return codeClosed
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
	case imap.ResponseCodeLimit, imap.ResponseCodeUnavailable, imap.ResponseCodeInUse, "THROTTLED":
		return true
	}
	return saysAny(reply.Text, "too many", "rate limit", "throttl")
}

// overQuota reports whether what the provider lets an account read or hold is used up. It comes back within hours, not seconds.
func overQuota(reply *imap.Error) bool {
	return reply.Code == imap.ResponseCodeOverQuota || saysAny(reply.Text, "bandwidth limit", "quota exceeded", "over quota", "overquota")
}

func saysAny(text string, words ...string) bool {
	text = strings.ToLower(text)
	return slices.ContainsFunc(words, func(w string) bool { return strings.Contains(text, w) })
}

// asksPatience reports whether a server does not do something now that it would do later: the mail is not to blame.
func asksPatience(err error) bool {
	code := healthCode(err)
	return code == codeThrottled || code == codeQuota
}
