package email

import (
	"context"
	"encoding/json"
	"fmt"
	"time"
)

// position is how far a folder has been taken: every mail with a UID up to UID, under this UIDVALIDITY, has been accepted
// (RFC 3501 section 2.3.1.1).
type position struct {
	Validity uint32 `json:"uidvalidity"`
	UID      uint32 `json:"uid"`

	// ModSeq is the HIGHESTMODSEQ (RFC 7162) up to which it was told what others did to these mails; 0 where the server keeps none.
	ModSeq uint64 `json:"modseq,omitempty"`

	// Floor, when not zero, is when a mailbox was first seen whose older mail is to be left alone; a change of UIDVALIDITY must not
	// bring it in.
	Floor time.Time `json:"floor,omitzero"`

	// With mail up to Done what After says has been done; with mail that came before AfterFrom it never is.
	After     After     `json:"after,omitempty"`
	AfterFrom time.Time `json:"after_from,omitzero"`
	Done      uint32    `json:"done,omitempty"`

	Stuck  *stuck    `json:"stuck,omitempty"`
	Held   []uint32  `json:"held,omitempty"`   // UIDs of mails that were held back
	HeldAt time.Time `json:"held_at,omitzero"` // when they were last tried
}

func bookmark(folder string) string { return "imap/" + folder }

// loadPosition returns the saved position of a folder; known is false at the very first start.
func (a *Adapter) loadPosition(ctx context.Context, folder string) (pos position, known bool, err error) {
	value, err := a.deps.Bookmarks.Load(ctx, a.cfg.Account, bookmark(folder))
	if err != nil {
		return pos, false, storeError{fmt.Errorf("load bookmark: %w", err)}
	}
	if value == "" {
		return pos, false, nil
	}
	if err := json.Unmarshal([]byte(value), &pos); err != nil {
		a.log.Error("bookmark unreadable, the folder is taken from its beginning", "folder", folder, "err", err)
		return position{}, true, nil
	}
	return pos, true, nil
}

func (a *Adapter) savePosition(ctx context.Context, o *opened) error {
	value, err := json.Marshal(o.pos)
	if err != nil {
		return storeError{err}
	}
	if err := a.deps.Bookmarks.Save(ctx, a.cfg.Account, bookmark(o.name), string(value)); err != nil {
		return storeError{fmt.Errorf("save bookmark: %w", err)}
	}
	return nil
}
