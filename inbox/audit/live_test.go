package audit_test

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"sportello/channels"
	"sportello/inbox/audit"
)

// A sheet that is drawn up while everybody writes balances at every moment: it is read as the record stood at one.
func TestN04SheetBalancesWhileOthersWrite(t *testing.T) {
	houses(t, func(h *house) {
		const writers, each = 4, 25
		var group sync.WaitGroup
		for w := range writers {
			group.Go(func() {
				for n := range each {
					_, err := h.ledger.Accept(h.Context(), channels.Inbound{
						Account: "text", Kind: channels.SMS, External: fmt.Sprintf("SM%d-%d", w, n), Proof: channels.ProofProvider,
						From: channels.Address{Kind: channels.SMS, Value: fmt.Sprintf("+39333000000%d", n%3)}, Text: "Buongiorno",
					})
					if err != nil {
						h.Error(err)
						return
					}
				}
			})
		}
		done := make(chan struct{})
		go func() { group.Wait(); close(done) }()
		for last := false; !last; {
			select {
			case <-done:
				last = true
			default:
			}
			h.fine(h.query())
		}
		if s := h.fine(h.query()); s.Lines[0].Received != writers*each {
			h.Fatalf("%+v", s.Lines)
		}
	})
}

// A day is sealed once, however many programs seal at the same time.
func TestN04DayIsSealedOnce(t *testing.T) {
	houses(t, func(h *house) {
		h.traffic()
		h.pass(48 * time.Hour)
		var group sync.WaitGroup
		sealed := make([]int, 6)
		for n := range sealed {
			group.Go(func() {
				var err error
				if sealed[n], err = audit.New(h.d, h.now).Seal(h.Context()); err != nil {
					h.Error(err)
				}
			})
		}
		group.Wait()
		total := 0
		for _, n := range sealed {
			total += n
		}
		if total != 1 {
			h.Fatalf("sealed %v", sealed)
		}
		h.fine(h.query())
		day, hash, err := h.auditor.Newest(h.Context())
		if err != nil || day != sealedDay(h.now()) || hash == "" {
			h.Fatalf("%q %q %v", day, hash, err)
		}
	})
}

// A sealer ends with its context.
func TestN04SealerEnds(t *testing.T) {
	houses(t, func(h *house) {
		ctx, cancel := context.WithCancel(h.Context())
		done := make(chan error)
		go func() { done <- audit.NewSealer(h.auditor, slog.New(slog.DiscardHandler)).Run(ctx) }()
		cancel()
		if err := <-done; err != nil {
			h.Fatal(err)
		}
	})
}
