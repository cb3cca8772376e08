package inbox

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"strings"

	"github.com/google/uuid"
)

// A reply token is put into the Reply-To address of our mails ("support+TOKEN@"), so that an answer finds its conversation however
// the customer's program treats headers (E-19). It is the conversation's id and a MAC over it, in lower-case base32: 42 letters and
// digits, which survive every server, also one that changes the case. The address by which a list is left bears one for that use: it
// names the conversation of the campaign's mail, and by that the person and the list.

// The uses of tokens. One that was made for the one is nothing for the other.
const (
	replyToken = "reply token"
	leaveToken = "leave token"
)

const macSize = 10 // bytes: 80 bits, checked by nobody but us, one guess per mail

func tokenEncoding() *base32.Encoding { return base32.StdEncoding.WithPadding(base32.NoPadding) }

// signToken is the token of a conversation for one use, or "" when its id is none of ours.
func signToken(key []byte, use string, id ConversationID) string {
	raw, err := uuid.Parse(string(id))
	if err != nil || len(key) == 0 {
		return ""
	}
	return strings.ToLower(tokenEncoding().EncodeToString(append(raw[:], tokenMAC(key, use, raw[:])...)))
}

// readToken is the conversation that a token was signed for, for one use. Anything that we did not write, letter for letter but for case, is
// refused.
func readToken(key []byte, use, token string) (ConversationID, bool) {
	raw, err := tokenEncoding().DecodeString(strings.ToUpper(token))
	if err != nil || len(raw) != 16+macSize || len(key) == 0 {
		return "", false
	}
	id := ConversationID(uuid.UUID(raw[:16]).String())
	return id, hmac.Equal([]byte(signToken(key, use, id)), []byte(strings.ToLower(token)))
}

func tokenMAC(key []byte, use string, id []byte) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(use + "\x00")) //nolint:errcheck // a hash takes everything
	mac.Write(id)                   //nolint:errcheck // a hash takes everything
	return mac.Sum(nil)[:macSize]
}
