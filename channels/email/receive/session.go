package receive

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"strings"

	"github.com/emersion/go-smtp"

	"sportello/channels/email/authn"
)

// The answers. Whatever goes wrong on our side is 4xx: the mail server before us keeps the mail and tries again.
var (
	errNoSuchUser = &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "No such mailbox here"}
	errBadSender  = &smtp.SMTPError{Code: 553, EnhancedCode: smtp.EnhancedCode{5, 1, 7}, Message: "Not a return path"}
	errLater      = &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 3, 0}, Message: "Cannot be stored now, try again later"}
	errStopping   = &smtp.SMTPError{Code: 421, EnhancedCode: smtp.EnhancedCode{4, 3, 2}, Message: "Going down, try again later"}
)

// session is one connection. The library calls its methods one after the other.
type session struct {
	s    *Server
	conn *smtp.Conn
	from string
	to   []recipient
}

type recipient struct {
	address string // as the client wrote it
	taker   Taker
}

var _ smtp.LMTPSession = (*session)(nil)

func (s *Server) newSession(c *smtp.Conn) (smtp.Session, error) { return &session{s: s, conn: c}, nil }

// Reset implements smtp.Session.
func (c *session) Reset() { c.from, c.to = "", nil }

// Logout implements smtp.Session.
func (c *session) Logout() error { return nil }

// Mail implements smtp.Session. The null return path of reports is taken too.
func (c *session) Mail(from string, _ *smtp.MailOptions) error {
	if strings.ContainsFunc(from, func(r rune) bool { return r < ' ' || r == 127 }) {
		return errBadSender
	}
	c.from = from
	return nil
}

// Rcpt implements smtp.Session.
func (c *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	taker := c.s.route(to)
	if taker == nil {
		return errNoSuchUser
	}
	c.to = append(c.to, recipient{to, taker})
	return nil
}

// Data implements smtp.Session: one answer for all recipients. When some of several accounts have the mail and another cannot take it,
// it comes again for all, and those who have it know it.
func (c *session) Data(r io.Reader) error {
	results, err := c.receive(r)
	for _, failure := range results {
		if failure != nil {
			return failure
		}
	}
	return err
}

// LMTPData implements smtp.LMTPSession: one answer for each recipient.
func (c *session) LMTPData(r io.Reader, status smtp.StatusCollector) error {
	results, err := c.receive(r)
	if err != nil {
		return err
	}
	for _, to := range c.to {
		status.SetStatus(to.address, results[to.taker])
	}
	return nil
}

// receive reads a mail and has each account take it once. An error is for all recipients.
func (c *session) receive(r io.Reader) (map[Taker]error, error) {
	if !c.s.begin() {
		return nil, errStopping
	}
	defer c.s.end()
	raw, free, err := c.s.read(r)
	defer free()
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), accepting)
	defer cancel()
	by := c.envelope()
	results := make(map[Taker]error)
	for _, to := range c.to {
		if _, done := results[to.taker]; done {
			continue
		}
		results[to.taker] = nil
		if _, err := to.taker.Take(ctx, c.delivered(to.taker, raw), by); err != nil {
			c.s.log.Error("mail could not be taken, its server was told to try again later", "err", err)
			results[to.taker] = errLater
		}
	}
	return results, nil
}

// read reads a mail to its end. A large one waits until there is room. free is to be called when it is not needed any more.
func (s *Server) read(r io.Reader) (raw []byte, free func(), err error) {
	var mail bytes.Buffer
	free = func() {}
	_, err = io.CopyN(&mail, r, smallMail)
	if err == nil {
		s.big <- struct{}{}
		free = func() { <-s.big }
		_, err = io.Copy(&mail, r)
	}
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return mail.Bytes(), free, err
}

// envelope is who hands over what. A client by a socket in the file system has no address, and one that speaks LMTP is ours.
func (c *session) envelope() authn.Envelope {
	by := authn.Envelope{Sender: c.from}
	if tcp, ok := c.conn.Conn().RemoteAddr().(*net.TCPAddr); ok && c.s.cfg.Protocol == SMTP {
		by.Peer, by.Hello = tcp.AddrPort().Addr().Unmap(), c.conn.Hostname()
	}
	return by
}

// delivered puts before a mail what its envelope says (RFC 5321 section 4.4, RFC 9228), so that it is known by which of its addresses a
// mail reached an account. Nothing that changes from try to try is added.
func (c *session) delivered(taker Taker, raw []byte) []byte {
	var mail bytes.Buffer
	mail.Grow(len(raw) + 512)
	mail.WriteString("Return-Path: <" + c.from + ">\r\n")
	for _, to := range c.to {
		if to.taker == taker {
			mail.WriteString("Delivered-To: " + to.address + "\r\n")
		}
	}
	mail.Write(raw)
	return mail.Bytes()
}
