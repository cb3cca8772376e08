package channeltest

import (
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"strings"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"
	"github.com/emersion/go-imap/v2/imapserver/imapmemserver"
)

// imapSession is one IMAP connection: the library's, with an IDLE of our own. The library's forgets what arrived between the last
// command and IDLE, so that a client would wait for ever for a mail that is there.
type imapSession struct {
	*imapmemserver.UserSession // nil before Login
	server                     *MailServer
}

var _ imapserver.SessionIMAP4rev2 = (*imapSession)(nil)

// Login signs a user in.
func (c *imapSession) Login(user, password string) error {
	c.server.mu.Lock()
	a := c.server.accounts[strings.ToLower(user)]
	c.server.mu.Unlock()
	if a == nil {
		return imapserver.ErrAuthFailed
	}
	if err := a.user.Login(a.address, password); err != nil {
		return err
	}
	c.UserSession = imapmemserver.NewUserSession(a.user)
	return nil
}

// Idle writes every change of the mailbox until stop is closed.
func (c *imapSession) Idle(w *imapserver.UpdateWriter, stop <-chan struct{}) error {
	for {
		changed := c.server.nextChange()
		if err := c.Poll(w, true); err != nil {
			return err
		}
		select {
		case <-changed:
		case <-stop:
			return nil
		}
	}
}

// nextChange returns a channel that is closed at the next change of any mailbox.
func (s *MailServer) nextChange() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.changed
}

// tellChange wakes those who IDLE. The lock is held.
func (s *MailServer) tellChange() {
	close(s.changed)
	s.changed = make(chan struct{})
}

func (s *MailServer) newIMAP() *imapserver.Server {
	return imapserver.New(&imapserver.Options{
		NewSession: func(*imapserver.Conn) (imapserver.Session, *imapserver.GreetingData, error) {
			return &imapSession{server: s}, nil, nil
		},
		Caps:         imap.CapSet{imap.CapIMAP4rev1: {}, imap.CapUIDPlus: {}, imap.CapMove: {}, imap.CapESearch: {}},
		TLSConfig:    &tls.Config{Certificates: []tls.Certificate{s.cert}, MinVersion: tls.VersionTLS12},
		InsecureAuth: true,
		Logger:       slog.NewLogLogger(s.log.Handler(), slog.LevelDebug),
	})
}

// serveIMAP hands each connection to the server of the moment, so that an interruption needs no new port.
func (s *MailServer) serveIMAP() error {
	for {
		c, err := s.imapListener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return nil
		}
		if err != nil {
			return err
		}
		s.mu.Lock()
		server := s.imap
		s.mu.Unlock()
		if server == nil {
			c.Close()
			continue
		}
		if err := serveOne(server, c); err != nil {
			c.Close()
		}
	}
}

// serveOne serves one connection with an IMAP server that takes listeners only. It returns at once.
func serveOne(server *imapserver.Server, c net.Conn) error {
	l := &oneConn{addr: c.LocalAddr(), next: make(chan net.Conn, 1)}
	l.next <- c
	close(l.next)
	return server.Serve(l)
}

// oneConn is a listener of a single connection.
type oneConn struct {
	next chan net.Conn
	addr net.Addr
}

func (l *oneConn) Accept() (net.Conn, error) {
	if c, ok := <-l.next; ok {
		return c, nil
	}
	return nil, net.ErrClosed
}

func (l *oneConn) Close() error   { return nil }
func (l *oneConn) Addr() net.Addr { return l.addr }
