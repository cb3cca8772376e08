package email

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/emersion/go-imap/v2"
)

// Invariants of taking mail in:
//
//   - only UID commands are used, SEARCH never (E-06), and of a mail only UID, FLAGS, MODSEQ, INTERNALDATE, RFC822.SIZE and BODY.PEEK[]: one
//     malformed BODYSTRUCTURE would cost the connection, and PEEK leaves \Seen to people;
//   - groups are taken in the order of UIDs, and the mails of a group that might belong together, too (group.go); the position follows
//     what is accepted without a gap: what is behind it is committed;
//   - a mail taken twice (a crash between Accept and Save, a renumbered folder) is the sink's Duplicate.

// session is one connection from dial to failure. It returns only with an error.
func (a *Adapter) session(ctx context.Context) error {
	c, err := a.dial(ctx)
	if err != nil {
		return err
	}
	defer c.client.Close()
	return c.parting(a.follow(ctx, c))
}

// follow looks at the folders, and again whenever there may be news.
func (a *Adapter) follow(ctx context.Context, c *conn) error {
	folders, err := a.folders(ctx, c)
	if err != nil {
		return err
	}
	var first *opened // stays selected while there is only one
	for {
		a.trouble = nil
		if first, err = a.look(ctx, c, folders, first); err != nil {
			return err
		}
		if err := a.mayGoOn(ctx); err != nil {
			return err
		}
		a.reportLook()
		if err := c.idle(ctx, a.nextLook(c, folders)); err != nil {
			return err
		}
	}
}

// nextLook is when to look again unasked. A server pushes for the selected folder only, so that further ones are looked at as if there
// were no IDLE.
func (a *Adapter) nextLook(c *conn, folders []folder) time.Duration {
	if !c.hasIdle() || a.trouble != nil {
		return jitter(a.cfg.Poll)
	}
	if len(folders) > 1 {
		return min(a.cfg.IdleRenew, jitter(a.cfg.Poll))
	}
	return a.cfg.IdleRenew
}

// look takes what is new in every folder, and leaves the first one selected. A further folder that cannot be opened holds nothing up.
func (a *Adapter) look(ctx context.Context, c *conn, folders []folder, first *opened) (*opened, error) {
	a.held = 0
	for i, f := range folders {
		o, err := first, error(nil)
		if i > 0 || o == nil {
			o, err = a.open(ctx, c, f)
		}
		if i > 0 && errors.As(err, new(*imap.Error)) {
			if !f.found {
				a.troubled(f.name, err)
			}
			continue
		}
		if err == nil {
			err = a.takeFolder(ctx, c, o)
		}
		if err == nil && i > 0 {
			err = a.takeMarks(ctx, c, o)
		}
		if err != nil {
			a.folder = f.name
			return nil, err
		}
		if i == 0 {
			first = o
		}
	}
	if len(folders) > 1 {
		var err error
		if first, err = a.open(ctx, c, folders[0]); err != nil {
			return nil, err
		}
		if err := a.takeNew(ctx, c, first); err != nil {
			return nil, err
		}
	}
	return first, a.takeMarks(ctx, c, first)
}

func (a *Adapter) takeFolder(ctx context.Context, c *conn, o *opened) error {
	for _, step := range []func(context.Context, *conn, *opened) error{a.tryHeldAgain, a.takeNew, a.settleFolder} {
		if err := step(ctx, c, o); err != nil {
			return err
		}
	}
	a.held += len(o.pos.Held)
	return nil
}

// mayGoOn has the access token renewed before it ends, and so learns that the permission was withdrawn while a connection still lives.
func (a *Adapter) mayGoOn(ctx context.Context) error {
	if a.cfg.IMAP.Auth == AuthPassword {
		return nil
	}
	_, err := a.cfg.IMAP.Tokens.Token(ctx)
	return err
}

// How many UIDs are listed with one command. A folder from which much was removed has long gaps, and is gone through faster.
const (
	spanMin = 5_000
	spanMax = 50_000
)

// takeNew takes every mail above the position. The position in o has been saved, save for gaps in the UIDs behind it.
func (a *Adapter) takeNew(ctx context.Context, c *conn, o *opened) error {
	span := uint32(spanMin)
	for {
		select {
		case <-c.hints: // what it hinted at is about to be seen
		default:
		}
		from, to := o.pos.UID+1, uint32(0) // 0: whatever there is
		if o.next > span && from < o.next-span {
			to = from + span - 1
		}
		list, err := c.list(ctx, from, to)
		if err != nil {
			return err
		}
		if err := a.takeList(ctx, c, o, list); err != nil {
			return err
		}
		if to == 0 && len(list) == 0 {
			return nil
		}
		o.pos.UID = max(o.pos.UID, to)
		if span = spanMin; len(list) < spanMin/4 {
			span = spanMax
		}
	}
}

func (a *Adapter) takeList(ctx context.Context, c *conn, o *opened, list []listed) error {
	if len(list) == 0 {
		return nil
	}
	// What is behind the list is counted by UIDs, of which some may be gone: the lag is never more than is told (E-14).
	behind := max(0, int64(o.next)-1-int64(list[len(list)-1].uid))
	a.lag = int64(len(list)) + behind
	if a.lag > groupMails {
		a.report(true, codeOK, nil)
	}
	for len(list) > 0 {
		n := groupSize(list, a.cfg.MaxSize)
		if o.pos.Stuck != nil {
			n = 1 // the bad one is to be found
		}
		if err := a.takeGroup(ctx, c, o, list[:n]); err != nil {
			return err
		}
		list = list[n:]
		a.lag = int64(len(list)) + behind
	}
	return nil
}

// takeGroup fetches, accepts and only then saves the position.
func (a *Adapter) takeGroup(ctx context.Context, c *conn, o *opened, group []listed) error {
	if o.pos.lost(group[0].uid) {
		return a.hold(ctx, c, o, group[0], errors.New(o.pos.Stuck.Why))
	}
	wanted := group[:0:0]
	for _, m := range group {
		m.sent = o.sent
		if !m.deleted && !m.received.Before(o.pos.Floor) {
			wanted = append(wanted, m)
		}
	}
	done, err := a.takeMails(ctx, c, wanted)
	if err == nil {
		o.pos.passed(group[len(group)-1].uid)
		return a.savePosition(ctx, o)
	}
	if done > 0 {
		o.pos.passed(wanted[done-1].uid)
		err = errors.Join(err, a.savePosition(ctx, o))
	}
	return a.stuckAt(ctx, c, o, wanted[done:], err)
}

// takeMails brings mails that are fetched with one command into the record. It returns how many of the first ones are done with.
func (a *Adapter) takeMails(ctx context.Context, c *conn, mails []listed) (int, error) {
	bodies, err := a.fetchGroup(ctx, c, mails)
	if err == nil {
		err = c.notThere(ctx, mails, bodies)
	}
	if err != nil {
		return 0, err
	}
	return a.acceptGroup(ctx, mails, bodies)
}

// troubled notes what is wrong with a folder while the others are read.
func (a *Adapter) troubled(folder string, err error) {
	a.log.Warn("folder is not as it should be", "folder", folder, "err", err)
	if a.trouble == nil {
		a.folder, a.trouble = folder, fmt.Errorf("folder %q: %w", folder, err)
	}
}

// reportLook tells how a look ended.
func (a *Adapter) reportLook() {
	a.lastSuccess, a.lag = a.deps.Now(), 0
	if a.trouble != nil {
		a.report(false, codeFolder, a.trouble)
		return
	}
	a.folder = ""
	a.report(true, codeOK, nil)
}
