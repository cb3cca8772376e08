package email

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/emersion/go-imap/v2"
)

// After says what becomes of a mail in its folder once it is in the record (E-10).
type After string

// What may become of it.
const (
	AfterLeave  After = ""       // nothing: \Seen is for people
	AfterSeen   After = "seen"   // it is marked as read
	AfterMove   After = "move"   // it goes to Config.MoveTo, which is made if there is none
	AfterDelete After = "delete" // it is removed
)

// Invariants of what is done afterwards:
//
//   - nothing is done with a mail before the position says that it is in the record, nothing at all with one that was held back, that
//     somebody has marked \Deleted, or that came before this was wished;
//   - position.Done follows what has been done, so that a crash or a refusal between the two repeats it. Repeating is harmless; a
//     server without MOVE, or one where two move at once, may get a second copy into MoveTo;
//   - a plain EXPUNGE is never sent: it would remove what others have marked. A server without UIDPLUS keeps the marked mail.

// settleFolder does what the settings wish with the mails that were taken since. What a server refuses is told and tried again at the
// next look; it keeps no mail from coming in.
func (a *Adapter) settleFolder(ctx context.Context, c *conn, o *opened) error {
	if o.after == AfterLeave || o.pos.Done >= o.pos.UID {
		return nil
	}
	mails, err := c.list(ctx, o.pos.Done+1, o.pos.UID)
	if err != nil {
		return err
	}
	var uids imap.UIDSet
	for _, m := range mails {
		if !m.deleted && !m.received.Before(o.pos.Floor) && !m.received.Before(o.pos.AfterFrom) && !slices.Contains(o.pos.Held, uint32(m.uid)) {
			uids.AddNum(m.uid)
		}
	}
	if len(uids) > 0 {
		err := a.apply(ctx, c, o.after, uids)
		if errors.As(err, new(*imap.Error)) {
			a.troubled(o.name, fmt.Errorf("what was taken in cannot be put away: %w", err))
			return nil
		}
		if err != nil {
			return err
		}
	}
	o.pos.Done = o.pos.UID
	return a.savePosition(ctx, o)
}

func (a *Adapter) apply(ctx context.Context, c *conn, what After, uids imap.UIDSet) error {
	switch what {
	case AfterSeen:
		return c.flag(ctx, uids, imap.FlagSeen)
	case AfterDelete:
		return c.remove(ctx, uids)
	}
	return c.move(ctx, uids, a.cfg.MoveTo)
}

// flag sets a flag.
func (c *conn) flag(ctx context.Context, uids imap.UIDSet, flag imap.Flag) error {
	return c.do(ctx, listTimeout, func() error {
		return c.client.Store(uids, &imap.StoreFlags{Op: imap.StoreFlagsAdd, Silent: true, Flags: []imap.Flag{flag}}, nil).Close()
	})
}

// remove removes these mails and no other.
func (c *conn) remove(ctx context.Context, uids imap.UIDSet) error {
	if err := c.flag(ctx, uids, imap.FlagDeleted); err != nil || !c.client.Caps().Has(imap.CapUIDPlus) {
		return err
	}
	return c.do(ctx, listTimeout, func() error { return c.client.UIDExpunge(uids).Close() })
}

// move moves mails. The library's own MOVE would fall back to a plain EXPUNGE.
func (c *conn) move(ctx context.Context, uids imap.UIDSet, to string) error {
	moves := c.client.Caps().Has(imap.CapMove)
	transfer := func() error {
		return c.do(ctx, listTimeout, func() (err error) {
			if moves {
				_, err = c.client.Move(uids, to).Wait()
			} else {
				_, err = c.client.Copy(uids, to).Wait()
			}
			return err
		})
	}
	err := transfer()
	var reply *imap.Error
	if errors.As(err, &reply) && reply.Code == imap.ResponseCodeTryCreate {
		if err := c.do(ctx, c.answer, func() error { return c.client.Create(to, nil).Wait() }); err != nil {
			return err
		}
		err = transfer()
	}
	if err != nil || moves {
		return err
	}
	return c.remove(ctx, uids)
}
