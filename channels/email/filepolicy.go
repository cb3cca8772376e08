package email

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"sportello/channels"
	"sportello/channels/email/clam"
	"sportello/channels/email/letter"
)

// Scanner says whether a file is infected: what it finds, "" for nothing. With an error nothing is known. See package clam.
type Scanner interface {
	Scan(ctx context.Context, r io.Reader) (threat string, err error)
}

// FilePolicy says which files that came with a mail are given out, and which may leave with one (E-45). What came and is not given out
// stays in the vault, and its message says why.
type FilePolicy struct {
	Forbidden []string // endings of names (".exe") and media types ("application/x-elf", "video/*"), in small letters
	MaxSize   int64    // bytes of one file; 0: any
}

// Validate says what is wrong with the policy.
func (p FilePolicy) Validate() []error {
	var errs []error
	for _, f := range p.Forbidden {
		kind, sub, slash := strings.Cut(f, "/")
		if ending := strings.HasPrefix(f, ".") && len(f) > 1; f != strings.ToLower(f) || !ending && (!slash || kind == "" || sub == "") {
			errs = append(errs, fmt.Errorf("%q is neither an ending such as .exe nor a media type such as video/*, in small letters", f))
		}
	}
	if p.MaxSize < 0 {
		errs = append(errs, errors.New("the largest size is negative"))
	}
	return errs
}

// Check is what the policy says of a file by its name, the type that its bytes show, and its size: "" when it has nothing against it.
func (p FilePolicy) Check(name, kind string, size int64) channels.Check {
	ending := strings.ToLower(filepath.Ext(name))
	main, _, _ := strings.Cut(kind, "/")
	for _, bad := range p.Forbidden {
		if bad == ending || bad == kind || bad == main+"/*" {
			return channels.CheckForbidden
		}
	}
	if p.MaxSize > 0 && size > p.MaxSize {
		return channels.CheckTooLarge
	}
	return ""
}

// keepFiles brings the files of a mail into the vault and says of each whether it may be opened. Only the vault can fail: a mail is never
// lost because a scanner is.
func (a *Adapter) keepFiles(ctx context.Context, files []letter.File) ([]channels.Part, error) {
	var parts []channels.Part
	down := false
	for _, f := range files {
		p := f.Part
		var err error
		if p.Blob, _, err = a.deps.Vault.Put(ctx, bytes.NewReader(f.Data)); err != nil {
			return nil, fmt.Errorf("keep attachment: %w", err)
		}
		if p.Check = a.cfg.Files.Check(f.Name, f.Type, f.Size); p.Check == "" && a.deps.Scanner != nil {
			p.Check, p.Threat = a.scan(ctx, f, &down)
		}
		parts = append(parts, p)
	}
	return parts, nil
}

// scan asks about one file. After a failure the scanner is not asked about the further files of the mail, so that one that is gone holds
// a mail up once.
func (a *Adapter) scan(ctx context.Context, f letter.File, down *bool) (channels.Check, string) {
	if *down {
		return channels.CheckUnscanned, ""
	}
	threat, err := a.deps.Scanner.Scan(ctx, bytes.NewReader(f.Data))
	switch {
	case err != nil:
		a.log.Warn("file not scanned", "account", a.cfg.Account, "size", f.Size, "err", err)
		*down = !errors.Is(err, clam.ErrTooLarge)
		return channels.CheckUnscanned, ""
	case threat != "":
		a.log.Warn("infected file held back", "account", a.cfg.Account, "threat", threat)
		return channels.CheckInfected, threat
	}
	return channels.CheckClean, ""
}
