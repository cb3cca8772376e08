package email

import (
	"context"
	"encoding/json"
	"fmt"
	"time"
)

// position is how far a folder has been taken: every mail with a UID up to UID, under this UIDVALIDITY, has been accepted
// (RFC 3501 section 2.3.1.1). Floor, when not zero, is when a mailbox was first seen whose older mail is to be left alone; a change
// of UIDVALIDITY must not bring it in.
type position struct {
	Validity uint32    `json:"uidvalidity"`
	UID      uint32    `json:"uid"`
	Floor    time.Time `json:"floor,omitzero"`
}

func (a *Adapter) bookmark() string { return "imap/" + a.cfg.Folder }

// loadPosition returns the saved position; known is false at the very first start.
func (a *Adapter) loadPosition(ctx context.Context) (pos position, known bool, err error) {
	value, err := a.deps.Bookmarks.Load(ctx, a.cfg.Account, a.bookmark())
	if err != nil {
		return pos, false, storeError{fmt.Errorf("load bookmark: %w", err)}
	}
	if value == "" {
		return pos, false, nil
	}
	if err := json.Unmarshal([]byte(value), &pos); err != nil {
		a.log.Error("bookmark unreadable, the folder is taken from its beginning", "err", err)
		return position{}, true, nil
	}
	return pos, true, nil
}

func (a *Adapter) savePosition(ctx context.Context, pos position) error {
	value, err := json.Marshal(pos)
	if err != nil {
		return storeError{err}
	}
	if err := a.deps.Bookmarks.Save(ctx, a.cfg.Account, a.bookmark(), string(value)); err != nil {
		return storeError{fmt.Errorf("save bookmark: %w", err)}
	}
	return nil
}
