package smime

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/des"
	"crypto/subtle"
	"encoding/asn1"
)

// contentCipher is how a content is encrypted.
type contentCipher struct {
	size      int // bytes of its key
	authentic bool
	block     func(key []byte) (cipher.Block, error)
}

// The ciphers that are read: AES of RFC 3565 and RFC 5084, and triple DES of old senders.
var ciphers = map[string]contentCipher{
	"2.16.840.1.101.3.4.1.2":  {16, false, aes.NewCipher},
	"2.16.840.1.101.3.4.1.22": {24, false, aes.NewCipher},
	"2.16.840.1.101.3.4.1.42": {32, false, aes.NewCipher},
	"2.16.840.1.101.3.4.1.6":  {16, true, aes.NewCipher},
	"2.16.840.1.101.3.4.1.26": {24, true, aes.NewCipher},
	"2.16.840.1.101.3.4.1.46": {32, true, aes.NewCipher},
	"1.2.840.113549.3.7":      {24, false, des.NewTripleDESCipher},
}

// gcmParameters are those of RFC 5084 section 3.2.
type gcmParameters struct {
	Nonce []byte
	Tag   int `asn1:"optional,default:12"`
}

func (c contentCipher) open(key []byte, e authEnvelopedData) ([]byte, error) {
	sealed, err := octets(e.Content.Octets)
	if err != nil {
		return nil, err
	}
	block, err := c.block(key)
	if err != nil {
		return nil, err
	}
	parameters := e.Content.Algorithm.Parameters.FullBytes
	if !c.authentic {
		var iv []byte
		if _, err := asn1.Unmarshal(parameters, &iv); err != nil {
			return nil, err
		}
		return openCBC(block, iv, sealed)
	}
	var p gcmParameters
	if _, err := asn1.Unmarshal(parameters, &p); err != nil {
		return nil, err
	}
	if len(p.Nonce) != 12 || p.Tag < 12 || p.Tag > 16 || len(e.MAC) != p.Tag {
		return nil, errUnsupported
	}
	gcm, err := cipher.NewGCMWithTagSize(block, p.Tag)
	if err != nil {
		return nil, err
	}
	var attributes []byte
	if len(e.Attributes.Raw) > 0 { // RFC 5083 section 2.2: as a SET
		attributes = write(nil, []byte{0x31}, e.Attributes.content())
	}
	out, err := gcm.Open(nil, p.Nonce, append(sealed[:len(sealed):len(sealed)], e.MAC...), attributes)
	if err != nil {
		return nil, errDamaged
	}
	return out, nil
}

// openCBC decrypts and takes the padding off (RFC 5652 section 6.3).
func openCBC(block cipher.Block, iv, sealed []byte) ([]byte, error) {
	size := block.BlockSize()
	if len(iv) != size || len(sealed) == 0 || len(sealed)%size != 0 {
		return nil, errDamaged
	}
	out := make([]byte, len(sealed))
	cipher.NewCBCDecrypter(block, iv).CryptBlocks(out, sealed)
	pad := int(out[len(out)-1])
	if pad == 0 || pad > size {
		return nil, errDamaged
	}
	for _, b := range out[len(out)-pad:] {
		if int(b) != pad {
			return nil, errDamaged
		}
	}
	return out[:len(out)-pad], nil
}

// unwrap takes a key out of its AES wrapping (RFC 3394 section 2.2.2).
func unwrap(kek, wrapped []byte) ([]byte, error) {
	block, err := aes.NewCipher(kek)
	if err != nil || len(wrapped) < 24 || len(wrapped)%8 != 0 || len(wrapped) > 40 {
		return nil, errDamaged
	}
	n := len(wrapped)/8 - 1
	var b [16]byte
	copy(b[:8], wrapped)
	keys := append([]byte(nil), wrapped[8:]...)
	for t := 6 * n; t > 0; t-- {
		at := (t - 1) % n * 8
		b[7] ^= byte(t)
		copy(b[8:], keys[at:at+8])
		block.Decrypt(b[:], b[:])
		copy(keys[at:], b[8:])
	}
	if subtle.ConstantTimeCompare(b[:8], []byte{0xA6, 0xA6, 0xA6, 0xA6, 0xA6, 0xA6, 0xA6, 0xA6}) != 1 {
		return nil, errDamaged
	}
	return keys, nil
}
