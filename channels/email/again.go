package email

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"sportello/channels"
)

// Again reads a mail that was taken before, from its bytes in the vault, as the mailbox takes mail today, and brings its files into the
// vault. ok is false for a mail of which only the beginning was kept: reading it anew would hide that. Nothing is accepted, settled or
// answered.
func (a *Adapter) Again(ctx context.Context, blob channels.BlobID) (in channels.Inbound, ok bool, err error) {
	r, err := a.deps.Vault.Open(ctx, blob)
	if err != nil {
		return in, false, fmt.Errorf("open raw mail: %w", err)
	}
	defer r.Close()
	raw, err := io.ReadAll(io.LimitReader(r, a.cfg.MaxSize+1))
	if err != nil {
		return in, false, fmt.Errorf("read raw mail: %w", err)
	}
	if int64(len(raw)) >= a.cfg.MaxSize || len(strings.TrimSpace(string(raw[:min(len(raw), 1000)]))) == 0 {
		return in, false, nil
	}
	m := a.read(ctx, raw, listed{size: int64(len(raw))})
	in = a.inbound(m, time.Time{})
	in.Raw = blob
	if in.Parts, err = a.keepFiles(ctx, m.Files); err != nil {
		return in, false, err
	}
	return in, true, nil
}
