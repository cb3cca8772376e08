package smime

import (
	"bytes"
	"compress/zlib"
	"crypto/x509/pkix"
	"encoding/asn1"
	"io"

	"sportello/channels"
)

// Kind is what a CMS structure does to its content.
type Kind string

// The kinds that are told apart.
const (
	Signed     Kind = "signed"
	Encrypted  Kind = "encrypted"
	Compressed Kind = "compressed"
)

var (
	oidEnveloped     = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 3}
	oidAuthEnveloped = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 1, 23}
	oidCompressed    = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 1, 9}
	oidZlib          = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 3, 8}
	kinds            = []struct {
		oid  asn1.ObjectIdentifier
		kind Kind
	}{{oidSigned, Signed}, {oidEnveloped, Encrypted}, {oidAuthEnveloped, Encrypted}, {oidCompressed, Compressed}}
)

// KindOf tells by the first bytes, also of a structure that is cut off; "" is none of them.
func KindOf(raw []byte) Kind {
	_, _, inner, err := head(raw)
	if err != nil { // its length is said to be more than is there
		inner = raw[min(len(raw), 2):min(len(raw), 16)]
	}
	for _, k := range kinds {
		oid, err := asn1.Marshal(k.oid)
		if at := bytes.Index(inner[:min(len(inner), 16)], oid); err == nil && at >= 0 {
			return k.kind
		}
	}
	return ""
}

type compressedData struct { // RFC 3274 section 1.1
	Version      int
	Algorithm    pkix.AlgorithmIdentifier
	Encapsulated contentInfo
}

// Inflate unpacks CompressedData (RFC 3274). Content of more than most bytes is not unpacked.
func Inflate(compressed []byte, most int64) ([]byte, channels.Crypt) {
	content, err := inflate(compressed, most)
	switch err {
	case nil:
		return content, channels.Crypt{Kind: "smime"}
	case errTooMuch:
		return nil, channels.Crypt{Kind: "smime", Failure: channels.SealTooLarge}
	}
	return nil, channels.Crypt{Kind: "smime", Failure: channels.SealDamaged}
}

func inflate(compressed []byte, most int64) ([]byte, error) {
	info, err := parseInfo(compressed)
	if err != nil {
		return nil, err
	}
	var data compressedData
	if _, err := asn1.Unmarshal(info.Content.Bytes, &data); err != nil || !data.Algorithm.Algorithm.Equal(oidZlib) {
		return nil, errUnsupported
	}
	var packed []byte
	if _, err := asn1.Unmarshal(data.Encapsulated.Content.Bytes, &packed); err != nil {
		return nil, err
	}
	z, err := zlib.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, err
	}
	out, err := io.ReadAll(io.LimitReader(z, most+1))
	if err == nil && int64(len(out)) > most {
		err = errTooMuch
	}
	return out, err
}
