package smime

import (
	"encoding/asn1"
	"errors"
)

const depthMost = 40

var errBER = errors.New("not ASN.1")

// normal rewrites BER as DER as far as encoding/asn1 needs it: every length stated, strings in one piece.
func normal(in []byte) ([]byte, error) {
	out, _, err := element(nil, in, 0)
	return out, err
}

// head reads a tag and a length, which is -1 when the end is marked instead. rest begins at the content.
func head(in []byte) (tag []byte, length int, rest []byte, err error) {
	n := 1
	if len(in) < 2 {
		return nil, 0, nil, errBER
	}
	if in[0]&0x1F == 0x1F {
		for n < len(in) && in[n]&0x80 != 0 {
			n++
		}
		n++
	}
	if n >= len(in) || n > 6 {
		return nil, 0, nil, errBER
	}
	tag, first := in[:n], in[n]
	in = in[n+1:]
	switch {
	case first < 0x80:
		length = int(first)
	case first == 0x80:
		return tag, -1, in, nil
	default:
		count := int(first & 0x7F)
		if count > 4 || count > len(in) {
			return nil, 0, nil, errBER
		}
		for _, b := range in[:count] {
			length = length<<8 | int(b)
		}
		in = in[count:]
	}
	if length < 0 || length > len(in) {
		return nil, 0, nil, errBER
	}
	return tag, length, in, nil
}

// element appends one element to out and returns what follows it.
func element(out, in []byte, depth int) (appended, rest []byte, err error) {
	tag, length, body, err := head(in)
	if err != nil || depth > depthMost {
		return nil, nil, errBER
	}
	if tag[0]&0x20 == 0 { // primitive
		if length < 0 {
			return nil, nil, errBER
		}
		return write(out, tag, body[:length]), body[length:], nil
	}
	var content []byte
	octets := tag[0] == 0x20|asn1.TagOctetString
	if length >= 0 {
		rest, body = body[length:], body[:length]
	}
	for length >= 0 && len(body) > 0 || length < 0 {
		if length < 0 && len(body) >= 2 && body[0] == 0 && body[1] == 0 {
			rest = body[2:]
			break
		}
		start := len(content)
		if content, body, err = element(content, body, depth+1); err != nil {
			return nil, nil, err
		}
		if octets { // the pieces of a string, without their heads
			_, _, inner, err := head(content[start:])
			if err != nil {
				return nil, nil, err
			}
			content = append(content[:start], inner...)
		}
	}
	if octets {
		tag = []byte{asn1.TagOctetString}
	}
	return write(out, tag, content), rest, nil
}

func write(out, tag, content []byte) []byte {
	out = append(out, tag...)
	n := len(content)
	switch {
	case n < 0x80:
		out = append(out, byte(n))
	case n < 1<<8:
		out = append(out, 0x81, byte(n))
	case n < 1<<16:
		out = append(out, 0x82, byte(n>>8), byte(n))
	case n < 1<<24:
		out = append(out, 0x83, byte(n>>16), byte(n>>8), byte(n))
	default:
		out = append(out, 0x84, byte(n>>24), byte(n>>16), byte(n>>8), byte(n))
	}
	return append(out, content...)
}
