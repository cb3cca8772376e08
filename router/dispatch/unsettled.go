package dispatch

import (
	"context"
	"errors"
	"time"

	"sportello/channels"
	"sportello/inbox"
)

const (
	askEvery = 5 * time.Second
	askBatch = 20
	askSlack = 30 * time.Second // how far the provider's clock may be behind ours
)

// inquire asks providers what became of messages whose outcome is not known, until ctx ends. What they know is settled as if they had
// reported it; what they do not know is asked again later, and never sent again (M-10).
func (d *Dispatcher) inquire(ctx context.Context) {
	finders := map[channels.AccountID]channels.Finder{}
	var accounts []channels.AccountID
	for account, sender := range d.senders {
		if finder, ok := sender.(channels.Finder); ok {
			finders[account] = finder
			accounts = append(accounts, account)
		}
	}
	if len(finders) == 0 {
		return
	}
	ticker := time.NewTicker(askEvery)
	defer ticker.Stop()
	for {
		rows, err := d.outbox.Unsettled(ctx, accounts, askBatch)
		if err != nil && ctx.Err() == nil {
			d.log.Error("unsettled messages could not be read", "error", err)
		}
		for _, row := range rows {
			d.find(ctx, finders[row.Account], row)
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// find asks about one message.
func (d *Dispatcher) find(ctx context.Context, finder channels.Finder, row inbox.Unsettled) {
	ctx, cancel := context.WithTimeout(ctx, deadlineOf(row.Kind))
	defer cancel()
	known := func(external string) bool {
		yes, err := d.outbox.Knows(ctx, row.Account, external)
		return yes || err != nil // in doubt it is another's: this one is asked about again
	}
	receipt, found, err := finder.Find(ctx, row.Envelope, row.Since.Add(-askSlack), known)
	if err == nil && found {
		err = d.ledger.Settle(ctx, receipt)
	}
	if errors.Is(ctx.Err(), context.Canceled) {
		return // the program stops
	}
	if err != nil {
		d.log.Warn("the provider could not be asked about a message", "message", row.Message, "account", row.Account, "error", err)
		return
	}
	d.log.Info("the provider was asked about a message", "message", row.Message, "account", row.Account, "found", found, "state", receipt.State)
}
