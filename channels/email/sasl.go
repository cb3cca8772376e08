package email

import (
	"context"
	"errors"
	"fmt"

	"github.com/emersion/go-sasl"
)

// AuthMethod says how we sign in.
type AuthMethod string

// The ways to sign in.
const (
	AuthPassword AuthMethod = ""            // with PLAIN, or LOGIN where the server knows nothing else
	AuthOAuth    AuthMethod = "oauth"       // with a token of Server.Tokens, by OAUTHBEARER, or XOAUTH2 where the server knows only that
	AuthXOAuth2  AuthMethod = "xoauth2"     // Google's and Microsoft's way
	AuthBearer   AuthMethod = "oauthbearer" // RFC 7628
)

// TokenSource gives access tokens; see package oauth. Refused tells that a server did not take one.
type TokenSource interface {
	Token(ctx context.Context) (string, error)
	Refused(token string)
}

// signIn is one attempt to sign in. It is made anew for each connection.
type signIn struct {
	sasl.Client
	refused func() // to be called when the server did not take it
}

// signIn chooses how to sign in at a server that offers what has reports. IMAP and SMTP share it.
func (s Server) signIn(ctx context.Context, has func(mechanism string) bool) (signIn, error) {
	if s.Auth == AuthPassword {
		if !has(sasl.Plain) && has(sasl.Login) {
			return signIn{sasl.NewLoginClient(s.User, s.Password), func() {}}, nil
		}
		return signIn{sasl.NewPlainClient("", s.User, s.Password), func() {}}, nil
	}
	token, err := s.Tokens.Token(ctx)
	if err != nil {
		return signIn{}, err
	}
	way := s.Auth
	if way == AuthOAuth {
		way = AuthXOAuth2
		if has(sasl.OAuthBearer) {
			way = AuthBearer
		}
	}
	c := &bearer{mechanism: "XOAUTH2", first: fmt.Sprintf("user=%s\x01auth=Bearer %s\x01\x01", s.User, token)}
	if way == AuthBearer {
		c = &bearer{mechanism: sasl.OAuthBearer, first: fmt.Sprintf("n,a=%s,\x01host=%s\x01port=%d\x01auth=Bearer %s\x01\x01",
			saslName(s.User), s.Host, s.Port, token)}
	}
	return signIn{c, func() { s.Tokens.Refused(token) }}, nil
}

// saslName escapes a name for a GS2 header (RFC 5801 section 4).
func saslName(name string) string {
	var out []byte
	for i := range len(name) {
		switch name[i] {
		case ',':
			out = append(out, "=2C"...)
		case '=':
			out = append(out, "=3D"...)
		default:
			out = append(out, name[i])
		}
	}
	return string(out)
}

// bearer is XOAUTH2 or OAUTHBEARER. A server that refuses the token first sends a challenge with its reasons, and says no only after
// an answer to that: the byte 1, which RFC 7628 section 3.2.3 names. An empty answer would be sent as "=" and called bad syntax.
type bearer struct {
	mechanism, first string
	challenged       bool
}

// Start implements sasl.Client.
func (b *bearer) Start() (string, []byte, error) { return b.mechanism, []byte(b.first), nil }

// Next implements sasl.Client.
func (b *bearer) Next([]byte) ([]byte, error) {
	if b.challenged {
		return nil, errors.New("the server goes on asking after it has refused the token")
	}
	b.challenged = true
	return []byte{1}, nil
}
