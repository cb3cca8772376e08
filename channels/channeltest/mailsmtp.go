package channeltest

import (
	"bytes"
	"crypto/subtle"
	"crypto/tls"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

const mailLimit = 50 << 20 // bytes of one mail

func (s *MailServer) newSMTP() *smtp.Server {
	server := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) {
		s.smtpSessions.Add(1)
		return &smtpSession{server: s}, nil
	}))
	server.Domain = "mail.localhost"
	server.TLSConfig = &tls.Config{Certificates: []tls.Certificate{s.cert}, MinVersion: tls.VersionTLS12}
	server.AllowInsecureAuth = true
	server.EnableSMTPUTF8 = true
	server.MaxMessageBytes = mailLimit
	server.MaxRecipients = 100
	server.MaxLineLength = 64 << 10
	server.ReadTimeout, server.WriteTimeout = 5*time.Minute, time.Minute
	server.ErrorLog = slog.NewLogLogger(s.log.Handler(), slog.LevelDebug)
	return server
}

// SMTPSessions is how many SMTP connections have got as far as a greeting, before and after encryption counted apart.
func (s *MailServer) SMTPSessions() int64 { return s.smtpSessions.Load() }

// smtpSession is one SMTP connection. Anybody may send; who signs in must know the password.
type smtpSession struct {
	server *MailServer
	from   string
	to     []string
}

func (c *smtpSession) Reset()        { c.from, c.to = "", nil }
func (c *smtpSession) Logout() error { return nil }

// AuthMechanisms lists how a user signs in.
func (c *smtpSession) AuthMechanisms() []string { return []string{sasl.Plain} }

// Auth checks a user's password.
func (c *smtpSession) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		c.server.mu.Lock()
		defer c.server.mu.Unlock()
		a := c.server.accounts[strings.ToLower(user)]
		if a == nil || subtle.ConstantTimeCompare([]byte(a.password), []byte(password)) != 1 {
			return smtp.ErrAuthFailed
		}
		return nil
	}), nil
}

func (c *smtpSession) Mail(from string, _ *smtp.MailOptions) error {
	c.from = from
	return nil
}

func (c *smtpSession) Rcpt(to string, _ *smtp.RcptOptions) error {
	c.server.mu.Lock()
	decide := c.server.fail
	c.server.mu.Unlock()
	if decide != nil {
		if err := decide(to); err != nil {
			return err
		}
	}
	c.to = append(c.to, to)
	return nil
}

func (c *smtpSession) Data(r io.Reader) error {
	body, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	for _, to := range c.to {
		now := c.server.now()
		trace := fmt.Sprintf("Return-Path: <%s>\r\nDelivered-To: %s\r\nReceived: by mail.localhost; %s\r\n", c.from, to, now.UTC().Format(time.RFC1123Z))
		if err := c.server.DeliverAt(c.from, to, append([]byte(trace), body...), now); err != nil {
			return &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 3, 0}, Message: "Could not be kept"}
		}
	}
	return nil
}

// literal makes an IMAP literal of bytes.
func literal(b []byte) imap.LiteralReader { return mailLiteral{bytes.NewReader(b)} }

type mailLiteral struct{ *bytes.Reader }

func (l mailLiteral) Size() int64 { return l.Reader.Size() }
