package letter

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"strconv"

	"sportello/channels/email/field"
)

// externalID names a mail by what it is and not by where it lies, so that a mailbox that is renumbered, moved to another server or
// read twice yields no message twice (E-04, E-16, E-17).
//
// With a well-formed Message-ID the name is the id and a hash of what its sender wrote: From, Date, Subject and the body. What mail
// servers add on the way is left out, so a mail delivered by two ways is one; the copy of a mailing list, which adds a footer, is
// another. Without such an id the name is a hash of every byte: two mails are then one only if they are the same to the last bit.
func externalID(id string, h field.Header, raw, body []byte, r Reading) string {
	sum := sha256.New()
	if id == "" {
		sum.Write(raw)
		addSize(sum, r)
		return "sha256:" + hex.EncodeToString(sum.Sum(nil)[:16])
	}
	for _, name := range []string{"from", "date", "subject"} {
		sum.Write([]byte(h.Get(name)))
		sum.Write([]byte{0})
	}
	sum.Write(bytes.TrimRight(bytes.ReplaceAll(body, []byte("\r\n"), []byte("\n")), "\n"))
	addSize(sum, r)
	return id + "#" + hex.EncodeToString(sum.Sum(nil)[:8])
}

func addSize(sum hash.Hash, r Reading) {
	if r.Cut {
		sum.Write(strconv.AppendInt([]byte{0}, r.Size, 10))
	}
}
