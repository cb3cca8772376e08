// Package seal is the keys with which a mailbox opens what is sealed for it, and verifies what others have signed: those of S/MIME and
// those of OpenPGP. It reads them from the files that the settings name, and says what is wrong with them; channels/email/letter uses
// them.
//
// It must never show key material, in a log or in an error: errors name the setting. Keys stay in memory for as long as the program
// runs, so that who can read its memory or its files can read the mail.
package seal

import (
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"time"

	"sportello/channels/email/pgp"
	"sportello/channels/email/smime"
)

// Files name where the keys are. All paths are of files that the program can read.
type Files struct {
	SMIME []SMIMEFile // what mail to us is encrypted to
	Roots []string    // certificates in PEM that are believed about signers, beside the system's
	PGP   []PGPFile   // what mail to us is encrypted to
	Known []string    // public keys of people whose signatures are believed
}

// SMIMEFile is a private key and its certificate, both in PEM; they may be one file.
type SMIMEFile struct{ Key, Certificate string }

// PGPFile is a file of secret keys and the file with their passphrase, "" when they have none.
type PGPFile struct{ Key, Passphrase string }

// IsZero reports whether no file is named.
func (f Files) IsZero() bool { return len(f.SMIME)+len(f.Roots)+len(f.PGP)+len(f.Known) == 0 }

// Keys are those of one mailbox. They may be used from any goroutine. A nil Keys knows none.
type Keys struct {
	smime []smime.Key
	roots *x509.CertPool
	ring  *pgp.Ring
	own   []pgp.Key
}

// Load reads the files. Each error names the setting below "seal"; what could be read is in the keys, which are nil when there is none.
func Load(f Files) (*Keys, []error) {
	if f.IsZero() {
		return nil, nil
	}
	k, errs := &Keys{ring: &pgp.Ring{}}, []error(nil)
	note := func(err error, format string, args ...any) {
		if err != nil {
			errs = append(errs, fmt.Errorf("seal."+fmt.Sprintf(format, args...)+": %w", err))
		}
	}
	for i, s := range f.SMIME {
		note(k.loadSMIME(s), "smime.%d", i)
	}
	for i, name := range f.Roots {
		note(k.loadRoots(name), "smime_roots.%d", i)
	}
	for i, p := range f.PGP {
		note(k.loadPGP(p), "pgp.%d", i)
	}
	for i, name := range f.Known {
		raw, err := read(name)
		if err == nil {
			_, err = k.ring.AddPublic(raw)
		}
		note(err, "pgp_known.%d", i)
	}
	return k, errs
}

func (k *Keys) loadSMIME(f SMIMEFile) error {
	private, err := read(f.Key)
	if err != nil {
		return err
	}
	certificate := private
	if f.Certificate != "" {
		if certificate, err = read(f.Certificate); err != nil {
			return err
		}
	}
	key, err := smime.LoadKey(certificate, private)
	if err == nil {
		k.smime = append(k.smime, key)
	}
	return err
}

func (k *Keys) loadRoots(name string) error {
	raw, err := read(name)
	if err != nil {
		return err
	}
	all, err := smime.LoadCertificates(raw)
	if err != nil {
		return err
	}
	if k.roots == nil {
		if k.roots, err = x509.SystemCertPool(); err != nil {
			return fmt.Errorf("the system's certificates: %w", err)
		}
	}
	for _, c := range all {
		k.roots.AddCert(c)
	}
	return nil
}

func (k *Keys) loadPGP(f PGPFile) error {
	raw, err := read(f.Key)
	if err != nil {
		return err
	}
	var passphrase []byte
	if f.Passphrase != "" {
		if passphrase, err = read(f.Passphrase); err != nil {
			return err
		}
		passphrase = []byte(strings.TrimRight(string(passphrase), "\r\n"))
	}
	own, err := k.ring.AddSecret(raw, passphrase)
	k.own = append(k.own, own...)
	return err
}

const fileMost = 16 << 20 // bytes of a file of keys

// read says what is wrong with a file in words without its content.
func read(name string) ([]byte, error) {
	if name == "" {
		return nil, errors.New("a file must be named")
	}
	if at, err := os.Stat(name); err == nil && (at.Size() > fileMost || !at.Mode().IsRegular()) {
		return nil, fmt.Errorf("%s is no file of keys", name)
	}
	raw, err := os.ReadFile(name)
	var why *fs.PathError
	if errors.As(err, &why) {
		return nil, fmt.Errorf("%s cannot be read: %w", name, why.Err)
	}
	return raw, err
}

// SMIME are the keys that S/MIME is opened with.
func (k *Keys) SMIME() []smime.Key {
	if k == nil {
		return nil
	}
	return k.smime
}

// Roots are who is believed about certificates of signers; nil: the system's.
func (k *Keys) Roots() *x509.CertPool {
	if k == nil {
		return nil
	}
	return k.roots
}

// PGP are the keys that OpenPGP is opened and verified with; nil: none.
func (k *Keys) PGP() *pgp.Ring {
	if k == nil {
		return nil
	}
	return k.ring
}

// Finding is something that is to be said of a key that can be used.
type Finding struct {
	Bad    bool
	Key    string // which one: by its kind and number
	Detail string
}

// soon is how long before its end a key is spoken of.
const soon = 30 * 24 * time.Hour

// Examine says of each of our own keys whether it is still in use for one of those addresses of ours at that time.
func (k *Keys) Examine(own []string, now time.Time) []Finding {
	if k == nil {
		return nil
	}
	var all []Finding
	for _, s := range k.smime {
		c := s.Certificate
		f := judge(s.Addresses(), own, c.NotAfter, now)
		if now.Before(c.NotBefore) {
			f = Finding{Bad: true, Detail: "begins only on " + c.NotBefore.UTC().Format(time.DateOnly)}
		}
		f.Key = "S/MIME " + c.SerialNumber.Text(16)
		all = append(all, f)
	}
	for _, p := range k.own {
		f := judge(p.Addresses, own, p.Expires, now)
		if p.Revoked {
			f = Finding{Bad: true, Detail: "is revoked"}
		}
		f.Key = "OpenPGP " + p.ID
		all = append(all, f)
	}
	return all
}

// judge looks at the addresses and the end of a key, which may have none.
func judge(addresses, own []string, until, now time.Time) Finding {
	end := ""
	switch {
	case !until.IsZero() && now.After(until):
		return Finding{Bad: true, Detail: "ran out on " + until.UTC().Format(time.DateOnly) + ": old mail is opened with it, and nobody encrypts to it any more"}
	case !until.IsZero() && until.Sub(now) < soon:
		return Finding{Bad: true, Detail: "runs out on " + until.UTC().Format(time.DateOnly)}
	case !until.IsZero():
		end = ", until " + until.UTC().Format(time.DateOnly)
	}
	for _, a := range addresses {
		for _, o := range own {
			if a == o {
				return Finding{Detail: "opens mail to " + a + end}
			}
		}
	}
	return Finding{Bad: true, Detail: "is for " + strings.Join(addresses, ", ") + ", and for no address of this mailbox: programs will not encrypt to it"}
}
