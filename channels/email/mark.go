package email

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"sportello/channels"
	"sportello/channels/email/field"
)

// What colleagues do to the mail with another program (E-09). The invariants:
//
//   - Only \Answered is told: somebody has answered, though perhaps no copy of it lies in the folder of sent mail. That a mail was read,
//     starred, moved or removed there says nothing of the customer's question, and changes nothing.
//   - A look costs nothing while the server's HIGHESTMODSEQ is the one of the position, else one FETCH with CHANGEDSINCE (RFC 7162). A
//     server without CONDSTORE, or a folder that has NOMODSEQ, is not asked.
//   - It is asked after the folder of sent mail was looked at, so that an answer whose copy is there is that copy.
//   - position.ModSeq follows what was told. What is told twice, as after a crash, changes nothing.

// takeMarks tells what was done to mails that have been taken. What the server refuses keeps no mail from coming in.
func (a *Adapter) takeMarks(ctx context.Context, c *conn, o *opened) error {
	if a.deps.Marks == nil || o.sent || o.modSeq == 0 || !c.flagged.Swap(false) && o.modSeq == o.pos.ModSeq {
		return nil
	}
	if o.pos.ModSeq == 0 && !o.pos.Floor.IsZero() { // nothing of what was there is in the record
		o.pos.ModSeq = o.modSeq
		return a.savePosition(ctx, o)
	}
	answered, upTo, err := c.changed(ctx, o)
	if err == nil {
		err = a.tellAnswered(ctx, c, answered)
	}
	if errors.As(err, new(*imap.Error)) {
		a.log.Warn("what was done to mails elsewhere is not known", "folder", o.name, "err", err)
		o.modSeq = 0 // until the folder is selected anew
		return nil
	}
	if err != nil || upTo == o.pos.ModSeq {
		return err
	}
	o.pos.ModSeq, o.modSeq = upTo, max(o.modSeq, upTo)
	return a.savePosition(ctx, o)
}

// changed returns the mails that have been taken, have changed since the position and are \Answered, and how far that is all of them.
func (c *conn) changed(ctx context.Context, o *opened) (answered []imap.UID, upTo uint64, err error) {
	upTo = o.modSeq
	var later uint64 // the first change of a mail that has not been taken yet
	err = c.do(ctx, listTimeout, func() error {
		set := imap.UIDSet{imap.UIDRange{Start: 1, Stop: 0}}
		command := c.client.Fetch(set, &imap.FetchOptions{UID: true, Flags: true, ModSeq: true, ChangedSince: o.pos.ModSeq})
		for message := command.Next(); message != nil; message = command.Next() {
			m, err := message.Collect()
			if err != nil {
				command.Close()
				return err
			}
			switch {
			case m.UID == 0: // pushed between the answers, and not one of them
				c.flagged.Store(true)
			case uint32(m.UID) > o.pos.UID:
				if later == 0 || m.ModSeq < later {
					later = m.ModSeq
				}
			case slices.Contains(m.Flags, imap.FlagAnswered):
				answered = append(answered, m.UID)
				fallthrough
			default:
				upTo = max(upTo, m.ModSeq)
			}
		}
		return command.Close()
	})
	if err != nil {
		return nil, 0, fmt.Errorf("fetch changes: %w", err)
	}
	if later > 0 {
		upTo = min(upTo, later-1)
	}
	return answered, max(upTo, o.pos.ModSeq), nil
}

// tellAnswered passes on that mails were answered. One without a Message-ID cannot be named.
func (a *Adapter) tellAnswered(ctx context.Context, c *conn, uids []imap.UID) error {
	slices.Sort(uids)
	for some := range slices.Chunk(uids, idsAtOnce) {
		ids, err := c.messageIDs(ctx, imap.UIDSetNum(some...))
		if err != nil {
			return err
		}
		for _, uid := range some {
			if ids[uid] == "" {
				continue
			}
			mark := channels.Mark{Account: a.cfg.Account, MessageID: ids[uid], What: channels.MarkAnswered, At: a.deps.Now()}
			if err := a.deps.Marks.Mark(ctx, mark); err != nil {
				return storeError{fmt.Errorf("mark mail: %w", err)}
			}
		}
	}
	return nil
}

// messageIDs are the well-formed Message-IDs of mails.
func (c *conn) messageIDs(ctx context.Context, set imap.UIDSet) (map[imap.UID]string, error) {
	ids := make(map[imap.UID]string)
	section := &imap.FetchItemBodySection{Specifier: imap.PartSpecifierHeader, HeaderFields: []string{"Message-ID"}, Peek: true}
	err := c.fetch(ctx, listTimeout, set, section, func(m *imapclient.FetchMessageBuffer) {
		h, _ := field.Split(m.FindBodySection(section))
		if id := field.ID(h.Get("message-id")); id != "" {
			ids[m.UID] = id
		}
	})
	if err != nil {
		return nil, fmt.Errorf("fetch message ids: %w", err)
	}
	return ids, nil
}

// asksChanges reports whether folders are opened so that the server says what changes in them.
func (a *Adapter) asksChanges(c *conn) bool {
	return a.deps.Marks != nil && c.client.Caps().Has(imap.CapCondStore)
}
