package chat

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"strings"
	"time"
)

// A visitor token is base64url(version 1 | visitor 16 | subject 16 | issued 8) "." base64url(HMAC-SHA256 over account and these).
// It is the only key to a visitor's lines. It is valid for tokenLife from its issue and renewed when it is older than tokenRenew, so
// a visitor who comes back within 30 days is known. A token with a subject belongs to one logged-in person: its lines are shown only on a
// connection on which that person has identified himself again, so that nobody who sits down at the same browser reads them.
const (
	tokenLife  = 30 * 24 * time.Hour
	tokenRenew = 24 * time.Hour
	tokenSkew  = 24 * time.Hour // how far the record's clock may have been ahead when we issued it: the visitor keeps his lines
	tokenSize  = 1 + 16 + 16 + 8
)

// subject is a keyed hash of an identity token's "sub"; zero for nobody.
type subject [16]byte

type visit struct {
	visitor [16]byte
	subject subject
	issued  time.Time
}

// id is the visitor id as the other rooms know it: 32 lower-case hexadecimal digits.
func (v visit) id() string { return hex.EncodeToString(v.visitor[:]) }

func newVisit(now time.Time) visit {
	v := visit{issued: now}
	rand.Read(v.visitor[:]) // never fails (Go 1.24)
	return v
}

// sign returns the token of a visit.
func (a *Account) sign(v visit) string {
	b := make([]byte, 0, tokenSize)
	b = append(b, 1)
	b = append(b, v.visitor[:]...)
	b = append(b, v.subject[:]...)
	b = binary.BigEndian.AppendUint64(b, uint64(v.issued.Unix()))
	return base64.RawURLEncoding.EncodeToString(b) + "." + base64.RawURLEncoding.EncodeToString(a.mac(0, "visit", b))
}

var errToken = errors.New("visitor token is not valid")

// visitOf checks a token and returns its visit. Every failure is the same error: a stranger learns nothing.
func (a *Account) visitOf(token string, now time.Time) (visit, error) {
	left, right, ok := strings.Cut(token, ".")
	if !ok || len(token) > 200 {
		return visit{}, errToken
	}
	body, err1 := base64.RawURLEncoding.Strict().DecodeString(left)
	sum, err2 := base64.RawURLEncoding.Strict().DecodeString(right)
	if err1 != nil || err2 != nil || len(body) != tokenSize || body[0] != 1 {
		return visit{}, errToken
	}
	good := false
	for i := range a.Secrets {
		good = hmac.Equal(sum, a.mac(i, "visit", body)) || good
	}
	var v visit
	copy(v.visitor[:], body[1:17])
	copy(v.subject[:], body[17:33])
	v.issued = time.Unix(int64(binary.BigEndian.Uint64(body[33:])), 0)
	if age := now.Sub(v.issued); !good || age > tokenLife || age < -tokenSkew {
		return visit{}, errToken
	}
	return v, nil
}

// subjectsOf hashes the "sub" of an identity token under each secret, the signing one first, so that a visit bound before a rotation of
// secrets is still known.
func (a *Account) subjectsOf(sub string) []subject {
	all := make([]subject, len(a.Secrets))
	for i := range a.Secrets {
		copy(all[i][:], a.mac(i, "subject", []byte(sub)))
	}
	return all
}

// mac is HMAC-SHA256 under the secret numbered i, separated by purpose and account.
func (a *Account) mac(i int, purpose string, b []byte) []byte {
	h := hmac.New(sha256.New, a.Secrets[i])
	h.Write([]byte("sportello chat " + purpose + "\x00" + string(a.ID) + "\x00"))
	h.Write(b)
	return h.Sum(nil)
}
