package email

import (
	"context"
	"fmt"

	"github.com/emersion/go-imap/v2"
)

// Reads reports whether there is a mailbox to read, rather than mail that is handed over.
func (a *Adapter) Reads() bool { return a.cfg.reads() }

// UsesTokens reports whether the mailbox is read by access tokens.
func (a *Adapter) UsesTokens() bool { return a.cfg.IMAP.Auth != AuthPassword }

// CheckToken asks the provider for an access token. It is for a mailbox that uses them.
func (a *Adapter) CheckToken(ctx context.Context) error {
	_, err := a.cfg.IMAP.Tokens.Token(ctx)
	return err
}

// CheckIMAP connects, signs in and opens every folder, and changes nothing. It tells an administrator whether the settings are right.
func (a *Adapter) CheckIMAP(ctx context.Context) error {
	c, err := a.dial(ctx)
	if err != nil {
		return err
	}
	defer c.client.Close()
	folders, err := a.folders(ctx, c)
	if err != nil {
		return err
	}
	for _, f := range folders {
		if err := c.examine(ctx, f.name); err != nil {
			return fmt.Errorf("folder %q: %w", f.name, err)
		}
	}
	return nil
}

// Waiting counts the mails that are in the folders and have not been taken in. It changes nothing.
func (a *Adapter) Waiting(ctx context.Context) (int, error) {
	c, err := a.dial(ctx)
	if err != nil {
		return 0, err
	}
	defer c.client.Close()
	folders, err := a.folders(ctx, c)
	if err != nil {
		return 0, err
	}
	waiting := 0
	for _, f := range folders {
		pos, _, err := a.loadPosition(ctx, f.name)
		if err != nil {
			return 0, err
		}
		if err := c.examine(ctx, f.name); err != nil {
			return 0, fmt.Errorf("folder %q: %w", f.name, err)
		}
		mails, err := c.list(ctx, pos.UID+1, 0)
		if err != nil {
			return 0, fmt.Errorf("folder %q: %w", f.name, err)
		}
		for _, m := range mails {
			if !m.deleted && !m.received.Before(pos.Floor) {
				waiting++
			}
		}
	}
	return waiting, nil
}

// examine selects a folder in which nothing will be changed.
func (c *conn) examine(ctx context.Context, folder string) error {
	return c.do(ctx, c.answer, func() error {
		_, err := c.client.Select(folder, &imap.SelectOptions{ReadOnly: true}).Wait()
		return err
	})
}

// CheckSMTP connects, encrypts and signs in, and sends nothing.
func (a *Adapter) CheckSMTP(ctx context.Context) error {
	c, err := a.openSMTP(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	if err := c.Quit(); err != nil {
		return fmt.Errorf("quit: %w", err)
	}
	return nil
}
