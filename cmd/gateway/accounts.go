package main

import (
	"crypto/hkdf"
	"crypto/sha256"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"strings"
	"time"

	"sportello/channels"
	"sportello/channels/chat"
	"sportello/channels/email"
	"sportello/channels/email/authn"
	"sportello/channels/email/oauth"
	"sportello/channels/email/seal"
	"sportello/channels/sms"
	"sportello/inbox"
)

// This file turns settings into what the adapters are built from.

// emailConfigs are the mailboxes. bookmarks keep what their providers hand out instead of a configured token; nil where nobody is asked
// for one.
func (s Settings) emailConfigs(bookmarks channels.Bookmarks) []email.Config {
	var all []email.Config
	for _, e := range s.Email {
		tokens := s.tokens(e, bookmarks)
		server := func(m MailServerSettings) email.Server {
			way := email.AuthMethod(m.Auth)
			if way == email.AuthPassword && m.Password == "" && m.User != "" && tokens != nil {
				way = email.AuthOAuth
			}
			return email.Server{Host: m.Host, Port: m.Port, TLS: email.TLSMode(m.TLS), User: m.User, Password: m.Password, Auth: way, Tokens: tokens}
		}
		keys, _ := seal.Load(e.Seal.files()) // what cannot be read is told by validateAccounts
		all = append(all, email.Config{
			Account: channels.AccountID(e.Account), Address: e.Address, Name: e.Name, Poll: e.Poll, Folders: e.Folders, Junk: e.Junk, Sent: e.Sent,
			SentCopy: email.CopyMode(e.SentCopy), After: email.After(e.After), MoveTo: e.MoveTo,
			IMAP: server(e.IMAP), SMTP: server(e.SMTP), AuthServs: e.AuthServers, Relays: e.Relays, Resolver: s.resolver(), Brands: s.Brands,
			DKIM: e.DKIM.signing(), Keys: keys, Bounces: e.Bounces, Key: s.key("mail"), Files: s.Files.policy(), InsecureLab: e.InsecureLab,
		})
	}
	return all
}

// signing is nil when nothing is signed. A key that cannot be read is none, which the adapter's check reports.
func (d DKIMSettings) signing() *email.Signing {
	if d == (DKIMSettings{}) {
		return nil
	}
	s := &email.Signing{Domain: d.Domain, Selector: d.Selector}
	if raw, err := os.ReadFile(d.KeyFile); err == nil {
		s.Key, _ = email.LoadKey(raw)
	}
	return s
}

// pace is the least time between two mails of each account that is not to send as fast as it can. Those that sign in at the same SMTP
// server by the same name are one to it: they share the slowest of their paces.
func (s Settings) pace() (pace map[channels.AccountID]time.Duration, shared map[channels.AccountID]string) {
	pace, shared = map[channels.AccountID]time.Duration{}, map[channels.AccountID]string{}
	slowest := map[string]time.Duration{}
	for _, e := range s.Email {
		name := strings.ToLower(fmt.Sprintf("%s@%s:%d", e.SMTP.User, e.SMTP.Host, e.SMTP.Port))
		shared[channels.AccountID(e.Account)] = name
		if e.PerMinute > 0 {
			slowest[name] = max(slowest[name], time.Minute/time.Duration(e.PerMinute))
		}
	}
	for account, name := range shared {
		if slowest[name] > 0 {
			pace[account] = slowest[name]
		}
	}
	return pace, shared
}

func (o OAuthSettings) config() oauth.Config {
	return oauth.Config{
		Provider: o.Provider, Tenant: o.Tenant, TokenURL: o.TokenURL, ClientID: o.ClientID, ClientSecret: o.ClientSecret,
		RefreshToken: o.RefreshToken, Scopes: o.Scopes,
	}
}

// tokens are those of a mailbox, nil when it signs in by password or its oauth block is not valid.
func (s Settings) tokens(e EmailSettings, bookmarks channels.Bookmarks) email.TokenSource {
	cfg := e.OAuth.config()
	if cfg.IsZero() || len(cfg.Validate()) > 0 {
		return nil
	}
	var deps oauth.Deps
	if bookmarks != nil {
		deps.Keep = oauth.Sealed(bookmarks, channels.AccountID(e.Account), s.key("oauth refresh token"), e.OAuth.RefreshToken)
	}
	return oauth.New(cfg, deps)
}

