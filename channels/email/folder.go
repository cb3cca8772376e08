package email

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/emersion/go-imap/v2"
)

// Names by which Config.Junk and Config.Sent mean more than a folder's name.
const (
	FolderAuto = "auto" // the one that the server marks (RFC 6154), or that has a usual name
	FolderNone = "none"
)

// folder is a folder that is read.
type folder struct {
	name  string
	sent  bool // holds what colleagues sent: taken as ours, never changed
	after After
	found bool // by itself: it may be gone again without harm
}

// usual are the names of folders that servers do not mark, in lower case, without the folders above them.
var usual = map[imap.MailboxAttr][]string{
	imap.MailboxAttrSent: {"sent", "sent items", "sent messages", "sent mail", "posta inviata", "inviati", "inviata", "gesendet", "gesendete elemente",
		"messages envoyés", "éléments envoyés", "enviados"},
	imap.MailboxAttrJunk: {"junk", "spam", "junk e-mail", "junk email", "posta indesiderata", "indesiderata", "bulk mail"},
}

// folders are those that are read, in the order in which they are looked at: what customers wrote before what colleagues answered, so
// that an answer finds its question.
func (a *Adapter) folders(ctx context.Context, c *conn) ([]folder, error) {
	var all []folder
	for _, name := range a.cfg.Folders {
		all = append(all, folder{name: name, after: a.cfg.After})
	}
	junk, err := a.special(ctx, c, a.cfg.Junk, imap.MailboxAttrJunk)
	if err != nil {
		return nil, err
	}
	sent, err := a.special(ctx, c, a.cfg.Sent, imap.MailboxAttrSent)
	if err != nil {
		return nil, err
	}
	if junk.name != "" && !slices.Contains(a.cfg.Folders, junk.name) {
		all = append(all, junk)
	}
	if sent.name != "" && sent.name != junk.name && !slices.Contains(a.cfg.Folders, sent.name) {
		sent.sent = true
		all = append(all, sent)
	}
	return all, nil
}

// special is the folder of one use that the settings name, or that the server has.
func (a *Adapter) special(ctx context.Context, c *conn, wanted string, use imap.MailboxAttr) (folder, error) {
	switch wanted {
	case "", FolderNone:
		return folder{}, nil
	case FolderAuto:
		name, err := c.findSpecial(ctx, use)
		return folder{name: name, found: true}, err
	}
	return folder{name: wanted}, nil
}

// findSpecial asks the server for the folder of one use, "" when it has none. Names are UTF-8 here; the library speaks modified UTF-7
// where the server wants it (RFC 3501 section 5.1.3).
func (c *conn) findSpecial(ctx context.Context, use imap.MailboxAttr) (string, error) {
	caps := c.client.Caps()
	var options *imap.ListOptions
	if caps.Has(imap.CapSpecialUse) && caps.Has(imap.CapListExtended) {
		options = &imap.ListOptions{ReturnSpecialUse: true}
	}
	var all []*imap.ListData
	err := c.do(ctx, c.answer, func() (err error) {
		all, err = c.client.List("", "*", options).Collect()
		return err
	})
	if errors.As(err, new(*imap.Error)) {
		return "", nil // a server that does not list has none
	}
	if err != nil {
		return "", fmt.Errorf("list folders: %w", err)
	}
	byName := ""
	for _, m := range all {
		if slices.Contains(m.Attrs, imap.MailboxAttrNoSelect) || slices.Contains(m.Attrs, imap.MailboxAttrNonExistent) {
			continue
		}
		if slices.Contains(m.Attrs, use) {
			return m.Mailbox, nil
		}
		last := m.Mailbox
		if m.Delim != 0 {
			last = last[strings.LastIndex(last, string(m.Delim))+1:]
		}
		if byName == "" && slices.Contains(usual[use], strings.ToLower(last)) {
			byName = m.Mailbox
		}
	}
	return byName, nil
}

// opened is a folder that is selected.
type opened struct {
	folder
	pos    position
	next   uint32 // UIDNEXT when it was selected, 0 if the server did not say
	modSeq uint64 // HIGHESTMODSEQ then, 0 if the folder has none
}

// open selects a folder and finds out where to go on. A new UIDVALIDITY means that every UID is void: the folder is taken from its
// beginning, and the sink knows again what it has (E-04).
func (a *Adapter) open(ctx context.Context, c *conn, f folder) (*opened, error) {
	var data *imap.SelectData
	err := c.do(ctx, c.answer, func() (err error) {
		data, err = c.client.Select(f.name, &imap.SelectOptions{ReadOnly: f.after == AfterLeave, CondStore: a.asksChanges(c)}).Wait()
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("select folder %q: %w", f.name, err)
	}
	pos, known, err := a.loadPosition(ctx, f.name)
	if err != nil {
		return nil, err
	}
	o := &opened{folder: f, pos: pos, next: uint32(data.UIDNext), modSeq: data.HighestModSeq}
	switch {
	case !known && a.cfg.SkipExisting && data.UIDNext > 0:
		o.pos = position{Validity: data.UIDValidity, UID: uint32(data.UIDNext) - 1, Done: uint32(data.UIDNext) - 1, Floor: a.deps.Now(), After: f.after}
		return o, a.savePosition(ctx, o)
	case known && pos.Validity != data.UIDValidity:
		a.log.Warn("folder was renumbered, it is taken again from its beginning", "folder", f.name, "was", pos.Validity, "is", data.UIDValidity)
		o.pos = position{Validity: data.UIDValidity, Floor: pos.Floor, After: pos.After, AfterFrom: pos.AfterFrom}
	case !known:
		o.pos = position{Validity: data.UIDValidity, After: f.after}
	}
	if o.pos.After != f.after { // what came before it was wished stays as it is
		o.pos.After, o.pos.AfterFrom, o.pos.Done = f.after, a.deps.Now(), o.pos.UID
		return o, a.savePosition(ctx, o)
	}
	return o, nil
}
