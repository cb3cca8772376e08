package email

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"sportello/channels"
	"sportello/channels/email/letter"
)

// One bad mail never blocks the next (E-13): what cannot be taken in mostTries times, or costs the connection more than mostCuts times, is
// held back. The invariants:
//
//   - a mail is bad only when others are not: it fails where the record takes a stub of it, or where the server hands out its header.
//     While the record or the server is away, or the server asks for patience, nothing is held back;
//   - held back means visible: a stub in the inbox that names folder and UID, and channels.Health.Held. The mail stays where it is,
//     whatever is wished to be done afterwards, and is tried again once a day, and when somebody wishes (Retry).

const (
	mostTries = 3
	mostCuts  = 10  // of a mail that costs the connection each time: a line may be bad for a while
	mostHeld  = 500 // that are tried again; further ones stay visible as stubs
	tryHeld   = 24 * time.Hour
)

// stuck is the mail at which a folder stands.
type stuck struct {
	UID   uint32 `json:"uid"`
	Until uint32 `json:"until"` // mails up to here were asked for together, and are now one by one, so that the bad one is found
	Tries int    `json:"tries"`
	Why   string `json:"why"`
	Cut   bool   `json:"cut,omitempty"` // the last try cost the connection
}

// poison is a failure that may lie in the mail itself.
type poison struct{ err error }

func (p poison) Error() string { return p.err.Error() }
func (p poison) Unwrap() error { return p.err }

// stuckAt notes that the first of some mails could not be taken, and holds it back when it is time. It returns nil when the folder can
// go on behind it.
func (a *Adapter) stuckAt(ctx context.Context, c *conn, o *opened, rest []listed, err error) error {
	if ctx.Err() != nil || !errors.As(err, new(poison)) || asksPatience(c.parting(err)) {
		return err
	}
	bad := rest[0]
	now := &stuck{UID: uint32(bad.uid), Until: uint32(rest[len(rest)-1].uid), Tries: 1, Why: err.Error(), Cut: c.gone()}
	if was := o.pos.Stuck; was != nil {
		now.Until = max(now.Until, was.Until)
		if was.UID == now.UID && len(rest) == 1 {
			now.Tries = was.Tries + 1
		}
	}
	o.pos.Stuck = now
	if now.Tries >= mostTries && !now.Cut {
		return a.hold(ctx, c, o, bad, err)
	}
	return errors.Join(err, a.savePosition(ctx, o))
}

// passed moves the position behind a mail that was taken.
func (p *position) passed(uid imap.UID) {
	p.UID = uint32(uid)
	if p.Stuck != nil && p.Stuck.Until <= p.UID {
		p.Stuck = nil
	}
}

// lost reports whether a mail is to be held back without another try: each of them has cost the connection, so often that it is not the
// line.
func (p position) lost(uid imap.UID) bool {
	return p.Stuck != nil && p.Stuck.UID == uint32(uid) && p.Stuck.Tries > mostCuts && p.Stuck.Cut
}

// hold puts a stub of a mail into the record and goes on behind it.
func (a *Adapter) hold(ctx context.Context, c *conn, o *opened, l listed, why error) error {
	header, err := c.header(ctx, l.uid)
	if err != nil {
		return errors.Join(why, err)
	}
	if err := a.acceptStub(ctx, o, l, header, why); err != nil {
		return errors.Join(why, err)
	}
	o.pos.passed(l.uid)
	if len(o.pos.Held) < mostHeld {
		o.pos.Held = append(o.pos.Held, uint32(l.uid))
	}
	if err := a.savePosition(ctx, o); err != nil {
		return err
	}
	a.log.Error("mail is held back, it could not be taken in", "folder", o.name, "uid", l.uid, "err", why)
	return nil
}

