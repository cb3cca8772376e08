package channeltest

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"

	"log/slog"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"
	"github.com/emersion/go-imap/v2/imapserver/imapmemserver"
	"golang.org/x/sync/errgroup"
)

// MailServer is a mail provider within this process, on loopback ports: IMAP with IDLE, and SMTP that signs users in, takes mail for
// anybody and delivers what is for its own mailboxes into their INBOX. It serves the demo and the adapter's tests.
//
// Both ports offer STARTTLS with a certificate of the server's own, which CAs trusts; clear text is permitted too.
type MailServer struct {
	dir  string
	now  func() time.Time
	log  *slog.Logger
	cert tls.Certificate
	cas  *x509.CertPool

	imapListener, smtpListener net.Listener

	mu           sync.Mutex
	changed      chan struct{} // closed and renewed at every change of a mailbox
	smtpSessions atomic.Int64
	accounts     map[string]*mailAccount // by address
	fail         func(rcpt string) error
	imap         *imapserver.Server // nil before Run and while interrupted
	relayed      []Mail
}

// MailOptions set a MailServer up. The zero value keeps mail in memory only.
type MailOptions struct {
	SMTP string // loopback address of the SMTP port; a free one when empty or taken
	Dir  string // keeps every delivered mail, so that a restart with the same directory has the same mails under the same UIDs
	Now  func() time.Time
	Log  *slog.Logger
}

// Mail is one mail as a MailServer delivered it.
type Mail struct {
	UID      uint32 // 0 when it was for nobody here
	From     string // envelope sender
	To       string // envelope recipient
	Received time.Time
	Raw      []byte
}

type mailAccount struct {
	address, password string
	user              *imapmemserver.User
	mails             []Mail
}

// NewMailServer opens the ports. Run serves them; Close closes them if Run was never called.
func NewMailServer(o MailOptions) (*MailServer, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	cert, cas, err := SelfSigned(o.Now())
	if err != nil {
		return nil, err
	}
	s := &MailServer{
		dir: o.Dir, now: o.Now, log: o.Log, cert: cert, cas: cas,
		changed: make(chan struct{}), accounts: make(map[string]*mailAccount),
	}
	if s.imapListener, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		return nil, err
	}
	if s.smtpListener, err = listenAt(o.SMTP); err != nil {
		s.imapListener.Close()
		return nil, err
	}
	return s, nil
}

// listenAt listens on a loopback address, or on a free port when that is empty or taken.
func listenAt(address string) (net.Listener, error) {
	if address != "" {
		if l, err := net.Listen("tcp", address); err == nil {
			return l, nil
		}
	}
	return net.Listen("tcp", "127.0.0.1:0")
}

// Close closes the ports.
func (s *MailServer) Close() error {
	return errors.Join(s.imapListener.Close(), s.smtpListener.Close())
}

// IMAPPort is the port of the IMAP server on 127.0.0.1.
func (s *MailServer) IMAPPort() int { return s.imapListener.Addr().(*net.TCPAddr).Port }

// SMTPPort is the port of the SMTP server on 127.0.0.1.
func (s *MailServer) SMTPPort() int { return s.smtpListener.Addr().(*net.TCPAddr).Port }

// CAs trusts the server's certificate for 127.0.0.1 and localhost.
func (s *MailServer) CAs() *x509.CertPool { return s.cas }

