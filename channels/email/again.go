package email

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"sportello/channels"
	"sportello/channels/email/letter"
)

// Again reads a mail that was taken before, from its bytes in the vault, as the mailbox takes mail today, and brings its files into the
// vault. ok is false for a mail of which only the beginning was kept: reading it anew would hide that. Nothing is accepted, settled or
// answered.
func (a *Adapter) Again(ctx context.Context, blob channels.BlobID) (in channels.Inbound, ok bool, err error) {
	m, err := a.readAgain(ctx, blob)
	if err != nil || m == nil {
		return in, false, err
	}
	in, err = a.inboundAgain(ctx, m)
	in.Raw = blob
	return in, err == nil, err
}

// Original reads the mail that one which was taken before passes on, from the bytes of that in the vault. ok is false when there is none
// whose sender is known, or when he is ourselves. External is left to the caller: it came by no mailbox. Nothing is accepted.
func (a *Adapter) Original(ctx context.Context, blob channels.BlobID) (in channels.Inbound, ok bool, err error) {
	m, err := a.readAgain(ctx, blob)
	if err != nil || m == nil {
		return in, false, err
	}
	if m = m.Original(a.cfg.own()); m == nil {
		return in, false, nil
	}
	if in, err = a.inboundAgain(ctx, m); err != nil {
		return in, false, err
	}
	in.External = ""
	if raw := m.Raw(); raw != nil {
		if in.Raw, _, err = a.deps.Vault.Put(ctx, bytes.NewReader(raw)); err != nil {
			return in, false, fmt.Errorf("keep raw mail: %w", err)
		}
	}
	return in, true, nil
}

// readAgain reads a mail from its bytes in the vault, nil when they are not all of it.
func (a *Adapter) readAgain(ctx context.Context, blob channels.BlobID) (*letter.Mail, error) {
	r, err := a.deps.Vault.Open(ctx, blob)
	if err != nil {
		return nil, fmt.Errorf("open raw mail: %w", err)
	}
	defer r.Close()
	raw, err := io.ReadAll(io.LimitReader(r, a.cfg.MaxSize+1))
	if err != nil {
		return nil, fmt.Errorf("read raw mail: %w", err)
	}
	if int64(len(raw)) >= a.cfg.MaxSize || len(strings.TrimSpace(string(raw[:min(len(raw), 1000)]))) == 0 {
		return nil, nil
	}
	return a.read(ctx, raw, listed{size: int64(len(raw))}), nil
}

// inboundAgain brings the files of a mail into the vault and puts it into the words that every channel shares.
func (a *Adapter) inboundAgain(ctx context.Context, m *letter.Mail) (in channels.Inbound, err error) {
	in = a.inbound(m, time.Time{})
	in.Parts, err = a.keepFiles(ctx, m.Files)
	return in, err
}
