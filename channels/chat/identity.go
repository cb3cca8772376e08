package chat

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"sportello/channels"
)

// Key verifies identity tokens (RFC 7519) that the website's own server signs for a logged-in customer. The algorithm is pinned here and
// never taken from the token.
type Key struct {
	ID     string           // the token's "kid"; a token without one is tried against every key
	Alg    string           // HS256, EdDSA, RS256 or ES256
	Secret []byte           // HS256: at least 32 bytes
	Public crypto.PublicKey // the others
}

func (k Key) check() error {
	ok := false
	switch k.Alg {
	case "HS256":
		ok = len(k.Secret) >= 32
	case "EdDSA":
		_, ok = k.Public.(ed25519.PublicKey)
	case "RS256":
		_, ok = k.Public.(*rsa.PublicKey)
	case "ES256":
		_, ok = k.Public.(*ecdsa.PublicKey)
	default:
		return fmt.Errorf("algorithm %q is not one of HS256, EdDSA, RS256, ES256", k.Alg)
	}
	if !ok {
		return fmt.Errorf("the key does not fit %s", k.Alg)
	}
	return nil
}

func (k Key) material() any {
	if k.Alg == "HS256" {
		return k.Secret
	}
	return k.Public
}

// person is what an identity token proves.
type person struct {
	sub, jti, name string
	until          time.Time
	claims         []channels.Claim
}

// identityClaims are the token's fields. Only a subject is required beside the times.
type identityClaims struct {
	jwt.RegisteredClaims
	Name          string `json:"name"`
	Email         string `json:"email"`
	EmailVerified *bool  `json:"email_verified"` // absent counts as verified: the site's server says it
	Phone         string `json:"phone"`
}

// The life of an identity token: it is handed to a page, so it must be short.
const (
	identityLife = time.Hour
	identitySkew = time.Minute
)

var errIdentity = errors.New("identity token is not valid")

// personOf verifies an identity token: signature under a known key with the pinned algorithm, audience = the account's id, issuer, life of
// at most one hour, subject present. The error wraps errIdentity and carries the reason for the operator's log.
func (a *Account) personOf(token string, now time.Time) (person, error) {
	if len(token) > 8<<10 {
		return person{}, fmt.Errorf("%w: too long", errIdentity)
	}
	err := fmt.Errorf("%w: no key", errIdentity)
	for _, k := range a.Keys {
		var c identityClaims
		if c, err = a.claimsOf(token, k, now); err == nil {
			return a.person(c)
		}
	}
	return person{}, err
}

func (a *Account) claimsOf(token string, k Key, now time.Time) (identityClaims, error) {
	opts := []jwt.ParserOption{
		jwt.WithValidMethods([]string{k.Alg}), jwt.WithAudience(string(a.ID)), jwt.WithExpirationRequired(),
		jwt.WithIssuedAt(), jwt.WithLeeway(identitySkew), jwt.WithTimeFunc(func() time.Time { return now }), jwt.WithStrictDecoding(),
	}
	if a.Issuer != "" {
		opts = append(opts, jwt.WithIssuer(a.Issuer))
	}
	var c identityClaims
	_, err := jwt.NewParser(opts...).ParseWithClaims(token, &c, func(t *jwt.Token) (any, error) {
		if kid, _ := t.Header["kid"].(string); kid != "" && k.ID != "" && kid != k.ID {
			return nil, errors.New("another key")
		}
		return k.material(), nil
	})
	if err != nil {
		return c, fmt.Errorf("%w: %w", errIdentity, err)
	}
	start := now
	if c.IssuedAt != nil {
		start = c.IssuedAt.Time
	}
	if c.ExpiresAt.Sub(start) > identityLife+identitySkew {
		return c, fmt.Errorf("%w: lives longer than an hour", errIdentity)
	}
	return c, nil
}

func (a *Account) person(c identityClaims) (person, error) {
	if c.Subject == "" || len(c.Subject) > 255 {
		return person{}, fmt.Errorf("%w: no subject", errIdentity)
	}
	p := person{sub: c.Subject, jti: c.ID, name: cleanLine(c.Name, 80), until: c.ExpiresAt.Time}
	if email, ok := emailAddress(c.Email); ok && (c.EmailVerified == nil || *c.EmailVerified) {
		p.claims = append(p.claims, channels.Claim{Address: channels.Address{Kind: channels.Email, Value: email, Name: p.name}, Proof: channels.ProofVerified})
	}
	if phone, ok := phoneNumber(c.Phone, a.Region); ok {
		p.claims = append(p.claims, channels.Claim{Address: channels.Address{Kind: channels.SMS, Value: phone, Name: p.name}, Proof: channels.ProofVerified})
	}
	return p, nil
}

// replays remembers which visitor first presented each "jti": the same browser may present its token again after a reconnect, another
// visitor may not (C-02). It is what this node knows of what Deps.First knows of all nodes. It is bounded and forgets the tokens that
// expire first.
type replays struct {
	mu   sync.Mutex
	seen map[string]replay
}

type replay struct {
	visitor string
	until   time.Time
}

const replayLimit = 50_000

// firstWith is the visitor who presented the token first, this one if nobody did before. A token without "jti" may always be presented
// again. The error says that other nodes could not be asked; then nobody is taken for the first, for the token may be a stolen one.
func (ss *session) firstWith(p person, now time.Time) (visitor string, err error) {
	if p.jti == "" {
		return ss.visitor, nil
	}
	key := string(ss.acc.ID) + "\x00" + p.jti
	if visitor, ok := ss.srv.replays.first(key, now); ok {
		return visitor, nil
	}
	ctx, done := within()
	defer done()
	visitor, err = ss.srv.deps.First(ctx, "chat "+key, ss.visitor, p.until.Add(identitySkew).Sub(now))
	if err == nil {
		ss.srv.replays.remember(key, replay{visitor, p.until}, now)
	}
	return visitor, err
}

// first is who presented a token first, if this node knows.
func (r *replays) first(key string, now time.Time) (visitor string, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	old, ok := r.seen[key]
	return old.visitor, ok && now.Before(old.until.Add(identitySkew))
}

// remember notes who presented a token first.
func (r *replays) remember(key string, who replay, now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.seen == nil {
		r.seen = map[string]replay{}
	}
	if len(r.seen) >= replayLimit {
		r.prune(now)
	}
	r.seen[key] = who
}

// prune drops what has expired and, if that is too little, the quarter that expires first. The caller holds mu.
func (r *replays) prune(now time.Time) {
	for k, v := range r.seen {
		if now.After(v.until.Add(identitySkew)) {
			delete(r.seen, k)
		}
	}
	if len(r.seen) < replayLimit*3/4 {
		return
	}
	keys := make([]string, 0, len(r.seen))
	for k := range r.seen {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(a, b string) int {
		if c := r.seen[a].until.Compare(r.seen[b].until); c != 0 {
			return c
		}
		return strings.Compare(a, b)
	})
	for _, k := range keys[:len(keys)/4] {
		delete(r.seen, k)
	}
}
