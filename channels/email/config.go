package email

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	"sportello/channels"
	"sportello/channels/email/authn"
	"sportello/channels/email/field"
	"sportello/channels/email/seal"
	"sportello/channels/email/verp"
)

// TLSMode says how a connection is encrypted. TLS is at least version 1.2 and the server's name is always verified.
type TLSMode string

// The ways to encrypt a connection.
const (
	TLSDirect   TLSMode = "tls"      // from the first byte: ports 993 and 465
	TLSStart    TLSMode = "starttls" // by command, and refused when the server does not offer it: ports 143 and 587
	TLSDisabled TLSMode = "none"     // for a lab only; needs Config.InsecureLab
)

// Server is where and how one protocol is spoken.
type Server struct {
	Host     string
	Port     int
	TLS      TLSMode // TLSDirect when empty
	User     string  // empty for SMTP means: do not sign in
	Password string
	Auth     AuthMethod
	Tokens   TokenSource // for an Auth other than AuthPassword; IMAP and SMTP of a mailbox share one
}

// Config is one mailbox. Zero values of the durations and sizes are replaced by the defaults named beside them.
type Config struct {
	Account channels.AccountID
	Address string   // the mailbox's own address, by which customers know us
	Name    string   // its display name
	Aliases []string // further addresses of ours that are delivered to it

	IMAP     Server   // the zero Server: no mailbox is read, all mail is handed over (Adapter.Take)
	Folders  []string // that are taken in; the first is the one for which the server pushes: INBOX
	Junk     string   // a folder of junk that is taken in as well, or FolderAuto; none when empty
	Sent     string   // the folder with what colleagues send from mail programs, or FolderNone; FolderAuto when empty
	SentCopy CopyMode // whether a copy of what is sent is put there: CopyAuto
	After    After    // what becomes of a mail of Folders that has been taken in
	MoveTo   string   // with AfterMove: the folder

	SMTP Server
	EHLO string // how we name ourselves to mail servers; the domain of Address

	AuthServs    []string       // authserv-ids of our own mail servers, whose Authentication-Results are believed
	Relays       []string       // host names of our own mail servers, whose Received fields are believed and whom SPF never judges
	DKIM         *Signing       // signs what leaves; nil where the relay does
	Bounces      string         // the mailbox that bounces go to, each under an address of its own (see verp); "" uses Address
	Keys         *seal.Keys     // open mail that is sealed for us and verify what others have signed; nil: nothing is opened
	Key          []byte         // signs those addresses, and marks what we send so that it is known when it comes back (see echo)
	Brands       []string       // names of the house besides Name, which strangers must not show without a warning
	Resolver     authn.Resolver // looks up who vouches for a mail of which our servers say nothing; nil: nobody does
	Files        FilePolicy     // which files that came with a mail are given out
	SkipExisting bool           // begin at the first start with mail that arrives from then on

	Poll      time.Duration // between looks where there is no IDLE: 1 minute
	IdleRenew time.Duration // IDLE is given up and begun anew, with a look between: 5 minutes
	Answer    time.Duration // for the answer to a command; a server that is silent for longer is gone: 1 minute
	RetryMin  time.Duration // first pause after a failure: 1 second
	RetryMax  time.Duration // longest pause after failures: 5 minutes
	MaxSize   int64         // bytes of a mail that is read in full, and of one that is sent: 50 MiB

	CAs         *x509.CertPool // nil: the system's
	InsecureLab bool           // permits TLSDisabled, and so a password in clear text
}

const (
	defaultFolder    = "INBOX"
	defaultPoll      = time.Minute
	defaultIdleRenew = 5 * time.Minute
	defaultAnswer    = time.Minute
	defaultRetryMin  = time.Second
	defaultRetryMax  = 5 * time.Minute
	defaultMaxSize   = 50 << 20
)

// Validate returns everything that is wrong, each error in a sentence that names the setting, or nil.
func (c Config) Validate() []error {
	var errs []error
	if c.Account == "" {
		errs = append(errs, errors.New("account: must not be empty"))
	}
	if _, ok := field.Normal(c.Address); !ok {
		errs = append(errs, fmt.Errorf("address: %q is not a mail address", c.Address))
	}
	for _, a := range c.Aliases {
		if _, ok := field.Normal(a); !ok {
			errs = append(errs, fmt.Errorf("aliases: %q is not a mail address", a))
		}
	}
	if c.reads() {
		errs = append(errs, c.IMAP.validate("imap", c.InsecureLab, true)...)
	}
	errs = append(errs, c.SMTP.validate("smtp", c.InsecureLab, false)...)
	if strings.ContainsAny(c.EHLO, " \t\r\n") {
		errs = append(errs, errors.New("ehlo: must be a host name"))
	}
	errs = append(errs, c.validateFolders()...)
	errs = append(errs, c.validateCopies()...)
	for _, d := range []struct {
		name string
		d    time.Duration
	}{{"poll", c.Poll}, {"idle_renew", c.IdleRenew}, {"answer", c.Answer}, {"retry_min", c.RetryMin}, {"retry_max", c.RetryMax}} {
		if d.d < 0 {
			errs = append(errs, fmt.Errorf("%s: must not be negative", d.name))
		}
	}
	if c.IdleRenew > 25*time.Minute {
		errs = append(errs, errors.New("idle_renew: must not exceed 25 minutes (RFC 2177)"))
	}
	if c.Bounces != "" {
		if a, ok := field.Normal(c.Bounces); !ok || verp.Sender(a, []byte{1}, "00000000-0000-0000-0000-000000000000") == "" {
			errs = append(errs, fmt.Errorf("bounces: %q is not a mail address with a short local part", c.Bounces))
		}
	}
	errs = append(errs, c.DKIM.validate()...)
	if c.MaxSize < 0 {
		errs = append(errs, errors.New("max_size: must not be negative"))
	}
	return errs
}

