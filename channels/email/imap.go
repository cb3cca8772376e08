package email

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync/atomic"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
	"github.com/emersion/go-sasl"
)

const (
	dialTimeout = 30 * time.Second
	listTimeout = 5 * time.Minute // some servers open every mail to tell its size
)

// conn is one IMAP connection. The client library knows neither contexts nor timeouts, so every command runs within do, which
// closes the connection when its time is over or the caller's context ends; a closed connection ends every command.
type conn struct {
	client *imapclient.Client
	hints  chan struct{} // the folder may have changed; holds one
	answer time.Duration // how long a command may take

	farewell farewell    // of the server
	flagged  atomic.Bool // somebody has changed the flags of a mail in the selected folder
}

// dial connects, encrypts, signs in and selects nothing yet. The caller closes the connection.
func (a *Adapter) dial(ctx context.Context) (*conn, error) {
	s := a.cfg.IMAP
	c := &conn{hints: make(chan struct{}, 1), answer: a.cfg.Answer}
	options := &imapclient.Options{
		TLSConfig: a.cfg.tls(s), DebugWriter: &c.farewell,
		UnilateralDataHandler: &imapclient.UnilateralDataHandler{
			Mailbox: func(*imapclient.UnilateralDataMailbox) { c.hint() },
			Expunge: func(uint32) {},
			Fetch: func(m *imapclient.FetchMessageData) {
				c.flagged.Store(true) // no hint: it is seen at the next look, which comes without it
				for m.Next() != nil { // the library waits until it is read
				}
			},
		},
	}
	raw, err := a.connect(ctx, s)
	if err != nil {
		return nil, err
	}
	// Until the greeting has been read and TLS is up nothing else limits the time.
	if err := raw.SetDeadline(time.Now().Add(dialTimeout)); err != nil {
		raw.Close()
		return nil, err
	}
	stop := context.AfterFunc(ctx, func() { raw.Close() })
	defer stop()
	if s.TLS == TLSStart {
		c.client, err = imapclient.NewStartTLS(raw, options)
		if errors.As(err, new(*imap.Error)) {
			return nil, fmt.Errorf("STARTTLS: %w: %w", errNoTLS, err)
		}
		if err != nil {
			return nil, fmt.Errorf("STARTTLS: %w", err)
		}
	} else {
		c.client = imapclient.New(raw, options)
	}
	if err := c.client.WaitGreeting(); err != nil {
		c.client.Close()
		return nil, fmt.Errorf("greeting: %w", err)
	}
	if err := raw.SetDeadline(time.Time{}); err != nil {
		c.client.Close()
		return nil, err
	}
	if err := c.signIn(ctx, s); err != nil {
		c.client.Close()
		return nil, c.parting(err)
	}
	return c, nil
}

func (c *conn) signIn(ctx context.Context, s Server) error {
	caps := c.client.Caps()
	has := func(mechanism string) bool { return caps.Has(imap.AuthCap(mechanism)) }
	if s.Auth == AuthPassword && !has(sasl.Plain) { // the LOGIN command is older than any mechanism
		if caps.Has(imap.CapLoginDisabled) {
			return errors.New("server offers no way to sign in that is known here")
		}
		return c.do(ctx, c.answer, func() error { return refusedSignIn(c.client.Login(s.User, s.Password).Wait()) })
	}
	way, err := s.signIn(ctx, has)
	if err != nil {
		return err
	}
	return c.do(ctx, c.answer, func() error {
		err := c.client.Authenticate(way)
		if err != nil {
			way.refused()
		}
		return refusedSignIn(err)
	})
}

func refusedSignIn(err error) error {
	if err == nil {
		return nil
	}
	return signInError{err}
}

// hint notes that there may be news. It is called by the library's reader and must not block.
func (c *conn) hint() {
	select {
	case c.hints <- struct{}{}:
	default:
	}
}

// do runs command and cuts the connection when it takes longer than limit or ctx ends.
func (c *conn) do(ctx context.Context, limit time.Duration, command func() error) error {
	timed, cancel := context.WithTimeout(ctx, limit)
	stop := context.AfterFunc(timed, func() { c.client.Close() })
	err := command()
	stop()
	late := timed.Err()
	cancel()
	if err != nil && late != nil {
		return fmt.Errorf("no answer in time: %w", &net.OpError{Op: "imap", Net: "tcp", Err: late})
	}
	return err
}

// idle waits, by IDLE where the server has it, until there may be news, limit has passed or ctx ends. News are hints only.
func (c *conn) idle(ctx context.Context, limit time.Duration) error {
	if !c.client.Caps().Has(imap.CapIdle) {
		c.wait(ctx, limit)
		return ctx.Err()
	}
	var idle *imapclient.IdleCommand
	err := c.do(ctx, c.answer, func() (err error) {
		idle, err = c.client.Idle()
		return err
	})
	if err != nil {
		return fmt.Errorf("idle: %w", err)
	}
	c.wait(ctx, limit)
	err = c.do(ctx, c.answer, func() error {
		if err := idle.Close(); err != nil {
			return err
		}
		return idle.Wait()
	})
	if err != nil {
		return fmt.Errorf("idle: %w", err)
	}
	return ctx.Err()
}

func (c *conn) wait(ctx context.Context, limit time.Duration) {
	t := time.NewTimer(limit)
	defer t.Stop()
	select {
	case <-c.hints:
	case <-t.C:
	case <-c.client.Closed():
	case <-ctx.Done():
	}
}

// hasIdle reports whether the server pushes.
func (c *conn) hasIdle() bool { return c.client.Caps().Has(imap.CapIdle) }
