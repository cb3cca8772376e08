package email

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/emersion/go-imap/v2"

	"sportello/channels"
	"sportello/channels/pause"
)

// Invariants of the copies in the folder of sent mail (E-51):
//
//   - sending neither waits for a copy nor fails by one: Send notes what is to be copied, and RunCopies copies it afterwards;
//   - the folder is asked for the Message-ID before every APPEND, so that a mail that was sent twice after an unknown outcome, one whose
//     APPEND was not answered, and one that the provider keeps by itself is there once;
//   - what waits for its copy is in memory only. A gateway that is killed, or that stops while the mailbox cannot be reached, makes no
//     copy of it; the mail itself is in the record.

const (
	copyTries  = 10 // of a copy that the server refuses
	copyLinger = 30 * time.Second
	copyStop   = 3 * time.Second // for what waits when RunCopies is to end
	copySince  = 48 * time.Hour  // before it was written a mail is not in the folder, by whatever clock and zone
)

// copyLater notes a mail that was sent.
func (a *Adapter) copyLater(out channels.Outbound) {
	if !a.cfg.copies() {
		return
	}
	if lost := a.copies.add(&sentMail{out: out, at: a.deps.Now()}); lost > 0 {
		a.log.Warn("too much waits for its copy in the folder of sent mail: some is in the record only", "count", lost, "waiting", copiesMost)
	}
}

// RunCopies copies what Send sends into the folder of sent mail until ctx ends, whose error it returns. It is to run wherever Send is
// called, also where another gateway reads the mailbox; for a mailbox without copies it only waits. What the mailbox does not take is
// tried again with growing pauses. When ctx ends, what waits is still tried for a moment.
func (a *Adapter) RunCopies(ctx context.Context) error {
	delay := a.cfg.RetryMin
	for a.copies.wait(ctx, nil) {
		before := a.copied
		err := a.copySession(ctx, copyLinger)
		if err == nil {
			delay = a.cfg.RetryMin
			continue
		}
		if ctx.Err() != nil {
			break
		}
		if a.copied > before {
			delay = a.cfg.RetryMin
		}
		code := healthCode(err)
		delay = a.knock(delay, code)
		wait := jitter(delay)
		a.log.Warn("sent mail cannot be copied into its folder now, will be tried again", "code", code, "err", err, "wait", wait)
		if !pause.For(ctx, wait) {
			break
		}
		delay = min(2*delay, a.cfg.RetryMax)
	}
	if a.copies.next() != nil {
		last, cancel := context.WithTimeout(context.WithoutCancel(ctx), copyStop)
		defer cancel()
		if err := a.copySession(last, 0); err != nil {
			a.log.Warn("sent mail was not copied into its folder before the stop: it is in the record only", "err", err)
		}
	}
	return ctx.Err()
}

// copySession copies what waits, and what comes within linger of the one before, on one connection.
func (a *Adapter) copySession(ctx context.Context, linger time.Duration) error {
	c, err := a.dial(ctx)
	if err != nil {
		return err
	}
	defer c.client.Close()
	for {
		if err := a.copyAll(ctx, c); err != nil {
			return c.parting(err)
		}
		if linger == 0 || !a.copies.soon(ctx, c, linger) {
			_ = c.do(ctx, c.answer, func() error { return c.client.Logout().Wait() }) // everything is copied
			return nil
		}
	}
}

// copyAll copies what waits.
func (a *Adapter) copyAll(ctx context.Context, c *conn) error {
	folder, err := a.sentFolder(ctx, c, true)
	if err != nil {
		return err
	}
	if folder == "" {
		a.copies.clear(a.deps.Now().Add(copiesQuiet))
		a.log.Debug("there is no folder of sent mail: what was sent is not copied")
		return nil
	}
	for m := a.copies.next(); m != nil; m = a.copies.next() {
		err := a.copyOne(ctx, c, folder, m)
		if err == nil {
			a.copied++
			a.copies.done()
			continue
		}
		if refused := errors.As(err, new(*imap.Error)) || errors.As(err, new(unwritten)); !refused {
			return err
		}
		if m.tries++; m.tries >= copyTries {
			a.copies.done()
			a.log.Warn("a sent mail cannot be copied into its folder: it is in the record only", "outbox", m.out.ID, "err", err)
			continue
		}
		a.copies.later()
		return err
	}
	return nil
}

// unwritten is a mail that could not be written out again.
type unwritten struct{ error }

// copyOne puts one mail into the folder that is selected, unless it is there.
func (a *Adapter) copyOne(ctx context.Context, c *conn, folder string, m *sentMail) error {
	there, err := c.has(ctx, m)
	if there || err != nil {
		return err
	}
	raw, err := a.compose(ctx, m.out)
	if err != nil {
		return unwritten{fmt.Errorf("write mail: %w", err)}
	}
	err = c.do(ctx, listTimeout, func() error {
		command := c.client.Append(folder, int64(len(raw)), &imap.AppendOptions{Flags: []imap.Flag{imap.FlagSeen}, Time: m.at})
		_, writeErr := command.Write(raw)
		if err := errors.Join(writeErr, command.Close()); err != nil {
			return err
		}
		_, err := command.Wait()
		return err
	})
	if err != nil {
		return fmt.Errorf("append to folder %q: %w", folder, err)
	}
	return nil
}

// has reports whether the selected folder holds a mail.
func (c *conn) has(ctx context.Context, m *sentMail) (bool, error) {
	wanted := &imap.SearchCriteria{Header: []imap.SearchCriteriaHeaderField{{Key: "Message-ID", Value: "<" + m.out.Thread.MessageID + ">"}}}
	if !m.out.At.IsZero() {
		wanted.Since = m.out.At.Add(-copySince) // spares the server the old ones
	}
	var found *imap.SearchData
	err := c.do(ctx, listTimeout, func() (err error) {
		found, err = c.client.UIDSearch(wanted, nil).Wait()
		return err
	})
	if err != nil {
		return false, fmt.Errorf("search for the copy: %w", err)
	}
	return len(found.AllUIDs()) > 0, nil
}
