package main

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"sportello/channels/email/seal"
	"sportello/inbox"
)

// MailServerSettings reach an IMAP or SMTP server.
type MailServerSettings struct {
	Host     string `koanf:"host"`
	Port     int    `koanf:"port"`
	TLS      string `koanf:"tls"` // tls, starttls or none (with insecure_lab only)
	User     string `koanf:"user"`
	Password string `koanf:"password"`
	Auth     string `koanf:"auth"` // oauth, xoauth2, oauthbearer; empty: with the password, or by oauth where there is none
}

// OAuthSettings say how a mailbox signs in without a password: for Google with a refresh token; for Microsoft 365 with a refresh
// token, or with tenant and client secret alone.
type OAuthSettings struct {
	Provider     string   `koanf:"provider"` // google or microsoft
	Tenant       string   `koanf:"tenant"`
	TokenURL     string   `koanf:"token_url"` // of another provider
	ClientID     string   `koanf:"client_id"`
	ClientSecret string   `koanf:"client_secret"`
	RefreshToken string   `koanf:"refresh_token"`
	Scopes       []string `koanf:"scopes"` // the provider's for mail when empty
}

// EmailSettings are one mailbox.
type EmailSettings struct {
	Account     string             `koanf:"account"`
	Address     string             `koanf:"address"`
	Name        string             `koanf:"name"`
	Folders     []string           `koanf:"folders"`   // INBOX when empty
	Junk        string             `koanf:"junk"`      // a folder of junk that is taken in as well; auto finds it
	Sent        string             `koanf:"sent"`      // the folder of sent mail, where answers from mail programs are; found by itself, none switches it off
	SentCopy    string             `koanf:"sent_copy"` // whether a copy of what is sent is put there: auto (where the provider does not do so itself), on, off
	After       string             `koanf:"after"`     // what becomes of a mail in its folder: "" (left as it is), seen, move, delete
	MoveTo      string             `koanf:"move_to"`   // with move
	Answered    string             `koanf:"answered"`  // a mail that somebody marked as answered in a mail program: note (shown only, when empty), stop (the customer waits no longer), off
	Poll        time.Duration      `koanf:"poll"`
	IMAP        MailServerSettings `koanf:"imap"`
	SMTP        MailServerSettings `koanf:"smtp"`
	OAuth       OAuthSettings      `koanf:"oauth"`
	AuthServers []string           `koanf:"auth_servers"` // whose Authentication-Results are believed
	DKIM        DKIMSettings       `koanf:"dkim"`         // signs what leaves, where the SMTP server does not
	Seal        SealSettings       `koanf:"seal"`         // opens mail that is encrypted for us, and verifies what others have signed
	Bounces     string             `koanf:"bounces"`      // mailbox that bounces go to, each under an address of its own; needs plus addresses
	PerMinute   int                `koanf:"per_minute"`   // mails in a minute, with all accounts that sign in at the same SMTP server by the same name; 0: as fast as it takes them
	Relays      []string           `koanf:"relays"`       // host names of the account's own mail servers, whose Received fields are believed and whom SPF never judges
	InsecureLab bool               `koanf:"insecure_lab"` // allows clear text and unknown certificates
	Ack         AckSettings        `koanf:"ack"`          // answers the mail that begins a conversation; off without texts
}

// AckSettings are the acknowledgements of a mailbox. In subject and text {number} is the conversation's number, {name} the customer's name,
// {subject} what he wrote as the subject. Without a subject it goes under the customer's own.
type AckSettings struct {
	Locale string                     `koanf:"locale"` // for customers whose language is not known or has no text; "it"
	Texts  map[string]AckTextSettings `koanf:"texts"`  // by language: it, en
}

// AckTextSettings are an acknowledgement in one language.
type AckTextSettings struct {
	Subject string `koanf:"subject"`
	Text    string `koanf:"text"`
}

// inbox is what the ledger knows of them; nil when there are none.
func (a AckSettings) inbox() *inbox.Ack {
	if len(a.Texts) == 0 {
		return nil
	}
	ack := &inbox.Ack{Locale: cmp.Or(a.Locale, "it"), Texts: map[string]inbox.AckText{}}
	for language, t := range a.Texts {
		ack.Texts[strings.ToLower(language)] = inbox.AckText{Subject: t.Subject, Text: t.Text}
	}
	return ack
}

