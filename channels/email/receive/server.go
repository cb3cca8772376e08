// Package receive takes mail that a mail server hands over by LMTP (RFC 2033) or SMTP (RFC 5321), for those who route their mail to us
// instead of having a mailbox read.
//
// The program makes one Server with New and starts Run. It must never:
//
//   - answer 250 before the record has committed the mail (promise 1), nor lose one by being killed before it answers: the mail comes
//     again, and the record knows it;
//   - take mail for anybody but the addresses of Config.Routes, nor from anywhere but Config.Networks: it passes nothing on, so that there
//     is nothing to relay;
//   - believe what a mail says of its way: that is for the mail server before it, whose name is in the account's settings. By SMTP the
//     client is told to the account with what it said of itself, for SPF; by LMTP, which is not for wide networks (RFC 2033), it
//     is the mail server before us.
//
// Offered are SIZE, 8BITMIME, SMTPUTF8 (RFC 6531), PIPELINING, CHUNKING (RFC 3030), ENHANCEDSTATUSCODES and, with a certificate, STARTTLS.
package receive

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"strings"
	"sync"
	"time"

	"github.com/emersion/go-smtp"

	"sportello/channels"
	"sportello/channels/email/authn"
	"sportello/channels/email/field"
)

// Protocol is what is spoken.
type Protocol string

// The protocols. LMTP answers for each recipient by itself; SMTP once for all.
const (
	LMTP Protocol = "lmtp"
	SMTP Protocol = "smtp"
)

// Taker brings one mail into the record; *email.Adapter is one. The same mail a second time changes nothing.
type Taker interface {
	Take(ctx context.Context, raw []byte, by authn.Envelope) (channels.Accepted, error)
}

// Config says who may hand over what. Zero limits are replaced by the defaults named beside them.
type Config struct {
	Protocol Protocol
	Domain   string         // how we name ourselves
	TLS      *tls.Config    // nil: no STARTTLS
	Networks []netip.Prefix // who may connect by TCP; nobody when empty
	Routes   map[string]Taker

	MaxSize       int64         // bytes of a mail: 50 MiB
	MaxRecipients int           // of a mail: 100
	MaxConns      int           // at a time: 100
	Idle          time.Duration // without a word of the client: 5 minutes
	Grace         time.Duration // for mails under way when Run is to end: 10 seconds
}

const (
	maxLine   = 1 << 20 // of mail in DATA; real mail is known to exceed the 998 octets of RFC 5322 section 2.1.1 by far
	accepting = 2 * time.Minute
	smallMail = 1 << 20
	bigMails  = 4 // above smallMail that are in memory at a time; others wait on the wire
)

// Server takes mail. Its methods may be called from any goroutine; Run once.
type Server struct {
	cfg    Config
	log    *slog.Logger
	server *smtp.Server
	big    chan struct{} // holds bigMails

	mu       sync.Mutex
	stopping bool
	busy     int
	idle     chan struct{} // closed when stopping and not busy
}

// New makes a server. Routes are by address ("support@example.it", also for "support+anything@example.it") or by domain ("@example.it"),
// the address first. It panics when a route is neither.
func New(cfg Config, log *slog.Logger) *Server {
	routes := make(map[string]Taker, len(cfg.Routes))
	for name, to := range cfg.Routes {
		key, ok := RouteKey(name)
		if !ok {
			panic(fmt.Sprintf("receive: %q is not an address", name))
		}
		routes[key] = to
	}
	cfg.Routes = routes
	if cfg.MaxSize == 0 {
		cfg.MaxSize = 50 << 20
	}
	if cfg.MaxRecipients == 0 {
		cfg.MaxRecipients = 100
	}
	if cfg.MaxConns == 0 {
		cfg.MaxConns = 100
	}
	if cfg.Idle == 0 {
		cfg.Idle = 5 * time.Minute
	}
	if cfg.Grace == 0 {
		cfg.Grace = 10 * time.Second
	}
	s := &Server{cfg: cfg, log: log.With("channel", channels.Email, "listener", string(cfg.Protocol)), big: make(chan struct{}, bigMails), idle: make(chan struct{})}
	m := smtp.NewServer(smtp.BackendFunc(s.newSession))
	m.LMTP, m.Domain, m.TLSConfig = cfg.Protocol == LMTP, cfg.Domain, cfg.TLS
	m.MaxMessageBytes, m.MaxRecipients, m.MaxLineLength = cfg.MaxSize, cfg.MaxRecipients, maxLine
	m.ReadTimeout, m.WriteTimeout = cfg.Idle, time.Minute
	m.EnableSMTPUTF8 = true
	m.ErrorLog = quiet{s.log}
	s.server = m
	return s
}

// RouteKey is the normal form of a route, and whether it is one.
func RouteKey(name string) (string, bool) {
	if domain, ok := strings.CutPrefix(name, "@"); ok {
		addr, ok := field.Normal("x@" + domain)
		return strings.TrimPrefix(addr, "x"), ok
	}
	return field.Normal(name)
}

// route finds who takes mail for an address, nil when nobody does.
func (s *Server) route(to string) Taker {
	addr, ok := field.Normal(to)
	if !ok {
		return nil
	}
	at := strings.LastIndexByte(addr, '@')
	local, domain := addr[:at], addr[at:]
	plain, _, _ := strings.Cut(local, "+")
	for _, key := range []string{addr, plain + domain, domain} {
		if t := s.cfg.Routes[key]; t != nil {
			return t
		}
	}
	return nil
}

// Run takes mail from l, which it closes, until ctx ends, whose error it returns. Mails whose last byte has come are still taken then,
// within the grace time.
func (s *Server) Run(ctx context.Context, l net.Listener) error {
	g := &gate{Listener: l, networks: s.cfg.Networks, most: s.cfg.MaxConns, open: make(map[*conn]struct{}), log: s.log}
	served := make(chan error, 1)
	go func() { served <- s.server.Serve(g) }()
	var failure error
	select {
	case failure = <-served:
		served <- nil
	case <-ctx.Done():
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		if err := s.server.Shutdown(context.WithoutCancel(ctx)); err != nil && !errors.Is(err, net.ErrClosed) {
			s.log.Warn("listener did not close", "err", err)
		}
	}()
	grace := time.NewTimer(s.cfg.Grace)
	defer grace.Stop()
	select {
	case <-s.stop():
	case <-grace.C:
	}
	g.cut()
	<-ended
	<-served
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return fmt.Errorf("listener: %w", failure)
}

// stop has no further mail begin, and returns what is closed when none is under way.
func (s *Server) stop() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.stopping {
		s.stopping = true
		if s.busy == 0 {
			close(s.idle)
		}
	}
	return s.idle
}

// begin notes that a mail is under way, unless the server is stopping.
func (s *Server) begin() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopping {
		return false
	}
	s.busy++
	return true
}

func (s *Server) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.busy--
	if s.stopping && s.busy == 0 {
		close(s.idle)
	}
}

// quiet keeps the library's complaints about strangers at the level of what strangers do.
type quiet struct{ log *slog.Logger }

// Printf implements smtp.Logger.
func (q quiet) Printf(format string, v ...any) {
	q.log.Debug("mail listener", "said", fmt.Sprintf(format, v...))
}

// Println implements smtp.Logger.
func (q quiet) Println(v ...any) { q.log.Debug("mail listener", "said", fmt.Sprint(v...)) }
