package demo

import (
	_ "embed" // the keys
	"fmt"
	"os"
	"path/filepath"
)

// The keys were made for these letters, and open nothing else.
var (
	//go:embed keys/mailbox.asc
	mailboxKey []byte
	//go:embed keys/known.asc
	knownKeys []byte
)

// WriteKeys puts the secret key of the mailbox, and the public ones of the strangers whose signatures the house knows, into files in dir.
func WriteKeys(dir string) (secret, known string, err error) {
	secret, known = filepath.Join(dir, "mailbox.asc"), filepath.Join(dir, "known.asc")
	for name, content := range map[string][]byte{secret: mailboxKey, known: knownKeys} {
		if err := os.WriteFile(name, content, 0o600); err != nil {
			return "", "", fmt.Errorf("demo keys: %w", err)
		}
	}
	return secret, known, nil
}
