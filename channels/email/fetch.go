package email

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"sportello/channels/email/authn"
)

const (
	groupMails = 50      // mails fetched with one command
	groupBytes = 4 << 20 // bytes fetched with one command
	bigBytes   = 1 << 20 // a larger mail is fetched alone, and goes to the vault while it arrives
	stubBytes  = 256 << 10
)

// listed is what is known of a mail before its bytes are fetched.
type listed struct {
	uid      imap.UID
	size     int64
	received time.Time
	deleted  bool
	sent     bool           // from a folder that holds what colleagues sent
	by       authn.Envelope // of a mail that was handed over and is in no folder
}

// list returns the mails with UIDs of from to to in order, or all from from when to is 0. The range "n:*" always names the last mail,
// even when its UID is below n (RFC 3501 section 6.4.8): that one is left out (E-05).
func (c *conn) list(ctx context.Context, from, to uint32) ([]listed, error) {
	var found []listed
	set := imap.UIDSet{imap.UIDRange{Start: imap.UID(from), Stop: imap.UID(to)}}
	err := c.fetch(ctx, listTimeout, set, nil, func(m *imapclient.FetchMessageBuffer) {
		if uint32(m.UID) >= from {
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

// fetchOptions are all that is asked of a mail on its way in.
func fetchOptions(body *imap.FetchItemBodySection) *imap.FetchOptions {
	options := &imap.FetchOptions{UID: true, Flags: true, InternalDate: true, RFC822Size: true}
	if body != nil {
		options.BodySection = []*imap.FetchItemBodySection{body}
	}
	return options
}

// fetch runs one UID FETCH and hands each answer over.
func (c *conn) fetch(ctx context.Context, limit time.Duration, set imap.UIDSet, body *imap.FetchItemBodySection, each func(*imapclient.FetchMessageBuffer)) error {
	return c.do(ctx, limit, func() error {
		command := c.client.Fetch(set, fetchOptions(body))
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

// groupSize returns how many of the first mails of list are fetched with one command. A big one goes alone.
func groupSize(list []listed, limit int64) int {
	var total int64
	for i, m := range list {
		total += m.size
		big := m.size > limit || m.size > bigBytes
		if i > 0 && (i >= groupMails || total > groupBytes || big) {
			return i
		}
		if big {
			return 1
		}
	}
	return len(list)
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
	switch size := group[0].size; {
	case size > a.cfg.MaxSize:
		section.Partial = &imap.SectionPartial{Size: stubBytes}
		total = stubBytes
	case len(group) == 1 && size > bigBytes:
		raw, err := a.fetchBig(ctx, c, group[0])
		if err != nil || raw == nil {
			return bodies, err
		}
		bodies[group[0].uid] = raw
		return bodies, nil
	}
	err := c.fetch(ctx, c.fetchTime(total), set, section, func(m *imapclient.FetchMessageBuffer) {
		bodies[m.UID] = m.FindBodySection(section)
	})
	if err != nil {
		return nil, poison{fmt.Errorf("fetch mail: %w", err)}
	}
	return bodies, nil
}

// notThere takes mails that came without their bytes out of bodies, if somebody has removed them since they were listed. One that is
// still there has been withheld, and must not be passed over.
func (c *conn) notThere(ctx context.Context, mails []listed, bodies map[imap.UID][]byte) error {
	for _, m := range mails {
		if len(bodies[m.uid]) > 0 || m.size == 0 {
			continue
		}
		still, err := c.list(ctx, uint32(m.uid), uint32(m.uid))
		if err != nil {
			return err
		}
		if len(still) > 0 {
			return poison{fmt.Errorf("fetch mail: %d bytes were listed and none came", m.size)}
		}
		delete(bodies, m.uid)
	}
	return nil
}

// fetchTime is how long bytes may take: at least 32 kB/s.
func (c *conn) fetchTime(n int64) time.Duration {
	return c.answer + time.Duration(n/(32<<10))*time.Second
}

// fetchBig lets a big mail flow into the vault, so that however slowly it comes no memory waits for it, and reads it from there. It
// returns nil when the mail is not there any more.
func (a *Adapter) fetchBig(ctx context.Context, c *conn, l listed) ([]byte, error) {
	var raw []byte
	var failure error
	err := c.do(ctx, c.fetchTime(l.size), func() error {
		command := c.client.Fetch(imap.UIDSetNum(l.uid), fetchOptions(&imap.FetchItemBodySection{Peek: true}))
		for message := command.Next(); message != nil; message = command.Next() {
			for item := message.Next(); item != nil; item = message.Next() {
				if body, ok := item.(imapclient.FetchItemDataBodySection); ok && body.Literal != nil && failure == nil {
					raw, failure = a.throughVault(ctx, body.Literal)
				}
			}
		}
		return command.Close()
	})
	if failure != nil && err == nil {
		return nil, failure
	}
	if err != nil {
		return nil, poison{fmt.Errorf("fetch mail: %w", err)}
	}
	return raw, nil
}

func (a *Adapter) throughVault(ctx context.Context, r io.Reader) ([]byte, error) {
	blob, size, err := a.deps.Vault.Put(ctx, r)
	if err != nil {
		return nil, storeError{fmt.Errorf("keep raw mail: %w", err)}
	}
	kept, err := a.deps.Vault.Open(ctx, blob)
	if err != nil {
		return nil, storeError{fmt.Errorf("read raw mail: %w", err)}
	}
	defer kept.Close()
	raw := bytes.NewBuffer(make([]byte, 0, size+bytes.MinRead))
	if _, err := raw.ReadFrom(kept); err != nil {
		return nil, storeError{fmt.Errorf("read raw mail: %w", err)}
	}
	return raw.Bytes(), nil
}
