package main

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"sportello/channels"
	"sportello/inbox"
)

// original reads the mail that a message passes on.
func (a *app) original(ctx context.Context, m inbox.Message) (channels.Inbound, bool, error) {
	box, ok := a.mailboxes[m.Account]
	if !ok {
		return channels.Inbound{}, false, nil
	}
	return box.Original(ctx, m.Raw)
}

// retryHeld has mails of an account tried again that are held back.
func (a *app) retryHeld(ctx context.Context, id channels.AccountID) (bool, error) {
	box, ok := a.mailboxes[id]
	if !ok || !box.Reads() {
		return false, nil
	}
	return true, box.Retry(ctx)
}

type retryCmd struct {
	settingsFlag
	Accounts []string `arg:"" optional:"" name:"account" help:"Mail accounts; all when none is named."`
}

// Run notes the wish in the record. Whichever gateway reads the mailbox finds it there at its next look.
func (c *retryCmd) Run(w *world) error {
	return withApp(w, c.settingsFlag, func(a *app) error {
		accounts := c.Accounts
		if len(accounts) == 0 {
			for _, id := range slices.Sorted(maps.Keys(a.mailboxes)) {
				if a.mailboxes[id].Reads() {
					accounts = append(accounts, string(id))
				}
			}
		}
		for _, id := range accounts {
			ok, err := a.retryHeld(w.ctx, channels.AccountID(id))
			if err != nil {
				return err
			}
			if !ok {
				return fmt.Errorf("there is no mail account %q whose mailbox is read", id)
			}
			fmt.Fprintf(w.out, "%s: what is held back will be tried again at the next look, within minutes\n", id)
		}
		return nil
	})
}