func (a AckSettings) check(path string, found *problems) {
	if len(a.Texts) == 0 {
		return
	}
	for _, language := range slices.Sorted(maps.Keys(a.Texts)) {
		if len(language) != 2 {
			found.add(path+".texts", "%q is not a language such as it or en", language)
		}
		if strings.TrimSpace(a.Texts[language].Text) == "" {
			found.add(path+".texts."+language, "has no text")
		}
	}
	if _, ok := a.inbox().Texts[a.inbox().Locale]; !ok {
		found.add(path+".locale", "%q has no text", a.inbox().Locale)
	}
}

// DKIMSettings name a signing key. Its record is SELECTOR._domainkey.DOMAIN.
type DKIMSettings struct {
	Selector string `koanf:"selector"`
	KeyFile  string `koanf:"key_file"` // RSA or Ed25519 in PEM
	Domain   string `koanf:"domain"`   // that of the address when empty
}

// SealSettings name the files of keys of a mailbox.
type SealSettings struct {
	SMIME      []SMIMESettings `koanf:"smime"`
	SMIMERoots []string        `koanf:"smime_roots"` // certificates in PEM that are believed about signers, beside the system's
	PGP        []PGPSettings   `koanf:"pgp"`
	PGPKnown   []string        `koanf:"pgp_known"` // public keys of people whose signatures are believed
}

// SMIMESettings are what mail to us is encrypted to: RSA, or of a NIST curve.
type SMIMESettings struct {
	KeyFile     string `koanf:"key_file"`    // in PEM, without a passphrase
	Certificate string `koanf:"certificate"` // in PEM; that in key_file when empty
}

// PGPSettings are secret keys of OpenPGP.
type PGPSettings struct {
	KeyFile    string `koanf:"key_file"`
	Passphrase string `koanf:"passphrase_file"` // empty: they have none
}

func (s SealSettings) files() seal.Files {
	f := seal.Files{Roots: s.SMIMERoots, Known: s.PGPKnown}
	for _, k := range s.SMIME {
		f.SMIME = append(f.SMIME, seal.SMIMEFile{Key: k.KeyFile, Certificate: k.Certificate})
	}
	for _, k := range s.PGP {
		f.PGP = append(f.PGP, seal.PGPFile{Key: k.KeyFile, Passphrase: k.Passphrase})
	}
	return f
}

// checkMail looks at what the adapter for mail does not check itself.
func (s Settings) checkMail(found *problems) {
	for i, e := range s.Email {
		path := fmt.Sprintf("email.%d", i)
		if e.PerMinute < 0 {
			found.add(path+".per_minute", "must not be negative")
		}
		if !slices.Contains([]string{"", "note", "stop", "off"}, e.Answered) {
			found.add(path+".answered", "%q is none of note, stop, off", e.Answered)
		}
		e.Ack.check(path+".ack", found)
	}
	if s.MailHold < 0 || s.MailHold > time.Minute {
		found.add("mail_hold", "must be 0s to 1m")
	}
	if s.AutomaticPerDomain < 0 {
		found.add("automatic_per_domain", "is negative")
	}
}

// ThreadSettings say how a mail finds the conversation that it goes on with.
type ThreadSettings struct {
	SubjectNumber bool          `koanf:"subject_number"` // mails bear the conversation's number at the end of their subject
	TokenExpires  time.Duration `koanf:"token_expires"`  // so long after our last mail its reply address brings home only who takes part; 0: for ever
	ReopenWithin  time.Duration `koanf:"reopen_within"`  // a conversation closed longer ago is not reopened, but continued in a new one
}

func (s ThreadSettings) check(found *problems) {
	if s.TokenExpires < 0 {
		found.add("threads.token_expires", "must be 0s or more")
	}
	if s.ReopenWithin <= 0 {
		found.add("threads.reopen_within", "must be more than 0s")
	}
}
