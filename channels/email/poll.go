package email

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
)

// Invariants of taking mail in:
//
//   - only UID commands are used, and of a mail only UID, FLAGS, INTERNALDATE, RFC822.SIZE and BODY.PEEK[]: one malformed
//     BODYSTRUCTURE would cost the connection, and PEEK leaves \Seen to people;
//   - groups are taken in the order of UIDs, and the mails of a group that might belong together, too (group.go); the position follows
//     what is accepted without a gap: what is behind it is committed;
//   - a mail taken twice (a crash between Accept and Save, a renumbered folder) is the sink's Duplicate.

const (
	groupMails = 50      // mails fetched with one command
	groupBytes = 4 << 20 // bytes fetched with one command, save for a single larger mail
	stubBytes  = 256 << 10
)

// session is one connection from dial to failure. It returns only with an error.
func (a *Adapter) session(ctx context.Context) error {
	c, err := a.dial(ctx)
	if err != nil {
		return err
	}
	defer c.client.Close()
	pos, err := a.selectFolder(ctx, c)
	if err != nil {
		return err
	}
	for {
		if pos, err = a.takeNew(ctx, c, pos); err != nil {
			return err
		}
		if err := a.mayGoOn(ctx); err != nil {
			return err
		}
		a.lastSuccess, a.lag = a.deps.Now(), 0
		a.report(true, codeOK, nil)
		limit := jitter(a.cfg.Poll)
		if c.hasIdle() {
			limit = a.cfg.IdleRenew
		}
		if err := c.idle(ctx, limit); err != nil {
			return err
		}
	}
}

// mayGoOn has the access token renewed before it ends, and so learns that the permission was withdrawn while a connection still lives.
func (a *Adapter) mayGoOn(ctx context.Context) error {
	if a.cfg.IMAP.Auth == AuthPassword {
		return nil
	}
	_, err := a.cfg.IMAP.Tokens.Token(ctx)
	return err
}

// selectFolder opens the folder and returns where to go on. A new UIDVALIDITY means that every UID is void: the folder is taken from
// its beginning, and the sink knows again what it has (E-04).
func (a *Adapter) selectFolder(ctx context.Context, c *conn) (position, error) {
	var data *imap.SelectData
	err := c.do(ctx, commandTimeout, func() (err error) {
		data, err = c.client.Select(a.cfg.Folder, &imap.SelectOptions{ReadOnly: true}).Wait()
		return err
	})
	if err != nil {
		return position{}, fmt.Errorf("select folder: %w", err)
	}
	pos, known, err := a.loadPosition(ctx)
	if err != nil {
		return pos, err
	}
	switch {
	case !known && a.cfg.SkipExisting && data.UIDNext > 0:
		pos = position{Validity: data.UIDValidity, UID: uint32(data.UIDNext) - 1, Floor: a.deps.Now()}
		return pos, a.savePosition(ctx, pos)
	case known && pos.Validity != data.UIDValidity:
		a.log.Warn("folder was renumbered, it is taken again from its beginning", "was", pos.Validity, "is", data.UIDValidity)
		return position{Validity: data.UIDValidity, Floor: pos.Floor}, nil
	case !known:
		return position{Validity: data.UIDValidity}, nil
	}
	return pos, nil
}

// takeNew takes every mail above pos and returns the new position. The one returned with an error has been saved as well.
func (a *Adapter) takeNew(ctx context.Context, c *conn, pos position) (position, error) {
	for {
		select {
		case <-c.hints: // what it hinted at is about to be seen
		default:
		}
		list, err := c.list(ctx, pos.UID)
		if err != nil || len(list) == 0 {
			return pos, err
		}
		a.lag = int64(len(list))
		if len(list) > groupMails {
			a.report(true, codeOK, nil)
		}
		for len(list) > 0 {
			n := groupSize(list, a.cfg.MaxSize)
			if pos, err = a.takeGroup(ctx, c, pos, list[:n]); err != nil {
				return pos, err
			}
			list = list[n:]
			a.lag = int64(len(list))
		}
	}
}

