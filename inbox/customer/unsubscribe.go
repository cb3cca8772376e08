package customer

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"slices"
	"strings"
	"time"

	"sportello/channels"
)

// Unsubscriber lets whoever holds a campaign mail end the campaign: the link in the mail is enough (RFC 8058). A token is sealed, so that
// it says nothing of the customer to those who see it, and cannot be made for another. It is safe for concurrent use.
type Unsubscriber struct {
	book   *Book
	seal   cipher.AEAD
	public string
}

// NewUnsubscriber makes one. key has 32 bytes; public is the address of the gateway, such as https://help.example.it.
func NewUnsubscriber(book *Book, key []byte, public string) (*Unsubscriber, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	seal, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, err
	}
	return &Unsubscriber{book: book, seal: seal, public: strings.TrimSuffix(public, "/")}, nil
}

// Link is what the mail of a list carries for one customer. Each call makes another token; all of them work, for ever.
func (u *Unsubscriber) Link(id ID, list string) channels.Unsubscribe {
	sealed := u.seal.Seal(nil, nil, []byte(string(id)+"\x00"+list), nil)
	return channels.Unsubscribe{URL: u.public + "/u/" + base64.RawURLEncoding.EncodeToString(sealed)}
}

// Read says for whom and which list a token is. It changes nothing, whoever looks at links on the way.
func (u *Unsubscriber) Read(token string) (id ID, list string, ok bool) {
	sealed, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil || len(token) > 1000 {
		return "", "", false
	}
	opened, err := u.seal.Open(nil, nil, sealed, nil)
	if err != nil {
		return "", "", false
	}
	who, list, ok := strings.Cut(string(opened), "\x00")
	return ID(who), list, ok && who != ""
}

// Leave withdraws the customer's consent to the list that the token names, at once and for every address of his; with all, or for a
// token without a list, to all marketing by mail. The second time changes nothing. A token that is none of ours is ErrNotFound.
func (u *Unsubscriber) Leave(ctx context.Context, token string, all bool, at time.Time) error {
	id, list, ok := u.Read(token)
	if !ok {
		return ErrNotFound
	}
	c, err := u.book.Read(ctx, id)
	if err != nil {
		return err
	}
	out := Consent{Kind: channels.Email, List: list, Source: "one_click", SourceID: list, Actor: "customer", At: at}
	if all || list == "" {
		out.List, out.Purpose = "", Marketing
	}
	if c.left(out) {
		return nil
	}
	return u.book.Consent(ctx, nil, c.ID, out)
}

// left reports whether a withdrawal would change nothing for any mail address of a customer.
func (c Customer) left(out Consent) bool {
	purposes := []Purpose{Marketing, Service}
	if out.Purpose != "" {
		purposes = []Purpose{out.Purpose}
	}
	reachable := func(i Identity) bool {
		return i.Kind == out.Kind && slices.ContainsFunc(purposes, func(p Purpose) bool {
			return Objection(c, Option{Kind: i.Kind, Address: i.Value}, p, out.List) != CodeConsentWithdrawn
		})
	}
	return len(c.Consents) > 0 && !slices.ContainsFunc(c.Identities, reachable)
}
