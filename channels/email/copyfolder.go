package email

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/emersion/go-imap/v2"
)

// CopyMode says whether a copy of what is sent is put into the folder of sent mail.
type CopyMode string

// The modes.
const (
	CopyAuto CopyMode = "auto" // where the SMTP server does not keep one itself, as Google and Microsoft 365 do, and there is such a folder
	CopyOn   CopyMode = "on"   // always; the folder is made when there is none
	CopyOff  CopyMode = "off"
)

// madeFolder is the name of a folder of sent mail that is made.
const madeFolder = "Sent"

// keepers are the SMTP servers that put what they send into the folder of sent mail themselves.
var keepers = []string{"smtp.gmail.com", "smtp.googlemail.com", "smtp.office365.com", "outlook.office365.com", "smtp-mail.outlook.com"}

func (c Config) validateCopies() []error {
	switch c.SentCopy {
	case "", CopyAuto, CopyOff:
		return nil
	case CopyOn:
		if !c.reads() {
			return []error{errors.New("sent_copy: on needs an imap block")}
		}
		return nil
	}
	return []error{fmt.Errorf("sent_copy: %q is none of auto, on, off", c.SentCopy)}
}

// Copies reports whether a copy of what is sent is put into the folder of sent mail, if there is one.
func (a *Adapter) Copies() bool { return a.cfg.copies() }

func (c Config) copies() bool {
	switch {
	case !c.reads() || c.SentCopy == CopyOff:
		return false
	case c.SentCopy == CopyOn:
		return true
	}
	return !slices.Contains(keepers, strings.ToLower(strings.TrimSuffix(c.SMTP.Host, ".")))
}

// SentFolder is the folder that copies of what is sent go to, "" when there is none. It changes nothing.
func (a *Adapter) SentFolder(ctx context.Context) (string, error) {
	c, err := a.dial(ctx)
	if err != nil {
		return "", err
	}
	defer c.client.Close()
	return a.sentFolder(ctx, c, false)
}

// sentFolder finds and selects the folder of sent mail. If copies are asked for and it is missing, it is made when the caller may.
func (a *Adapter) sentFolder(ctx context.Context, c *conn, may bool) (string, error) {
	wanted := a.cfg.Sent
	if wanted == FolderNone {
		wanted = FolderAuto // it is not read, and still holds what is sent
	}
	f, err := a.special(ctx, c, wanted, imap.MailboxAttrSent)
	if err != nil {
		return "", err
	}
	makes := a.cfg.SentCopy == CopyOn
	if f.name == "" {
		if !makes {
			return "", nil
		}
		f.name = madeFolder
	}
	err = c.examine(ctx, f.name)
	if makes && errors.As(err, new(*imap.Error)) {
		if !may {
			return f.name, nil
		}
		err = c.make(ctx, f.name)
	}
	if err != nil {
		return "", fmt.Errorf("folder %q: %w", f.name, err)
	}
	return f.name, nil
}

// make makes a folder and selects it.
func (c *conn) make(ctx context.Context, folder string) error {
	return c.do(ctx, c.answer, func() error {
		if err := c.client.Create(folder, nil).Wait(); err != nil {
			return err
		}
		if err := c.client.Subscribe(folder).Wait(); err != nil && !errors.As(err, new(*imap.Error)) {
			return err // a folder that is not subscribed to is one all the same
		}
		_, err := c.client.Select(folder, &imap.SelectOptions{ReadOnly: true}).Wait()
		return err
	})
}