// AddMailbox creates a mailbox with its INBOX and, with a directory, brings its mails back. Its user name is the address. Mail for
// "local+anything@domain" reaches the mailbox "local@domain".
func (s *MailServer) AddMailbox(address, password string) error {
	address = strings.ToLower(address)
	a := &mailAccount{address: address, password: password, user: imapmemserver.NewUser(address, password)}
	if err := a.user.Create("INBOX", nil); err != nil {
		return err
	}
	kept, err := s.loadMails(address)
	if err != nil {
		return err
	}
	for _, m := range kept {
		if err := a.append(m); err != nil {
			return err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.accounts[address] = a
	return nil
}

// Deliver puts a mail into the mailbox of to, as if it had come by SMTP now.
func (s *MailServer) Deliver(from, to string, raw []byte) error {
	return s.DeliverAt(from, to, raw, s.now())
}

// DeliverAt is Deliver with another INTERNALDATE.
func (s *MailServer) DeliverAt(from, to string, raw []byte, at time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	m := Mail{From: from, To: to, Received: at.UTC().Truncate(time.Second), Raw: slices.Clone(raw)}
	a := s.accounts[mailboxOf(to)]
	if a == nil {
		s.relayed = append(s.relayed, m)
		return nil
	}
	if err := s.keepMail(a.address, len(a.mails)+1, m); err != nil {
		return err
	}
	defer s.tellChange()
	return a.append(m)
}

// append adds a mail to the INBOX under the next UID.
func (a *mailAccount) append(m Mail) error {
	data, err := a.user.Append("INBOX", literal(m.Raw), &imap.AppendOptions{Time: m.Received})
	if err != nil {
		return err
	}
	m.UID = uint32(data.UID)
	a.mails = append(a.mails, m)
	return nil
}

// mailboxOf removes the plus part of an address.
func mailboxOf(address string) string {
	local, domain, _ := strings.Cut(strings.ToLower(strings.TrimSpace(address)), "@")
	local, _, _ = strings.Cut(local, "+")
	return local + "@" + domain
}

// Mails returns what was delivered to a mailbox, oldest first.
func (s *MailServer) Mails(address string) []Mail {
	s.mu.Lock()
	defer s.mu.Unlock()
	if a := s.accounts[strings.ToLower(address)]; a != nil {
		return slices.Clone(a.mails)
	}
	return nil
}

// Relayed returns the mails for recipients without a mailbox here, oldest first. They went nowhere.
func (s *MailServer) Relayed() []Mail {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.relayed)
}

// Refuse makes SMTP answer RCPT with the error that decide returns, nil taking the recipient. A *smtp.SMTPError is sent as it is.
func (s *MailServer) Refuse(decide func(rcpt string) error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fail = decide
}

// Interrupt cuts every IMAP connection and, when down, lets no new one in until the next Interrupt(false).
func (s *MailServer) Interrupt(down bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.imap != nil {
		s.imap.Close()
		s.imap = nil
	}
	if !down {
		s.imap = s.newIMAP()
	}
}

// Renumber gives the INBOX a new UIDVALIDITY, as a restored or moved mailbox has, and cuts the connections. The mails stay, and get
// their UIDs anew in order.
func (s *MailServer) Renumber(address string) error {
	s.mu.Lock()
	a := s.accounts[strings.ToLower(address)]
	if a == nil {
		s.mu.Unlock()
		return fmt.Errorf("no mailbox %q", address)
	}
	err := errors.Join(a.user.Delete("INBOX"), a.user.Create("INBOX", nil))
	mails := a.mails
	a.mails = nil
	for _, m := range mails {
		err = errors.Join(err, a.append(m))
	}
	s.mu.Unlock()
	s.Interrupt(false)
	return err
}

// Run serves until ctx ends.
func (s *MailServer) Run(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	s.mu.Lock()
	s.imap = s.newIMAP()
	s.mu.Unlock()
	mail := s.newSMTP()
	group.Go(func() error { return s.serveIMAP() })
	group.Go(func() error { return mail.Serve(s.smtpListener) })
	group.Go(func() error {
		<-ctx.Done()
		s.imapListener.Close()
		s.smtpListener.Close() // the SMTP server does not know it yet if this comes before its Serve
		s.Interrupt(true)
		return mail.Close()
	})
	if err := group.Wait(); err != nil && ctx.Err() == nil && !errors.Is(err, net.ErrClosed) {
		return err
	}
	return ctx.Err()
}

// path returns the directory of a mailbox's files, or "".
func (s *MailServer) path(address string) string {
	if s.dir == "" {
		return ""
	}
	return filepath.Join(s.dir, strings.NewReplacer("/", "_", string(os.PathSeparator), "_", "..", "_").Replace(address))
}