// acceptStub takes in what stands for a mail: its header, or if the record refuses even that, nothing but where it is.
func (a *Adapter) acceptStub(ctx context.Context, o *opened, l listed, header []byte, why error) error {
	if o.sent {
		return nil
	}
	m := letter.Read(header, letter.Reading{Own: a.cfg.own(), AuthServs: a.cfg.AuthServs, Cut: true, Size: l.size})
	if m.Ours {
		return nil
	}
	blob, _, err := a.deps.Vault.Put(ctx, bytes.NewReader(header))
	if err != nil {
		return storeError{fmt.Errorf("keep header: %w", err)}
	}
	in := a.inbound(m, l.received)
	in.Raw = blob
	in.External = fmt.Sprintf("held:%s:%d:%d", o.name, o.pos.Validity, l.uid)
	in.Flaw = fmt.Sprintf("held back after %d tries; it is in the folder %q of the mailbox, with the UID %d: %v", o.pos.Stuck.Tries, o.name, l.uid, why)
	in.Parts, in.Text, in.HTML = nil, "", ""
	if _, err := a.deps.Sink.Accept(ctx, in); err == nil || ctx.Err() != nil {
		return err
	}
	bare := channels.Inbound{Account: in.Account, Kind: in.Kind, External: in.External, ReceivedAt: in.ReceivedAt, Flaw: in.Flaw}
	if _, err := a.deps.Sink.Accept(ctx, bare); err != nil {
		return storeError{fmt.Errorf("accept stub: %w", err)}
	}
	return nil
}

// header fetches the header of one mail. It is empty when the server refuses to hand it out; an error means that the connection failed.
func (c *conn) header(ctx context.Context, uid imap.UID) ([]byte, error) {
	var header []byte
	section := &imap.FetchItemBodySection{Specifier: imap.PartSpecifierHeader, Peek: true}
	err := c.fetch(ctx, c.answer, imap.UIDSetNum(uid), section, func(m *imapclient.FetchMessageBuffer) { header = m.FindBodySection(section) })
	if errors.As(err, new(*imap.Error)) && !asksPatience(err) {
		return nil, nil
	}
	return header, err
}

// retryMark is the bookmark of when somebody last wished that held mails be tried again.
const retryMark = "held/retry"

// Retry has held mails tried again at the next look, by whichever gateway reads the mailbox. It returns when that is sure.
func (a *Adapter) Retry(ctx context.Context) error {
	if err := a.deps.Bookmarks.Save(ctx, a.cfg.Account, retryMark, a.deps.Now().UTC().Format(time.RFC3339Nano)); err != nil {
		return fmt.Errorf("wish held mails to be tried again: %w", err)
	}
	return nil
}

// isWished reports whether somebody has wished so since the last try.
func (a *Adapter) isWished(ctx context.Context, last time.Time) (bool, error) {
	value, err := a.deps.Bookmarks.Load(ctx, a.cfg.Account, retryMark)
	if err != nil {
		return false, storeError{fmt.Errorf("load bookmark: %w", err)}
	}
	at, err := time.Parse(time.RFC3339Nano, value)
	return err == nil && at.After(last), nil
}

// tryHeldAgain takes held mails in once a day, or when it is wished, if they can be by now. That the try is made is noted before it is.
func (a *Adapter) tryHeldAgain(ctx context.Context, c *conn, o *opened) error {
	now := a.deps.Now()
	if len(o.pos.Held) == 0 {
		return nil
	}
	if now.Sub(o.pos.HeldAt) < tryHeld {
		if wished, err := a.isWished(ctx, o.pos.HeldAt); err != nil || !wished {
			return err
		}
	}
	o.pos.HeldAt = now
	if err := a.savePosition(ctx, o); err != nil {
		return err
	}
	for _, uid := range slices.Clone(o.pos.Held) {
		mails, err := c.list(ctx, uid, uid)
		if err != nil {
			return err
		}
		if len(mails) > 0 {
			mails[0].sent = o.sent
			if _, err = a.takeMails(ctx, c, mails); err != nil && (c.gone() || !errors.As(err, new(poison))) {
				return err
			}
		}
		if err == nil { // taken in, or removed by somebody
			o.pos.Held = slices.DeleteFunc(o.pos.Held, func(held uint32) bool { return held == uid })
		}
	}
	return a.savePosition(ctx, o)
}

// gone reports whether the connection has ended.
func (c *conn) gone() bool {
	select {
	case <-c.client.Closed():
		return true
	default:
		return c.client.State() == imap.ConnStateLogout
	}
}
