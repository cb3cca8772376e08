package email

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/emersion/go-smtp"

	"sportello/channels"
	"sportello/channels/email/field"
	"sportello/channels/email/verp"
)

const (
	smtpTimeout       = time.Minute     // for the answer to a command
	submissionTimeout = 5 * time.Minute // for the answer to the final dot, RFC 5321 section 4.5.3.2.6 asks for 10 at most
)

// Send hands one mail to the SMTP server, for all recipients that are not Done. The server answers for each: who is refused while others
// are not stands in Sent.Failed, for ever or for now. Sent.External is the Message-ID. An error speaks of all of them and is a
// *channels.Fault; it is Uncertain when the connection ended after the mail had been handed over.
func (a *Adapter) Send(ctx context.Context, out channels.Outbound) (channels.Sent, error) {
	recipients, utf8Needed, err := envelope(out)
	if err != nil {
		return channels.Sent{}, err
	}
	mail, err := a.compose(ctx, out)
	if err != nil {
		return channels.Sent{}, channels.AsFault(err)
	}
	if int64(len(mail)) > 2*a.cfg.MaxSize {
		return channels.Sent{}, &channels.Fault{Class: channels.Permanent, Code: channels.CodeTooLarge, Detail: "mail exceeds the limit of size"}
	}
	if a.cfg.DKIM != nil {
		if mail, err = a.cfg.DKIM.sign(mail); err != nil {
			return channels.Sent{}, &channels.Fault{Class: channels.Temporary, Code: channels.CodeConfig, Detail: "the mail could not be signed", Err: err}
		}
	}
	l := letterOut{from: a.sender(out), to: recipients, mail: mail, utf8: utf8Needed, id: out.ID, auto: byMachine(out)}
	failed, err := a.handOver(ctx, l)
	if err != nil && len(failed) == 0 {
		return channels.Sent{}, err
	}
	if err != nil {
		failed = l.rest(failed, channels.AsFault(err))
	}
	if len(failed) < len(recipients) && out.Campaign == "" { // a folder of sent mail is no place for thousands of one
		a.copyLater(out)
	}
	return channels.Sent{External: out.Thread.MessageID, State: channels.StateSent, Failed: failed}, nil
}

// letterOut is one mail with its envelope. from is "" for mail that no person wrote: nobody can answer a machine by a machine (RFC 3834
// section 3.3).
type letterOut struct {
	from string
	to   []recipient
	mail []byte
	utf8 bool
	id   string
	auto bool
}

// recipient is one of them: as the envelope names him, and as servers know him.
type recipient struct{ named, address string }

// rest adds the recipients of whom nothing was said by himself, with what was said of the mail.
func (l letterOut) rest(failed []channels.NotSent, f *channels.Fault) []channels.NotSent {
	for _, to := range l.to {
		if !slices.ContainsFunc(failed, func(n channels.NotSent) bool { return n.Recipient == to.named }) {
			failed = append(failed, channels.NotSent{Recipient: to.named, Fault: f})
		}
	}
	return failed
}

// byMachine reports whether no person wrote a mail. One to many has an author, who is told whom it does not reach.
func byMachine(out channels.Outbound) bool {
	return out.Auto != channels.AutoNone && out.Auto != channels.AutoList
}

// sender is the address that bounces go to.
func (a *Adapter) sender(out channels.Outbound) string {
	if byMachine(out) {
		return ""
	}
	if a.cfg.Bounces != "" {
		if own := verp.Sender(a.cfg.Bounces, a.cfg.Key, out.ID); own != "" {
			return own
		}
	}
	return a.cfg.Address
}

// handOver runs one mail transaction on a connection of the pool, or on a new one. Only one that ended well is kept.
func (a *Adapter) handOver(ctx context.Context, l letterOut) ([]channels.NotSent, error) {
	c := a.pool.take(ctx)
	if c == nil {
		var err error
		c, err = a.openSMTP(ctx)
		if err == nil || ctx.Err() == nil {
			a.reached(err)
		}
		if err != nil {
			return nil, doorFault(err)
		}
	}
	stop := context.AfterFunc(ctx, func() { c.Close() })
	failed, err := submit(c, l)
	if !stop() || err != nil {
		c.Close()
		return failed, err
	}
	a.pool.keep(c)
	return failed, nil
}

// envelope returns the recipients that are not done, each once, and whether one of them needs SMTPUTF8 (RFC 6531).
func envelope(out channels.Outbound) (recipients []recipient, utf8Needed bool, err error) {
	bad := func(detail string) error {
		return &channels.Fault{Class: channels.Permanent, Code: channels.CodeBadAddress, Detail: detail}
	}
	if !field.WellFormedID(out.Thread.MessageID) {
		return nil, false, &channels.Fault{Class: channels.Permanent, Code: channels.CodeConfig, Detail: "no well-formed Message-ID was given"}
	}
	for _, to := range out.Pending() {
		addr, ok := field.Normal(to)
		if !ok {
			return nil, false, bad("recipient is not a mail address")
		}
		utf8Needed = utf8Needed || !isASCII(addr)
		recipients = append(recipients, recipient{to, addr})
	}
	if len(recipients) == 0 {
		return nil, false, bad("no recipient")
	}
	return recipients, utf8Needed, nil
}

