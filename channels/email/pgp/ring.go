package pgp

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp/packet"
	openpgp "github.com/ProtonMail/go-crypto/openpgp/v2"

	"sportello/channels/email/field"
)

// Ring is the keys of a mailbox: its own, which open, and those of others, which verify. Once it is filled it may be used from any
// goroutine. A nil Ring knows no key.
type Ring struct {
	mu   sync.Mutex // the library notes in a key what it has found out about it
	keys openpgp.EntityList
}

// Key is what can be said of a key without showing it.
type Key struct {
	ID        string   // 16 hexadecimal digits
	Addresses []string // in its user ids, normalised
	Expires   time.Time
	Revoked   bool
}

// AddSecret adds the secret keys of a file, armoured or not, and opens them with the passphrase where they have one.
func (r *Ring) AddSecret(raw, passphrase []byte) ([]Key, error) {
	list, err := readKeys(raw)
	if err != nil {
		return nil, err
	}
	for _, e := range list {
		if e.PrivateKey == nil {
			return nil, fmt.Errorf("key %s is public only", keyID(e.PrimaryKey.KeyId))
		}
		if err := e.DecryptPrivateKeys(passphrase); err != nil {
			return nil, fmt.Errorf("key %s does not open with the passphrase", keyID(e.PrimaryKey.KeyId))
		}
	}
	return r.add(list), nil
}

// AddPublic adds the keys of people whose signatures are believed.
func (r *Ring) AddPublic(raw []byte) ([]Key, error) {
	list, err := readKeys(raw)
	if err != nil {
		return nil, err
	}
	return r.add(list), nil
}

// readKeys reads all keys of a file, which may hold several armoured blocks.
func readKeys(raw []byte) (list openpgp.EntityList, err error) {
	if !bytes.Contains(raw, []byte("-----BEGIN PGP ")) {
		list, err = openpgp.ReadKeyRing(bytes.NewReader(raw))
	}
	for rest := raw; err == nil; {
		at := bytes.Index(rest, []byte("-----BEGIN PGP "))
		if at < 0 {
			break
		}
		rest = rest[at:]
		end := len(rest)
		if next := bytes.Index(rest[1:], []byte("-----BEGIN PGP ")); next >= 0 {
			end = next + 1
		}
		var some openpgp.EntityList
		some, err = openpgp.ReadArmoredKeyRing(bytes.NewReader(rest[:end]))
		list, rest = append(list, some...), rest[end:]
	}
	if err == nil && len(list) == 0 {
		err = errors.New("no key in it")
	}
	if err != nil {
		return nil, errors.New("no OpenPGP key that can be read")
	}
	return list, nil
}

// add puts keys into the ring. Of a key that is there already the secret one counts.
func (r *Ring) add(list openpgp.EntityList) []Key {
	r.mu.Lock()
	defer r.mu.Unlock()
	var added []Key
	for _, e := range list {
		i := slices.IndexFunc(r.keys, func(have *openpgp.Entity) bool {
			return bytes.Equal(have.PrimaryKey.Fingerprint, e.PrimaryKey.Fingerprint)
		})
		switch {
		case i < 0:
			r.keys = append(r.keys, e)
		case r.keys[i].PrivateKey == nil:
			r.keys[i] = e
		}
		added = append(added, describe(e))
	}
	return added
}

func describe(e *openpgp.Entity) Key {
	k := Key{ID: keyID(e.PrimaryKey.KeyId), Addresses: addresses(e), Revoked: e.Revoked(time.Time{})}
	if self, err := e.PrimarySelfSignature(time.Time{}, nil); err == nil && self.KeyLifetimeSecs != nil && *self.KeyLifetimeSecs > 0 {
		k.Expires = e.PrimaryKey.CreationTime.Add(time.Duration(*self.KeyLifetimeSecs) * time.Second)
	}
	return k
}

// addresses are those of the user ids that the key itself vouches for.
func addresses(e *openpgp.Entity) []string {
	var all []string
	for _, id := range e.Identities {
		self, err := id.LatestValidSelfCertification(time.Time{}, nil)
		if err != nil || id.Revoked(self, time.Time{}, nil) {
			continue
		}
		written := id.UserId.Email
		if written == "" && strings.Contains(id.Name, "@") { // an address and nothing else
			written = id.Name
		}
		if addr, ok := field.Normal(written); ok {
			all = append(all, addr)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

func keyID(id uint64) string { return fmt.Sprintf("%016X", id) }

const triesMost = 16 // keys of ours and signatures of known people that are tried for one message

// tries is the ring for one message: it answers so often and no more, since each answer costs a decryption, or a digest of the whole.
type tries struct {
	keys openpgp.EntityList
	left int
}

func (t *tries) KeysById(id uint64) []openpgp.Key { return t.keys.KeysById(id) }

func (t *tries) EntitiesById(id uint64) []*openpgp.Entity {
	found := t.keys.EntitiesById(id)
	if len(found) > 0 {
		if t.left--; t.left < 0 {
			return nil
		}
	}
	return found
}

// config is how a message is read. A signature's own time is looked at by judge.
func config(most int64, unprotected bool) *packet.Config {
	packed := most + 1<<16 // the heads of packets as well, so that what is too much shows in the content
	return &packet.Config{
		Time: func() time.Time { return time.Time{} }, MaxDecompressedMessageSize: &packed, InsecureAllowUnauthenticatedMessages: unprotected,
	}
}
