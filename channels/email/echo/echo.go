// Package echo marks what we send, so that it is known when it comes back by a copy, an alias or the folder of sent mail (E-18).
//
// It must never take a mail for ours that we did not write: the mark is a MAC over what tells one mail from another, so that it is worth
// nothing in a mail with another Message-ID, date, subject or receivers. It is pure.
package echo

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"strconv"
	"strings"

	"sportello/channels/email/field"
)

// Header is the name of the field that carries the mark.
const Header = "X-Sportello-Id"

// Mark is the value of the field for a mail with header h, whose outbox row is id: the id and the MAC, apart by a space.
func Mark(key []byte, id string, h field.Header) string {
	id = strings.Join(strings.Fields(field.OneLine(id)), "_")
	return id + " " + mac(key, id, h)
}

// IsOurs reports whether a mail bears a mark that was made with the same key for this very mail. Servers may have folded and encoded its
// fields anew. Without a key no mail does.
func IsOurs(key []byte, h field.Header) bool {
	id, sum, ok := strings.Cut(strings.Join(strings.Fields(h.Get(strings.ToLower(Header))), " "), " ")
	return ok && len(key) > 0 && hmac.Equal([]byte(sum), []byte(mac(key, id, h)))
}

func mac(key []byte, id string, h field.Header) string {
	said := []string{"echo", id, field.ID(h.Get("message-id")), "", strings.Join(strings.Fields(field.Words(h.Get("subject"))), " ")}
	if at := field.Date(h.Get("date")); !at.IsZero() {
		said[3] = strconv.FormatInt(at.Unix(), 10)
	}
	for _, name := range []string{"from", "to", "cc"} {
		said = append(said, name)
		for _, a := range field.Addresses(h.All(name)) {
			said = append(said, a.Value)
		}
	}
	sum := hmac.New(sha256.New, key)
	for _, s := range said {
		sum.Write([]byte(strconv.Itoa(len(s)) + ":" + s)) //nolint:errcheck // a hash takes everything
	}
	return base64.RawURLEncoding.EncodeToString(sum.Sum(nil)[:15])
}