// openSMTP connects, encrypts, says EHLO and signs in. The caller closes the client; after a failed sign-in nothing is tried on the
// same connection again.
func (a *Adapter) openSMTP(ctx context.Context) (*smtp.Client, error) {
	s := a.cfg.SMTP
	conn, err := a.connect(ctx, s)
	if err != nil {
		return nil, err
	}
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()
	var c *smtp.Client
	if s.TLS == TLSStart {
		if err := conn.SetDeadline(time.Now().Add(dialTimeout)); err != nil {
			conn.Close()
			return nil, err
		}
		if c, err = smtp.NewClientStartTLS(conn, a.cfg.tls(s)); err != nil {
			return nil, fmt.Errorf("STARTTLS: %w", err)
		}
	} else {
		c = smtp.NewClient(conn)
	}
	c.CommandTimeout, c.SubmissionTimeout = smtpTimeout, submissionTimeout
	if err := c.Hello(a.cfg.EHLO); err != nil {
		c.Close()
		return nil, err
	}
	if s.User == "" {
		return c, nil
	}
	way, err := s.signIn(ctx, c.SupportsAuth)
	if err != nil {
		c.Close()
		return nil, tokenFault(err)
	}
	if err := c.Auth(way); err != nil {
		c.Close()
		way.refused()
		return nil, authFault(err)
	}
	return c, nil
}

// tokenFault is a sign-in that failed for want of an access token: the account waits, the message is not to blame.
func tokenFault(err error) error {
	return &channels.Fault{Class: channels.Temporary, Code: channels.CodeAuth, Detail: field.Clip(field.OneLine(err.Error()), 500), Err: err}
}

// authFault keeps a refused password from failing mail for ever: the account is wrong, not the message.
func authFault(err error) error {
	f := smtpFault(err, false)
	var reply *smtp.SMTPError
	if errors.As(err, &reply) {
		f.Class, f.Code, f.Suppress = channels.Temporary, channels.CodeAuth, false
	}
	return f
}

// submit runs one mail transaction. failed are the recipients that were refused, when there are others; err speaks of those that were
// not. Where nobody is left the transaction is taken back.
func submit(c *smtp.Client, l letterOut) (failed []channels.NotSent, err error) {
	if limit, ok := c.MaxMessageSize(); ok && limit > 0 && len(l.mail) > limit {
		return nil, &channels.Fault{Class: channels.Permanent, Code: channels.CodeTooLarge, Detail: fmt.Sprintf("the server takes %d bytes", limit)}
	}
	utf8Needed := l.utf8 || !isASCII(l.from)
	if ok, _ := c.Extension("SMTPUTF8"); utf8Needed && !ok {
		return nil, &channels.Fault{Class: channels.Permanent, Code: channels.CodeNotCapable, Detail: "the mail server does not take addresses with letters beyond ASCII"}
	}
	options, each := l.options(c, utf8Needed)
	if err := c.Mail(l.from, options); err != nil {
		return nil, smtpFault(err, false)
	}
	for _, to := range l.to {
		err := c.Rcpt(to.address, each)
		if err == nil {
			continue
		}
		if len(l.to) == 1 || !speaksOfRecipient(err) {
			return nil, smtpFault(err, false)
		}
		failed = append(failed, channels.NotSent{Recipient: to.named, Fault: smtpFault(err, false)})
	}
	if len(failed) == len(l.to) {
		return failed, c.Reset()
	}
	return failed, submitData(c, l.mail)
}

// speaksOfRecipient reports whether an error is the answer to one RCPT, and not the end of the connection (RFC 5321 section 3.8).
func speaksOfRecipient(err error) bool {
	var reply *smtp.SMTPError
	return errors.As(err, &reply) && reply.Code != 421
}

// options are what a server that offers delivery reports (RFC 3461) is asked for: failures and delays with the header of the mail, and
// nothing for mail that no person wrote.
func (l letterOut) options(c *smtp.Client, utf8 bool) (*smtp.MailOptions, *smtp.RcptOptions) {
	options := &smtp.MailOptions{Size: int64(len(l.mail)), UTF8: utf8}
	if ok, _ := c.Extension("DSN"); !ok {
		return options, nil
	}
	options.Return = smtp.DSNReturnHeaders
	if isASCII(l.id) && len(l.id) <= 100 {
		options.EnvelopeID = l.id
	}
	if l.auto {
		return options, &smtp.RcptOptions{Notify: []smtp.DSNNotify{smtp.DSNNotifyNever}}
	}
	return options, &smtp.RcptOptions{Notify: []smtp.DSNNotify{smtp.DSNNotifyFailure, smtp.DSNNotifyDelayed}}
}

func submitData(c *smtp.Client, mail []byte) error {
	data, err := c.Data()
	if err != nil {
		return smtpFault(err, false)
	}
	if _, err := bytes.NewReader(mail).WriteTo(data); err != nil {
		return smtpFault(err, false) // without its final dot no server takes a mail
	}
	if _, err := data.CloseWithResponse(); err != nil {
		return smtpFault(err, true)
	}
	return nil
}