func (s Settings) smsConfigs() []sms.Config {
	var all []sms.Config
	for _, m := range s.SMS {
		all = append(all, sms.Config{
			Account: channels.AccountID(m.Account), AccountSID: m.AccountSID, AuthTokens: m.AuthTokens, APIKey: m.APIKey, APISecret: m.APISecret,
			Number: m.Number, MessagingServiceSID: m.MessagingService, PublicURL: s.PublicURL, APIBase: m.APIBase, Country: m.Country,
		})
	}
	return all
}

func (s Settings) chatSettings() chat.Settings {
	l := s.ChatLimits
	set := chat.Settings{Public: origin(s.PublicURL), Limits: chat.Limits{
		Sockets: l.Sockets, PerIP: l.PerIP, PerVisitor: l.PerVisitor, VisitsPerMin: l.VisitsPerMinute, Messages: l.Messages, MessageEvery: l.MessageEvery,
	}}
	for _, c := range s.Chat {
		account := chat.Account{
			ID: channels.AccountID(c.Account), Name: c.Name, Origins: c.Origins, Secrets: [][]byte{s.key("chat visitor " + c.Account)},
			Locale: c.Locale, Colour: c.Colour,
		}
		if c.Welcome != "" {
			account.Welcome = map[string]string{c.Locale: c.Welcome}
		}
		for i, k := range c.JWTKeys {
			account.Keys = append(account.Keys, chat.Key{ID: fmt.Sprintf("key%d", i+1), Alg: "HS256", Secret: []byte(k)})
		}
		set.Accounts = append(set.Accounts, account)
	}
	return set
}

// origin is scheme and host of an address.
func origin(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return address
	}
	return u.Scheme + "://" + u.Host
}

// inboxConfig is what the ledger must know of the accounts.
func (s Settings) inboxConfig() inbox.Config {
	cfg := inbox.Config{TokenKey: s.key("reply token"), PerDomain: s.AutomaticPerDomain, MailHold: s.MailHold,
		SubjectTag: s.Threads.SubjectNumber, TokenExpires: s.Threads.TokenExpires, ReopenWithin: s.Threads.ReopenWithin}
	for _, e := range s.Email {
		_, domain, _ := strings.Cut(e.Address, "@")
		cfg.Accounts = append(cfg.Accounts, inbox.Account{ID: channels.AccountID(e.Account), Kind: channels.Email, Address: e.Address, Name: e.Name, Domain: domain,
			Ack: e.Ack.inbox(), AnsweredStops: e.Answered == "stop"})
	}
	for _, m := range s.SMS {
		cfg.Accounts = append(cfg.Accounts, inbox.Account{ID: channels.AccountID(m.Account), Kind: channels.SMS, Address: m.Number, Name: m.Name})
	}
	for _, c := range s.Chat {
		cfg.Accounts = append(cfg.Accounts, inbox.Account{ID: channels.AccountID(c.Account), Kind: channels.Chat, Name: c.Name})
	}
	return cfg
}

// key derives 32 bytes for one use from the secret (RFC 5869), so that no two uses share a key.
func (s Settings) key(use string) []byte {
	key, err := hkdf.Key(sha256.New, []byte(s.Secret), nil, "sportello "+use, 32)
	if err != nil {
		panic("derive key: " + err.Error()) // only a length out of range fails, and 32 is not
	}
	return key
}

// validateAccounts lists what the adapters find wrong with their accounts.
func (s Settings) validateAccounts() error {
	var errs []error
	add := func(format string, args ...any) { errs = append(errs, fmt.Errorf("  "+format, args...)) }
	for i, e := range s.Email {
		if cfg := e.OAuth.config(); !cfg.IsZero() {
			for _, err := range cfg.Validate() {
				add("email.%d.%w", i, err)
			}
		}
		_, wrong := seal.Load(e.Seal.files())
		for _, err := range wrong {
			add("email.%d.%w", i, err)
		}
	}
	for i, c := range s.emailConfigs(nil) {
		for _, err := range c.Validate() {
			add("email.%d.%w", i, err)
		}
	}
	for i, c := range s.smsConfigs() {
		if err := c.Validate(); err != nil {
			for line := range strings.Lines(err.Error()) {
				add("sms.%d: %s", i, strings.TrimSpace(line))
			}
		}
	}
	if len(s.Chat) > 0 {
		if err := s.chatSettings().Validate(); err != nil {
			for line := range strings.Lines(err.Error()) {
				add("chat: %s", strings.TrimSpace(line))
			}
		}
	}
	return errors.Join(errs...)
}

// resolver is what senders of mail are verified with; nil when they are not.
func (s Settings) resolver() authn.Resolver {
	if !s.VerifySenders {
		return nil
	}
	return net.DefaultResolver
}