// reads reports whether there is a mailbox to read.
func (c Config) reads() bool { return c.IMAP.Host != "" || c.IMAP.Port != 0 || c.IMAP.User != "" }

func (c Config) validateFolders() []error {
	var errs []error
	for i, name := range slices.Concat(c.Folders, []string{c.Junk, c.Sent, c.MoveTo}) {
		if strings.ContainsAny(name, "\r\n") || i < len(c.Folders) && (name == "" || slices.Contains(c.Folders[:i], name)) {
			errs = append(errs, fmt.Errorf("folders: %q is not a folder's name, or is named twice", name))
		}
	}
	switch c.After {
	case AfterLeave, AfterSeen, AfterDelete:
	case AfterMove:
		if c.MoveTo == "" || slices.Contains(c.Folders, c.MoveTo) || len(c.Folders) == 0 && strings.EqualFold(c.MoveTo, defaultFolder) {
			errs = append(errs, errors.New("move_to: must name a folder that is not read"))
		}
	default:
		errs = append(errs, fmt.Errorf("after: %q is none of seen, move, delete", c.After))
	}
	return errs
}

func (s Server) validate(name string, lab, signIn bool) []error {
	var errs []error
	if s.Host == "" || strings.ContainsAny(s.Host, " \t\r\n") {
		errs = append(errs, fmt.Errorf("%s.host: %q is not a host", name, s.Host))
	}
	if s.Port < 1 || s.Port > 65535 {
		errs = append(errs, fmt.Errorf("%s.port: %d is not a port", name, s.Port))
	}
	switch s.TLS {
	case "", TLSDirect, TLSStart:
	case TLSDisabled:
		if !lab {
			errs = append(errs, fmt.Errorf("%s.tls: none sends passwords in clear text; it is permitted in an insecure lab only", name))
		}
	default:
		errs = append(errs, fmt.Errorf("%s.tls: %q is none of tls, starttls, none", name, s.TLS))
	}
	if signIn && s.User == "" {
		errs = append(errs, fmt.Errorf("%s.user: must not be empty", name))
	}
	return append(errs, s.validateAuth(name)...)
}

func (s Server) validateAuth(name string) []error {
	switch s.Auth {
	case AuthPassword:
		if (s.User == "") != (s.Password == "") {
			return []error{fmt.Errorf("%s: user and password belong together", name)}
		}
		return nil
	case AuthOAuth, AuthXOAuth2, AuthBearer:
	default:
		return []error{fmt.Errorf("%s.auth: %q is none of oauth, xoauth2, oauthbearer", name, s.Auth)}
	}
	var errs []error
	if s.User == "" || s.Password != "" {
		errs = append(errs, fmt.Errorf("%s: to sign in by a token needs a user, and no password", name))
	}
	if s.Tokens == nil {
		errs = append(errs, fmt.Errorf("%s.auth: an oauth block is needed", name))
	}
	if s.TLS == TLSDisabled {
		errs = append(errs, fmt.Errorf("%s.tls: a token is never sent in clear text", name))
	}
	return errs
}

// withDefaults returns c with addresses normalised and defaults filled in. c is valid.
func (c Config) withDefaults() Config {
	c.Address, _ = field.Normal(c.Address)
	aliases := make([]string, 0, len(c.Aliases))
	for _, a := range c.Aliases {
		a, _ = field.Normal(a)
		aliases = append(aliases, a)
	}
	c.Aliases = aliases
	c.Bounces, _ = field.Normal(c.Bounces)
	if c.DKIM != nil && c.DKIM.Domain == "" {
		signing := *c.DKIM
		_, signing.Domain, _ = strings.Cut(c.Address, "@")
		c.DKIM = &signing
	}
	_, domain, _ := strings.Cut(c.Address, "@")
	fill(&c.EHLO, domain)
	if len(c.Folders) == 0 {
		c.Folders = []string{defaultFolder}
	}
	fill(&c.Sent, FolderAuto)
	fill(&c.IMAP.TLS, TLSDirect)
	fill(&c.SMTP.TLS, TLSDirect)
	fill(&c.Poll, defaultPoll)
	fill(&c.IdleRenew, defaultIdleRenew)
	fill(&c.Answer, defaultAnswer)
	fill(&c.RetryMin, defaultRetryMin)
	fill(&c.RetryMax, defaultRetryMax)
	fill(&c.MaxSize, defaultMaxSize)
	return c
}

func fill[T comparable](v *T, otherwise T) {
	var zero T
	if *v == zero {
		*v = otherwise
	}
}

// own returns every address of ours, the mailbox first.
func (c Config) own() []string { return append([]string{c.Address}, c.Aliases...) }

// names are those that a stranger must not show as his own without a warning.
func (c Config) names() []string {
	if c.Name == "" {
		return c.Brands
	}
	return append([]string{c.Name}, c.Brands...)
}

func (s Server) addr() string { return net.JoinHostPort(s.Host, strconv.Itoa(s.Port)) }

func (c Config) tls(s Server) *tls.Config {
	return &tls.Config{ServerName: s.Host, RootCAs: c.CAs, MinVersion: tls.VersionTLS12}
}