// listed is what is known of a mail before its bytes are fetched.
type listed struct {
	uid      imap.UID
	size     int64
	received time.Time
	deleted  bool
}

// list returns the mails above after in order. The range "n:*" always names the last mail, even when
// its UID is below n (RFC 3501 section 6.4.8): that one is left out.
func (c *conn) list(ctx context.Context, after uint32) ([]listed, error) {
	var found []listed
	set := imap.UIDSet{imap.UIDRange{Start: imap.UID(after) + 1}}
	err := c.fetch(ctx, listTimeout, set, nil, func(m *imapclient.FetchMessageBuffer) {
		if uint32(m.UID) > after {
			found = append(found, listed{
				uid: m.UID, size: m.RFC822Size, received: m.InternalDate, deleted: slices.Contains(m.Flags, imap.FlagDeleted),
			})
		}
	})
	if err != nil {
		return nil, fmt.Errorf("list folder: %w", err)
	}
	slices.SortFunc(found, func(x, y listed) int { return int(int64(x.uid) - int64(y.uid)) })
	return found, nil
}

// fetch runs one UID FETCH and hands each answer over.
func (c *conn) fetch(ctx context.Context, limit time.Duration, set imap.UIDSet, body *imap.FetchItemBodySection, each func(*imapclient.FetchMessageBuffer)) error {
	options := &imap.FetchOptions{UID: true, Flags: true, InternalDate: true, RFC822Size: true}
	if body != nil {
		options.BodySection = []*imap.FetchItemBodySection{body}
	}
	return c.do(ctx, limit, func() error {
		command := c.client.Fetch(set, options)
		for message := command.Next(); message != nil; message = command.Next() {
			m, err := message.Collect()
			if err != nil {
				command.Close()
				return err
			}
			each(m)
		}
		return command.Close()
	})
}

// groupSize returns how many of the first mails of list are fetched with one command. One over the size limit goes alone.
func groupSize(list []listed, limit int64) int {
	var total int64
	for i, m := range list {
		total += m.size
		if i > 0 && (i >= groupMails || total > groupBytes || m.size > limit) {
			return i
		}
		if m.size > limit {
			return 1
		}
	}
	return len(list)
}

// takeGroup fetches, accepts and only then saves the position.
func (a *Adapter) takeGroup(ctx context.Context, c *conn, pos position, group []listed) (position, error) {
	var wanted []listed
	for _, m := range group {
		if !m.deleted && !m.received.Before(pos.Floor) {
			wanted = append(wanted, m)
		}
	}
	bodies, err := a.fetchGroup(ctx, c, wanted)
	if err != nil {
		return pos, err
	}
	done, err := a.acceptGroup(ctx, group, bodies)
	if done > 0 {
		pos.UID = uint32(group[done-1].uid)
		err = errors.Join(err, a.savePosition(ctx, pos))
	}
	return pos, err
}

// fetchGroup fetches mails that groupSize has put together: in full, or the beginning of a single one over the size limit.
func (a *Adapter) fetchGroup(ctx context.Context, c *conn, group []listed) (map[imap.UID][]byte, error) {
	bodies := make(map[imap.UID][]byte)
	if len(group) == 0 {
		return bodies, nil
	}
	var set imap.UIDSet
	var total int64
	for _, m := range group {
		set.AddNum(m.uid)
		total += m.size
	}
	section := &imap.FetchItemBodySection{Peek: true}
	if group[0].size > a.cfg.MaxSize {
		section.Partial = &imap.SectionPartial{Size: stubBytes}
		total = stubBytes
	}
	limit := commandTimeout + time.Duration(total/(32<<10))*time.Second // at least 32 kB/s
	err := c.fetch(ctx, limit, set, section, func(m *imapclient.FetchMessageBuffer) {
		bodies[m.UID] = m.FindBodySection(section)
	})
	if err != nil {
		return nil, fmt.Errorf("fetch mail: %w", err)
	}
	return bodies, nil
}
