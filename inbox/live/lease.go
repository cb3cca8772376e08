package live

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"sportello/channels/pause"
)

// ErrLeaseLost is the cause of the context that Hold ends, and the error of a write whose fencing token is not the current one.
var ErrLeaseLost = errors.New("live: the lease was lost")

// Lease takes a lease for ttl, or renews the holder's own. ok is false when another has it. The token grows with every change of
// holder, also after Redis was flushed; a renewal keeps it.
func (in *Inbox) Lease(ctx context.Context, name, holder string, ttl time.Duration) (token int64, ok bool, err error) {
	out, err := in.call(ctx, luaLease, []string{in.key("lease:" + name), in.key("fence:" + name)},
		holder, ttl.Milliseconds(), milli(in.now()))
	if errors.Is(err, errHeld) {
		return 0, false, nil
	}
	if err != nil {
		return 0, false, err
	}
	return number(text(out[0])), true, nil
}

// Release gives a lease back. Of a lease that is not the holder's it does nothing.
func (in *Inbox) Release(ctx context.Context, name, holder string) error {
	_, err := in.call(ctx, luaRelease, []string{in.key("lease:" + name)}, holder)
	return err
}

// Hold waits for a lease and runs while it is held; then it gives it back and returns what run returned. When the lease is lost, the
// context of run ends with the cause ErrLeaseLost and Hold returns ErrLeaseLost. holder must differ from that of every other call
// that may hold the lease at the same time. While Redis cannot be reached, Hold returns its error instead of waiting.
func (in *Inbox) Hold(ctx context.Context, name, holder string, ttl time.Duration, run func(ctx context.Context, token int64) error) error {
	token, err := in.awaitLease(ctx, name, holder, ttl)
	if err != nil {
		return err
	}
	held, lose := context.WithCancelCause(ctx)
	var renewing sync.WaitGroup
	renewing.Go(func() { in.renew(held, lose, name, holder, token, ttl) })
	err = run(held, token)
	lose(nil)
	renewing.Wait()
	if errors.Is(context.Cause(held), ErrLeaseLost) {
		return ErrLeaseLost
	}
	leaving, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	if e := in.Release(leaving, name, holder); err == nil && e != nil && ctx.Err() == nil {
		return fmt.Errorf("give back lease %s: %w", name, e)
	}
	return err
}

func (in *Inbox) awaitLease(ctx context.Context, name, holder string, ttl time.Duration) (int64, error) {
	for {
		token, ok, err := in.Lease(ctx, name, holder, ttl)
		if err != nil || ok {
			return token, err
		}
		if !pause.For(ctx, min(ttl/3, time.Second)) {
			return 0, ctx.Err()
		}
	}
}

// renew keeps the lease until ctx ends, and calls lose when it has another token or could not be renewed in time.
func (in *Inbox) renew(ctx context.Context, lose context.CancelCauseFunc, name, holder string, token int64, ttl time.Duration) {
	renewed := time.Now()
	for pause.For(ctx, ttl/3) {
		begun := time.Now()
		try, cancel := context.WithDeadline(ctx, renewed.Add(ttl*5/6))
		t, ok, err := in.Lease(try, name, holder, ttl)
		cancel()
		switch {
		case err == nil && ok && t == token:
			renewed = begun
		case err == nil, time.Since(renewed) >= ttl*2/3:
			lose(ErrLeaseLost)
			return
		}
	}
}
