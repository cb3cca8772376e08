package email

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/emersion/go-imap/v2"

	"sportello/channels"
)

var _ channels.Lister = (*Adapter)(nil)

// The record knows a mail by what it is (externalID), not by its UID, so that a renumbered folder brings nothing twice. To say what of a
// folder is missing in the record, mails are therefore compared in two steps: a Message-ID that stands once in the folder and is known
// settles it, for the price of one header field; every other mail is read in full and named as it was, or would have been, taken.

const idsAtOnce = 500 // mails whose Message-ID is asked for with one command

// List reports what is in the folders and is to be in the record: mails whose INTERNALDATE is at or after from and before until, save
// for deleted ones, those from before the mailbox was first read (Config.SkipExisting), and our own that came back. What colleagues
// sent is not listed: not all of it belongs into the record. Nothing is marked as read. It has a connection of its own and may be called while Run is running.
func (a *Adapter) List(ctx context.Context, from, until time.Time, known channels.Known) ([]channels.Listed, error) {
	if !a.cfg.reads() {
		return nil, errors.New("the mail of this account is handed over: there is no mailbox to list")
	}
	c, err := a.dial(ctx)
	if err != nil {
		return nil, err
	}
	defer c.client.Close()
	folders, err := a.folders(ctx, c)
	if err != nil {
		return nil, err
	}
	var all []channels.Listed
	for _, f := range folders {
		if f.sent {
			continue
		}
		found, err := a.listFolder(ctx, c, f.name, from, until, known)
		if err != nil {
			return nil, fmt.Errorf("folder %q: %w", f.name, err)
		}
		all = append(all, found...)
	}
	return all, nil
}

func (a *Adapter) listFolder(ctx context.Context, c *conn, folder string, from, until time.Time, known channels.Known) ([]channels.Listed, error) {
	pos, _, err := a.loadPosition(ctx, folder)
	if err != nil {
		return nil, err
	}
	if err := c.examine(ctx, folder); err != nil {
		return nil, err
	}
	all, err := c.list(ctx, 1, 0)
	if err != nil {
		return nil, err
	}
	var mails []listed
	for _, m := range all {
		if !m.deleted && !m.received.Before(from) && m.received.Before(until) && !m.received.Before(pos.Floor) {
			mails = append(mails, m)
		}
	}
	found, rest, err := a.recognise(ctx, c, folder, mails, known)
	if err != nil {
		return nil, err
	}
	read, err := a.readAll(ctx, c, folder, rest)
	return append(found, read...), err
}

// recognise returns the mails that are known by their Message-ID, and the rest.
func (a *Adapter) recognise(ctx context.Context, c *conn, folder string, mails []listed, known channels.Known) (found []channels.Listed, rest []listed, err error) {
	if known == nil {
		return nil, mails, nil
	}
	ids, count := make(map[imap.UID]string), make(map[string]int)
	for at := 0; at < len(mails); at += idsAtOnce {
		var set imap.UIDSet
		for _, m := range mails[at:min(at+idsAtOnce, len(mails))] {
			set.AddNum(m.uid)
		}
		some, err := c.messageIDs(ctx, set)
		if err != nil {
			return nil, nil, err
		}
		for uid, id := range some {
			ids[uid] = id
			count[id]++
		}
	}
	var asked []string
	for id, n := range count {
		if n == 1 {
			asked = append(asked, id)
		}
	}
	have, err := known(ctx, asked)
	if err != nil {
		return nil, nil, err
	}
	for _, m := range mails {
		if id := ids[m.uid]; count[id] == 1 && have[id] {
			found = append(found, channels.Listed{External: id, Known: true, Inbound: true, Place: place(folder, m), At: m.received})
			continue
		}
		rest = append(rest, m)
	}
	return found, rest, nil
}

// readAll reads mails in full, as Run would.
func (a *Adapter) readAll(ctx context.Context, c *conn, folder string, mails []listed) ([]channels.Listed, error) {
	var found []channels.Listed
	for len(mails) > 0 {
		group := mails[:groupSize(mails, a.cfg.MaxSize)]
		mails = mails[len(group):]
		bodies, err := a.fetchGroup(ctx, c, group)
		if err != nil {
			return nil, err
		}
		for _, l := range group {
			raw, ok := bodies[l.uid]
			if !ok {
				continue // removed meanwhile by somebody else
			}
			if m := a.read(ctx, raw, l); !m.Ours {
				found = append(found, channels.Listed{External: m.External, Inbound: true, Place: place(folder, l), At: l.received})
			}
		}
	}
	return found, nil
}

func place(folder string, m listed) string { return fmt.Sprintf("%s UID %d", folder, m.uid) }
