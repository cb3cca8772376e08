package channeltest

import (
	"context"
	"errors"
	"time"

	"sportello/channels"
)

// T is the part of *testing.T that Suite uses. It is an interface so that the demo, which links this package, does not link package
// testing.
type T[Self any] interface {
	Helper()
	Run(name string, f func(Self)) bool
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
	Context() context.Context
}

// Parts are what an adapter under test is built with.
type Parts struct {
	Sink      *RecordingSink
	Vault     *MemoryVault
	Bookmarks *MemoryBookmarks
}

// Adapter drives one adapter and the provider on its other side. Suite asks for a new one, with a provider of its own, in every test.
type Adapter struct {
	// Start runs the adapter, and returns what stops it and waits for its end. It is called again after that, with the same parts.
	Start func() (stop func())
	// Deliver makes the provider deliver message n of a person, from 1, each n another message. It does not wait for the adapter. A
	// provider delivers again by itself what was not acknowledged.
	Deliver func(n int)
	// Again makes the provider deliver message n once more, as the same message.
	Again func(n int)
	// Acknowledged reports whether the provider has been told, or will at a restart believe, that message n was received.
	Acknowledged func(n int) bool
}

const suitePatience = 30 * time.Second

// Suite is what every adapter passes: the contract of channels.Sink as seen from the left.
func Suite[S T[S]](t S, build func(t S, p Parts) Adapter) {
	t.Helper()
	for _, c := range []struct {
		name string
		test func(t S, p Parts, a Adapter)
	}{
		{"DeliveredOnce", deliveredOnce[S]},
		{"RepeatedDeliveryIsADuplicate", repeated[S]},
		{"SinkFailingComesAgain", sinkFailing[S]},
		{"VaultFailingComesAgain", vaultFailing[S]},
		{"NothingIsAcknowledgedBeforeAcceptReturns", acknowledgedLate[S]},
		{"NothingIsLostWhileTheAdapterIsDown", adapterDown[S]},
	} {
		t.Run(c.name, func(t S) {
			p := Parts{Sink: &RecordingSink{}, Vault: &MemoryVault{}, Bookmarks: &MemoryBookmarks{}}
			c.test(t, p, build(t, p))
		})
	}
}

func deliveredOnce[S T[S]](t S, p Parts, a Adapter) {
	defer a.Start()()
	const n = 5
	for i := range n {
		a.Deliver(i + 1)
	}
	got := arrived(t, p, n)
	seen := make(map[string]bool)
	for _, in := range got {
		switch {
		case in.Account == "" || in.Kind == "" || in.External == "":
			t.Errorf("without account, kind or external id: %+v", in)
		case seen[in.External]:
			t.Errorf("external id %q twice", in.External)
		case in.From.IsZero() || in.From.Kind == "":
			t.Errorf("without a sender: %+v", in)
		case in.ReceivedAt.IsZero() || in.Text == "" || in.Auto != channels.AutoNone || in.Flaw != "":
			t.Errorf("a person's message was read as %+v", in)
		}
		seen[in.External] = true
	}
	for i := range n {
		eventually(t, "acknowledged", func() bool { return a.Acknowledged(i + 1) })
	}
}

func repeated[S T[S]](t S, p Parts, a Adapter) {
	defer a.Start()()
	a.Deliver(1)
	arrived(t, p, 1)
	calls := p.Sink.Calls()
	a.Again(1)
	ctx, cancel := context.WithTimeout(t.Context(), suitePatience)
	defer cancel()
	if err := p.Sink.WaitCalls(ctx, calls+1); err != nil {
		t.Fatalf("repetition: %v", err)
	}
	a.Deliver(2)
	if got := arrived(t, p, 2); len(got) != 2 {
		t.Errorf("two messages, one of them delivered twice, became %d", len(got))
	}
}

func sinkFailing[S T[S]](t S, p Parts, a Adapter) {
	p.Sink.Fail(errors.New("the record is not to be reached"))
	defer a.Start()()
	a.Deliver(1)
	ctx, cancel := context.WithTimeout(t.Context(), suitePatience)
	defer cancel()
	if err := p.Sink.WaitCalls(ctx, 2); err != nil {
		t.Fatalf("not tried again: %v", err)
	}
	if a.Acknowledged(1) {
		t.Errorf("acknowledged, and the sink has refused it")
	}
	p.Sink.Fail(nil)
	arrived(t, p, 1)
}

func vaultFailing[S T[S]](t S, p Parts, a Adapter) {
	p.Vault.Fail(errors.New("the disk is full"))
	defer a.Start()()
	a.Deliver(1)
	a.Deliver(2)
	p.Vault.Fail(nil)
	arrived(t, p, 2)
}

func acknowledgedLate[S T[S]](t S, p Parts, a Adapter) {
	release := p.Sink.Hold()
	defer release()
	defer a.Start()()
	defer release()
	a.Deliver(1)
	ctx, cancel := context.WithTimeout(t.Context(), suitePatience)
	defer cancel()
	if err := p.Sink.WaitCalls(ctx, 1); err != nil {
		t.Fatalf("never offered: %v", err)
	}
	if a.Acknowledged(1) {
		t.Errorf("acknowledged before Accept returned")
	}
	release()
	arrived(t, p, 1)
	eventually(t, "acknowledged", func() bool { return a.Acknowledged(1) })
}

func adapterDown[S T[S]](t S, p Parts, a Adapter) {
	stop := a.Start()
	a.Deliver(1)
	arrived(t, p, 1)
	stop()
	a.Deliver(2)
	a.Deliver(3)
	defer a.Start()()
	if got := arrived(t, p, 3); len(got) != 3 {
		t.Errorf("%d messages", len(got))
	}
}

func arrived[S T[S]](t S, p Parts, n int) []channels.Inbound {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), suitePatience)
	defer cancel()
	if err := p.Sink.Wait(ctx, n); err != nil {
		t.Fatalf("%v", err)
	}
	return p.Sink.Inbounds()
}

// eventually polls until done reports true.
func eventually[S T[S]](t S, what string, done func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), suitePatience)
	defer cancel()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !done() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("not %s in time", what)
		}
	}
}
