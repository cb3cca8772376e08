package tnef

import (
	"encoding/binary"
	"errors"
)

// primer is what the dictionary holds at the beginning (MS-OXRTFCP section 2.1.2.1).
const primer = `{\rtf1\ansi\mac\deff0\deftab720{\fonttbl;}{\f0\fnil \froman \fswiss \fmodern \fscript \fdecor MS Sans SerifSymbolArialTimes New RomanCourier` +
	`{\colortbl\red0\green0\blue0` + "\r\n" + `\par \pard\plain\f0\fs20\b\i\u\tab\tx`

const (
	rtfMost      = 8 << 20 // bytes of decompressed RTF
	compressed   = 0x75465A4C
	uncompressed = 0x414C454D
)

// decompress undoes the compression of RTF (MS-OXRTFCP section 2.2): a dictionary of 4096 bytes, written in a circle, and runs of
// eight tokens under a control byte.
func decompress(data []byte) ([]byte, error) {
	if len(data) < 16 {
		return nil, errors.New("compressed RTF is cut off")
	}
	body := data[16:]
	switch binary.LittleEndian.Uint32(data[8:]) {
	case uncompressed:
		return body[:min(len(body), rtfMost)], nil
	case compressed:
	default:
		return nil, errors.New("unknown compression of RTF")
	}
	var dict [4096]byte
	at := copy(dict[:], primer)
	var out []byte
	put := func(b byte) {
		out = append(out, b)
		dict[at] = b
		at = (at + 1) % len(dict)
	}
	for i := 0; i < len(body) && len(out) < rtfMost; {
		control := body[i]
		i++
		for bit := range 8 {
			if i >= len(body) {
				return out, nil
			}
			if control&(1<<bit) == 0 {
				put(body[i])
				i++
				continue
			}
			if i+1 >= len(body) {
				return out, nil
			}
			token := int(body[i])<<8 | int(body[i+1])
			i += 2
			from := token >> 4
			if from == at {
				return out, nil
			}
			for n := token&0xF + 2; n > 0; n-- {
				put(dict[from])
				from = (from + 1) % len(dict)
			}
		}
	}
	return out, nil
}
