package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"sportello/inbox"
)

const rereadPage = 500 // mails that are listed at a time

type reparseCmd struct {
	settingsFlag
	Since  string `help:"Only mails that came in on this day or later." placeholder:"YYYY-MM-DD"`
	Flawed bool   `help:"Only mails that could not be read in full."`
	DryRun bool   `help:"Say what would change, and change nothing."`
}

// Run reads the kept mails anew and corrects what the record says of them. It can be run beside a running gateway, and again: what
// reads as before is left alone. A mail that fails is named and costs only itself.
func (c *reparseCmd) Run(w *world) error {
	return withApp(w, c.settingsFlag, func(a *app) error { return c.reparse(w.ctx, w.out, a) })
}

func (c *reparseCmd) reparse(ctx context.Context, out io.Writer, a *app) error {
	var since time.Time
	if c.Since != "" {
		var err error
		if since, err = time.ParseInLocation(time.DateOnly, c.Since, a.settings.zone()); err != nil {
			return fmt.Errorf("--since: %q is not a day", c.Since)
		}
	}
	var sum struct{ read, changed, mended, left, failed int }
	after := inbox.MessageID("")
	for {
		page, err := a.ledger.RawMails(ctx, since, c.Flawed, after, rereadPage)
		if err != nil {
			return err
		}
		for _, m := range page {
			after = m.ID
			changed, flaw, read, err := c.one(ctx, a, m)
			switch {
			case ctx.Err() != nil:
				return ctx.Err()
			case err != nil:
				sum.failed++
				fmt.Fprintf(out, "message %s: %v\n", m.ID, err)
				continue
			case !read:
				sum.left++
				continue
			}
			sum.read++
			if changed {
				sum.changed++
				if m.Flaw != "" && flaw == "" {
					sum.mended++
				}
			}
		}
		if len(page) < rereadPage {
			break
		}
	}
	verb := "changed"
	if c.DryRun {
		verb = "would change"
	}
	fmt.Fprintf(out, "%d mails read, %d %s, %d of them had flaws and have none now, %d left alone, %d failed\n", sum.read, sum.changed, verb, sum.mended, sum.left, sum.failed)
	if sum.failed > 0 {
		return errQuiet
	}
	return nil
}

// one reads one mail anew. read is false for one that is left alone: its mailbox is not in the settings any more, or only its beginning
// was kept.
func (c *reparseCmd) one(ctx context.Context, a *app, m inbox.RawMail) (changed bool, flaw string, read bool, err error) {
	box := a.mailboxes[m.Account]
	if box == nil {
		return false, "", false, nil
	}
	in, ok, err := box.Again(ctx, m.Raw)
	if err != nil || !ok {
		return false, "", false, err
	}
	changed, err = a.ledger.Reread(ctx, m.ID, inbox.Reread{Subject: in.Subject, Text: in.Text, HTML: in.HTML, Parts: in.Parts,
		Details: in.Details, Flaw: in.Flaw}, c.DryRun)
	return changed, in.Flaw, true, err
}
