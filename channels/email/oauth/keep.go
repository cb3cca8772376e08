package oauth

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"sportello/channels"
)

// bookmark is the name under which a refresh token is kept.
const bookmark = "oauth/refresh"

// sealed keeps a refresh token among the bookmarks, encrypted.
type sealed struct {
	bookmarks channels.Bookmarks
	account   channels.AccountID
	cipher    cipher.AEAD
	origin    string // which configured token it descends from
}

// Sealed is a Keep in the bookmarks of an account, encrypted with key (32 bytes). configured is the refresh token of the settings: when
// a person connects the mailbox anew and it changes, what is kept is forgotten. It panics when the key has another length.
func Sealed(bookmarks channels.Bookmarks, account channels.AccountID, key []byte, configured string) Keep {
	block, err := aes.NewCipher(key)
	if err != nil || len(key) != 32 {
		panic("oauth: the key must have 32 bytes")
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		panic("oauth: " + err.Error()) // AES always has a block that fits
	}
	sum := sha256.Sum256([]byte(configured))
	return &sealed{bookmarks: bookmarks, account: account, cipher: aead, origin: hex.EncodeToString(sum[:8])}
}

type kept struct {
	Origin string `json:"origin"`
	Sealed string `json:"sealed"`
}

// Load implements Keep. What cannot be opened, because the key was changed, counts as not there.
func (s *sealed) Load(ctx context.Context) (string, error) {
	value, err := s.bookmarks.Load(ctx, s.account, bookmark)
	if err != nil || value == "" {
		return "", err
	}
	var k kept
	if json.Unmarshal([]byte(value), &k) != nil || k.Origin != s.origin {
		return "", nil
	}
	raw, err := base64.StdEncoding.DecodeString(k.Sealed)
	if err != nil || len(raw) < s.cipher.NonceSize() {
		return "", nil
	}
	token, err := s.cipher.Open(nil, raw[:s.cipher.NonceSize()], raw[s.cipher.NonceSize():], []byte(s.account))
	if err != nil {
		return "", nil
	}
	return string(token), nil
}

// Save implements Keep.
func (s *sealed) Save(ctx context.Context, token string) error {
	nonce := make([]byte, s.cipher.NonceSize())
	if _, err := rand.Read(nonce); err != nil {
		return fmt.Errorf("seal refresh token: %w", err)
	}
	raw := s.cipher.Seal(nonce, nonce, []byte(token), []byte(s.account))
	value, err := json.Marshal(kept{Origin: s.origin, Sealed: base64.StdEncoding.EncodeToString(raw)})
	if err != nil {
		return fmt.Errorf("seal refresh token: %w", err)
	}
	return s.bookmarks.Save(ctx, s.account, bookmark, string(value))
}
