package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"sync"
	"time"

	"sportello/channels"
	"sportello/channels/email"
	"sportello/channels/email/clam"
	"sportello/channels/email/letter"
)

// FileSettings say which files that come with mails are given to agents, and which ones agents may send. What came is kept in any case,
// and the message says why it is not given out.
type FileSettings struct {
	Forbidden []string `koanf:"forbidden"` // endings of names (".exe") and media types ("video/*"), in small letters
	MaxMiB    int      `koanf:"max_mib"`   // the largest file, in MiB; 0: any that the mail server takes
	Clamd     string   `koanf:"clamd"`     // a ClamAV daemon that is asked about each file: host:port, or unix:/path of its socket
	Unscanned string   `koanf:"unscanned"` // what agents attach while the daemon cannot be asked: refuse (when empty), send
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
	if !slices.Contains([]string{"", "refuse", "send"}, f.Unscanned) {
		found.add("files.unscanned", "%q is neither refuse nor send", f.Unscanned)
	}
	if _, err := f.scanner(); err != nil {
		found.add("files.clamd", "must be host:port or unix:/path of a socket")
	}
}

// inspector says of files that agents attach what the settings say of files that come with mails (E-45). It is safe for concurrent use.
type inspector struct {
	policy  email.FilePolicy
	scanner email.Scanner // nil: none
	vault   channels.Vault
	now     func() time.Time
	log     *slog.Logger

	mu    sync.Mutex
	clean map[channels.BlobID]time.Time // when the scanner found nothing in it
}

// For so long, and of so many files, it is known that they are clean: what was asked at the upload is not asked again for the reply.
const (
	cleanFor  = 30 * time.Minute
	cleanMost = 1000
)

// inspect implements agentui.Inspect.
func (i *inspector) inspect(ctx context.Context, p channels.Part) (channels.Part, error) {
	r, err := i.vault.Open(ctx, p.Blob)
	if err != nil {
		return p, err
	}
	defer r.Close() //nolint:errcheck // only read
	head := make([]byte, 512)
	n, err := io.ReadFull(r, head)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return p, err
	}
	head = head[:n]
	if p.Check = i.policy.Check(p.Name, letter.Sniff(head, p.Type), p.Size); p.Check != "" || i.scanner == nil {
		return p, nil
	}
	if i.isClean(p.Blob) {
		p.Check = channels.CheckClean
		return p, nil
	}
	switch p.Threat, err = i.scanner.Scan(ctx, io.MultiReader(bytes.NewReader(head), r)); {
	case err != nil:
		i.log.Warn("an agent's file is not scanned", "size", p.Size, "err", err)
		p.Check = channels.CheckUnscanned
	case p.Threat != "":
		i.log.Warn("an agent's infected file is refused", "threat", p.Threat)
		p.Check = channels.CheckInfected
	default:
		p.Check = channels.CheckClean
		i.remember(p.Blob)
	}
	return p, nil
}

func (i *inspector) isClean(blob channels.BlobID) bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	at, known := i.clean[blob]
	return known && i.now().Sub(at) < cleanFor
}

func (i *inspector) remember(blob channels.BlobID) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if len(i.clean) >= cleanMost || i.clean == nil {
		i.clean = map[channels.BlobID]time.Time{}
	}
	i.clean[blob] = i.now()
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
	sends := "agents cannot send files"
	if d.app.settings.Files.Unscanned == "send" {
		sends = "agents send files unscanned"
	}
	d.note("warn", "virus scanner", "files that come are shown as not scanned, %s: %v", sends, err)
}
