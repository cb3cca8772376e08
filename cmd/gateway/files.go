package main

import (
	"context"
	"fmt"

	"sportello/channels/email"
	"sportello/channels/email/clam"
)

// FileSettings say which files that come with mails are given to agents. The others are kept, and the message says why.
type FileSettings struct {
	Forbidden []string `koanf:"forbidden"` // endings of names (".exe") and media types ("video/*"), in small letters
	MaxMiB    int      `koanf:"max_mib"`   // the largest file, in MiB; 0: any that the mail server takes
	Clamd     string   `koanf:"clamd"`     // a ClamAV daemon that is asked about each file: host:port, or unix:/path of its socket
}

func (f FileSettings) policy() email.FilePolicy {
	return email.FilePolicy{Forbidden: f.Forbidden, MaxSize: int64(f.MaxMiB) << 20}
}

// scanner is nil when no daemon is set.
func (f FileSettings) scanner() (email.Scanner, error) {
	if f.Clamd == "" {
		return nil, nil
	}
	c, err := clam.New(f.Clamd)
	if err != nil {
		return nil, fmt.Errorf("files.clamd: %w", err)
	}
	return c, nil
}

func (f FileSettings) check(found *problems) {
	for _, err := range f.policy().Validate() {
		found.add("files.forbidden", "%v", err)
	}
	if f.MaxMiB < 0 {
		found.add("files.max_mib", "is negative")
	}
	if _, err := f.scanner(); err != nil {
		found.add("files.clamd", "must be host:port or unix:/path of a socket")
	}
}

// scanner looks whether the ClamAV daemon answers. Without it mail goes on, and its files are shown as not scanned.
func (d *doctor) scanner(ctx context.Context) {
	address := d.app.settings.Files.Clamd
	if address == "" {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, examine)
	defer cancel()
	c, err := clam.New(address)
	if err == nil {
		var version string
		if version, err = c.Version(ctx); err == nil {
			d.note("ok", "virus scanner", "%s", version)
			return
		}
	}
	d.note("warn", "virus scanner", "files are shown as not scanned: %v", err)
}
