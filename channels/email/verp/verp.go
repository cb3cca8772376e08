// Package verp names the mail a bounce speaks of in the envelope's sender ("variable envelope return path"): each mail leaves under an
// address of its own, which comes back as the recipient of its bounce when nothing else of the mail does.
//
// It must never take an address as ours that we did not write: the name carries a MAC, so that nobody can make a mail of ours look
// undelivered. It is pure.
package verp

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"encoding/hex"
	"strings"
)

const (
	localLimit = 64 // octets of a local part, RFC 5321 section 4.5.3.1.1
	idLength   = 32 // digits of an id without its hyphens
	macLength  = 13 // base32 digits: 65 bits
)

// Sender is the address under which the mail id, a UUID in text, leaves, when bounces is the mailbox that takes bounces in:
// "bounces+<id>.<mac>@domain". It is "" when id or bounces do not allow one.
func Sender(bounces string, key []byte, id string) string {
	token := strings.ReplaceAll(id, "-", "")
	local, domain, ok := strings.Cut(bounces, "@")
	if !ok || !isID(token) || len(id) != idLength+4 || len(key) == 0 {
		return ""
	}
	local += "+" + token + "." + mac(key, token)
	if len(local) > localLimit {
		return ""
	}
	return local + "@" + domain
}

// Read returns the id of the mail that an address names, if Sender made it with the same mailbox and key. Case does not matter: servers
// on the way change it.
func Read(addr, bounces string, key []byte) (id string, ok bool) {
	local, domain, _ := strings.Cut(strings.ToLower(addr), "@")
	own, ownDomain, _ := strings.Cut(strings.ToLower(bounces), "@")
	rest, ours := strings.CutPrefix(local, own+"+")
	token, sum, cut := strings.Cut(rest, ".")
	if !ours || !cut || domain != ownDomain || own == "" || !isID(token) || len(key) == 0 || !hmac.Equal([]byte(sum), []byte(mac(key, token))) {
		return "", false
	}
	return strings.Join([]string{token[:8], token[8:12], token[12:16], token[16:20], token[20:]}, "-"), true
}

func isID(token string) bool {
	_, err := hex.DecodeString(token)
	return err == nil && len(token) == idLength && strings.ToLower(token) == token
}

func mac(key []byte, token string) string {
	h := hmac.New(sha256.New, key)
	h.Write([]byte("verp " + token))
	return strings.ToLower(base32.StdEncoding.EncodeToString(h.Sum(nil)))[:macLength]
}
