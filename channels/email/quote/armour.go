package quote

import (
	"strings"

	"sportello/channels"
)

// armour marks what OpenPGP puts around a text that is signed in clear (RFC 9580 section 7): the line above with its header fields, and
// the signature below. They are no words of the sender.
func (m *mail) armour() {
	for i := 0; i < len(m.lines); i++ {
		if m.lines[i].mark != "" || !strings.HasPrefix(m.lines[i].bare, "-----BEGIN PGP SIGN") {
			continue
		}
		end := -1
		if m.lines[i].bare == "-----BEGIN PGP SIGNATURE-----" {
			end = m.armourEnd(i)
		} else if m.lines[i].bare == "-----BEGIN PGP SIGNED MESSAGE-----" {
			for end = i + 1; end < len(m.lines) && strings.HasPrefix(m.lines[end].bare, "Hash:"); end++ {
			}
		}
		if end > i {
			m.set(i, end, channels.FoldSignature)
			i = end - 1
		}
	}
}

const armourLines = 200 // of a signature

// armourEnd is the line behind the signature that begins at line i, -1 when it does not end.
func (m *mail) armourEnd(i int) int {
	for j := i + 1; j < len(m.lines) && j < i+armourLines; j++ {
		if m.lines[j].bare == "-----END PGP SIGNATURE-----" {
			return j + 1
		}
	}
	return -1
}
